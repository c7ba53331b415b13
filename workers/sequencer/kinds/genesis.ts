// SPDX-License-Identifier: Apache-2.0
// The first entry of a signature log, created with the log. Protobuf JSON writers drop index 0 and the empty proof of a
// tree of one leaf, and strict clients then reject the answer, so no user's entry may have index 0. The genesis entry
// is an ordinary entry: the log key's signature over the digest of a sentence that names the log.

import { sha256 } from "#sha256";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { encodeEntry, type HashedRekordEntry } from "../../../shared/rekor/entry.ts";
import type { SignatureSubmission } from "../../../shared/rpc/sequencer.ts";
import { signatureSearchRow } from "../../../shared/search/terms.ts";
import type { LogSigner } from "./log-keys.ts";

/** The sentence whose digest the first entry of a log is over. */
export const genesisStatement = (origin: string): string =>
  `${origin} is a transparency log of Sigedge, begun with this entry.\n`;

/** Signs `<origin> is a transparency log of Sigedge, begun with this entry.` and a newline. */
export function signGenesis(origin: string, ecdsa: LogSigner): SignatureSubmission {
  const statement = encodeUtf8(genesisStatement(origin));
  const entry: HashedRekordEntry = {
    digest: sha256(statement),
    signature: ecdsa.sign(statement),
    verifier: { kind: "publicKey", rawBytes: ecdsa.spki, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
  };
  const body = encodeEntry(entry);
  return {
    body,
    search: signatureSearchRow({ entry, body }, null),
    hints: null,
    otherForms: [],
    budget: null,
  };
}
