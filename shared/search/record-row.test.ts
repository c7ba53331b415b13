// SPDX-License-Identifier: Apache-2.0
// The row of a stored record is the one that came with its submission.

import { expect, test } from "vitest";
import { leafNamed } from "../../test/support/authority/signing-chain.ts";
import { encodeTileLeaf } from "../ct/leaf.ts";
import { leafIndexExtension } from "../ct/sct.ts";
import { encodeEntry, type HashedRekordEntry } from "../rekor/entry.ts";
import { unixMs } from "../time.ts";
import { certificateRecordRow, signatureRecordRow } from "./record-row.ts";
import { certificateSearchRow, signatureSearchRow } from "./terms.ts";

const certificate = leafNamed("email");
const hints = { payloadHash: "sha256:01", subjectDigests: ["sha256:02"], predicateType: null };

test.each([null, hints])("a signature's row, with the hints %j", (known) => {
  const entry: HashedRekordEntry = {
    digest: new Uint8Array(32),
    signature: Uint8Array.of(1),
    verifier: { kind: "x509Certificate", rawBytes: certificate.der, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
  };
  const body = encodeEntry(entry);
  expect(signatureRecordRow(body, known)).toEqual(signatureSearchRow({ entry, body }, known));
});

test.each(["x509_entry", "precert_entry"] as const)("a certificate's row, of a %s", (entryType) => {
  const isFinal = entryType === "x509_entry";
  const common = { timestamp: unixMs(5), extensions: leafIndexExtension(7) };
  const entry = isFinal
    ? { ...common, entryType: "x509_entry" as const, signedEntry: certificate.der }
    : {
        ...common,
        entryType: "precert_entry" as const,
        issuerKeyHash: new Uint8Array(32),
        signedEntry: Uint8Array.of(1),
      };
  const precertificate = isFinal ? null : certificate.der;
  const record = encodeTileLeaf({ entry, precertificate, chainFingerprints: [new Uint8Array(32)] });
  expect(certificateRecordRow(record)).toEqual(certificateSearchRow(certificate));
});

test("null for what is not an entry", () => {
  expect([signatureRecordRow(Uint8Array.of(1), null), certificateRecordRow(Uint8Array.of(1))]).toEqual([null, null]);
});
