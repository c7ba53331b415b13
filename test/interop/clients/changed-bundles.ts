// SPDX-License-Identifier: Apache-2.0
// Bundles whose log entry somebody has changed, and that every verifier must therefore refuse.

interface Entry {
  canonicalizedBody: string;
  readonly inclusionProof: { readonly hashes: string[] };
}

interface BundleJson {
  readonly verificationMaterial: { readonly tlogEntries: readonly [Entry] };
}

/** One bit of the first hash of the inclusion proof is another. */
export const withChangedProof = (bundle: unknown): unknown =>
  changed(bundle, ({ inclusionProof: { hashes } }) => {
    const hash = Buffer.from(hashes[0] ?? "", "base64");
    hash.writeUInt8(hash.readUInt8(0) ^ 1, 0);
    hashes[0] = hash.toString("base64");
  });

/** What was logged is the digest of something else, and well-formed. */
export const withChangedBody = (bundle: unknown): unknown =>
  changed(bundle, (entry) => {
    const body = JSON.parse(Buffer.from(entry.canonicalizedBody, "base64").toString("utf8")) as {
      readonly spec: { readonly hashedRekordV002: { readonly data: { digest: string } } };
    };
    const { data } = body.spec.hashedRekordV002;
    data.digest = Buffer.alloc(32, 1).toString("base64");
    entry.canonicalizedBody = Buffer.from(JSON.stringify(body)).toString("base64");
  });

function changed(bundle: unknown, change: (entry: Entry) => void): unknown {
  const copy = structuredClone(bundle) as BundleJson;
  change(copy.verificationMaterial.tlogEntries[0]);
  return copy;
}
