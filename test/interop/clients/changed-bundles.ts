// SPDX-License-Identifier: Apache-2.0
// Bundles with a changed log entry, which every verifier must reject.

interface Entry {
  canonicalizedBody: string;
  readonly inclusionProof: { readonly hashes: string[] };
}

interface BundleJson {
  readonly verificationMaterial: { readonly tlogEntries: readonly [Entry] };
}

/** Flips one bit in the first hash of the inclusion proof. */
export const withChangedProof = (bundle: unknown): unknown =>
  changeEntry(bundle, ({ inclusionProof: { hashes } }) => {
    const hash = Buffer.from(hashes[0] ?? "", "base64");
    hash.writeUInt8(hash.readUInt8(0) ^ 1, 0);
    hashes[0] = hash.toString("base64");
  });

/** Replaces the logged digest by that of something else; the entry stays well-formed. */
export const withChangedBody = (bundle: unknown): unknown =>
  changeEntry(bundle, (entry) => {
    const body = JSON.parse(Buffer.from(entry.canonicalizedBody, "base64").toString("utf8")) as {
      readonly spec: { readonly hashedRekordV002: { readonly data: { digest: string } } };
    };
    const { data } = body.spec.hashedRekordV002;
    data.digest = Buffer.alloc(32, 1).toString("base64");
    entry.canonicalizedBody = Buffer.from(JSON.stringify(body)).toString("base64");
  });

function changeEntry(bundle: unknown, change: (entry: Entry) => void): unknown {
  const copy = structuredClone(bundle) as BundleJson;
  change(copy.verificationMaterial.tlogEntries[0]);
  return copy;
}
