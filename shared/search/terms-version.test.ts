// SPDX-License-Identifier: Apache-2.0
// The rows of fixed entries, as each released version of the terms makes them (test/vectors/search-terms). A change of
// the terms must raise TERMS_VERSION: otherwise `sigedge reindex` leaves the old rows, and searches do not find them.
// The recorded rows are this project's own output. They prove that it has not changed, and nothing else.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fromBase64, leafNamed } from "../../test/support/authority/signing-chain.ts";
import { type KeyDetails, SIGNATURE_SCHEMES } from "../crypto/key-details.ts";
import { decodeEntry, encodeEntry, type HashedRekordEntry } from "../rekor/entry.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import type { SearchRow } from "./row.ts";
import { certificateSearchRow, signatureSearchRow, TERMS_VERSION } from "./terms.ts";

const VECTORS = join(import.meta.dirname, "../../test/vectors");
const LEAVES = ["email", "uri", "manyNames", "dnsName", "noSct", "large"];
const HINTS: Readonly<Record<string, AttestationHints | null>> = {
  "no hints": null,
  "a payload": { payloadHash: "sha256:01", subjectDigests: [], predicateType: null },
  subjects: {
    payloadHash: "sha256:01",
    subjectDigests: ["sha256:02", "sha512:03", "gitcommit:04", "sha256:01"],
    predicateType: "https://slsa.dev/provenance/v1",
  },
};

const digest = new Uint8Array(64).fill(0xab);
const byKey = (rawBytes: Uint8Array, keyDetails: KeyDetails): HashedRekordEntry => ({
  digest,
  signature: Uint8Array.of(1),
  verifier: { kind: "publicKey", rawBytes, keyDetails },
});

function conformanceEntry(): HashedRekordEntry {
  const path = join(VECTORS, "sigstore-conformance/rekor2-happy-path.json");
  const bundle = JSON.parse(readFileSync(path, "utf8")) as {
    verificationMaterial: { tlogEntries: { canonicalizedBody: string }[] };
  };
  const entry = decodeEntry(fromBase64(bundle.verificationMaterial.tlogEntries[0]?.canonicalizedBody ?? ""));
  if (!entry.ok) throw new Error(entry.error.code);
  return entry.value;
}

const rowOf = (entry: HashedRekordEntry, hints: AttestationHints | null): SearchRow =>
  signatureSearchRow({ entry, body: encodeEntry(entry) }, hints);

/** A row of every kind of entry. */
function allRows(): Readonly<Record<string, SearchRow>> {
  const rows: Record<string, SearchRow> = { "an entry of staging Rekor": rowOf(conformanceEntry(), null) };
  const { spki } = leafNamed("email");
  for (const scheme of Object.keys(SIGNATURE_SCHEMES) as KeyDetails[]) {
    rows[`a signature by a key, ${scheme}`] = rowOf(byKey(spki, scheme), null);
  }
  for (const name of LEAVES) {
    const leaf = leafNamed(name);
    rows[`the certificate ${name}`] = certificateSearchRow(leaf);
    const verifier = { kind: "x509Certificate", rawBytes: leaf.der, keyDetails: "PKIX_ECDSA_P256_SHA_256" } as const;
    for (const [what, hints] of Object.entries(HINTS)) {
      const entry = { digest, signature: Uint8Array.of(1), verifier };
      rows[`a signature by the certificate ${name}, ${what}`] = rowOf(entry, hints);
    }
  }
  return rows;
}

test("the terms change only with their version", () => {
  const file = join(VECTORS, "search-terms", `version-${TERMS_VERSION}.json`);
  const rows = allRows();
  if (!existsSync(file)) {
    throw new Error(`TERMS_VERSION was raised: record the rows in ${file}:\n${JSON.stringify(rows, null, 1)}`);
  }
  const recorded: unknown = JSON.parse(readFileSync(file, "utf8"));
  expect(rows, "the terms have changed: raise TERMS_VERSION in shared/search/terms.ts, then record the rows").toEqual(
    recorded,
  );
});
