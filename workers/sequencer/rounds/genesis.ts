// SPDX-License-Identifier: Apache-2.0
// The first entry of a signature log, made with the log: index 0 and the empty proof of a one-leaf tree are dropped by protobuf
// JSON writers and then refused by strict clients, so no user's entry may be there. It is an ordinary entry: the log key's
// signature over the digest of a sentence that names the log.

import { sha256 } from "#sha256";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { encodeEntry, type HashedRekordEntry } from "../../../shared/rekor/entry.ts";
import { signatureSearchRow } from "../../../shared/search/terms.ts";
import { type Submission, signatureSubmission } from "../kinds/format.ts";
import type { LogSigner } from "../kinds/log-keys.ts";

/** The signed statement: `<origin> is a transparency log of Sigedge, begun with this entry.` and a newline. */
const genesisStatement = (origin: string): string =>
  `${origin} is a transparency log of Sigedge, begun with this entry.\n`;

export function genesisSubmission(origin: string, ecdsa: LogSigner): Submission {
  const statement = encodeUtf8(genesisStatement(origin));
  const entry: HashedRekordEntry = {
    digest: sha256(statement),
    signature: ecdsa.sign(statement),
    verifier: { kind: "publicKey", rawBytes: ecdsa.spki, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
  };
  return signatureSubmission({ body: encodeEntry(entry), search: signatureSearchRow(entry, null), hints: null });
}
