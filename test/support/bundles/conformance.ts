// SPDX-License-Identifier: Apache-2.0
// The bundles of sigstore-conformance, test/assets/bundle-verify: of the copy in test/vectors, or of a checkout.
// Spec: https://github.com/sigstore/sigstore-conformance/blob/main/test/assets/bundle-verify/README.md

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { BEACON, type BundleCase, GITHUB_ACTIONS, PUBLIC_GOOD_ROOT } from "./cases.ts";

const ARCHIVE = join(import.meta.dirname, "../../vectors/sigstore-conformance/bundle-verify.tar.br");
const FOLDER = "test/assets/bundle-verify";

/** Reads a file of `bundle-verify`; null if there is none. */
type ReadFile = (path: string) => Buffer | null;

/** The cases of the copy in test/vectors. */
export function readVendoredCases(): readonly BundleCase[] {
  const files = readTar(brotliDecompressSync(readFileSync(ARCHIVE)));
  const read: ReadFile = (path) => files.get(`${FOLDER}/${path}`) ?? null;
  const names = [...files.keys()].flatMap((path) => /\/([^/]+)\/bundle\.sigstore\.json$/.exec(path)?.[1] ?? []);
  return names.toSorted().map((name) => readCase(name, read));
}

/** The cases of a checkout. @param names those of its folders */
export function readCheckedOutCases(checkout: string, names: readonly string[]): readonly BundleCase[] {
  const read: ReadFile = (path) => {
    const file = join(checkout, FOLDER, path);
    return existsSync(file) ? readFileSync(file) : null;
  };
  return names
    .filter((name) => read(`${name}/bundle.sigstore.json`) !== null)
    .toSorted()
    .map((name) => readCase(name, read));
}

function readCase(name: string, readFile: ReadFile): BundleCase {
  const read = (file: string): Buffer | null => readFile(`${name}/${file}`);
  const textOf = (file: string): string | null => read(file)?.toString().trim() ?? null;
  const artifact = read("artifact") ?? readFile("a.txt");
  const key = read("key.pub")?.toString() ?? null;
  const signer = { identity: textOf("identity") ?? BEACON, issuer: textOf("issuer") ?? GITHUB_ACTIONS };
  return {
    name,
    bundle: read("bundle.sigstore.json") ?? Buffer.alloc(0),
    root: read("trusted_root.json") ?? readFileSync(PUBLIC_GOOD_ROOT),
    signer: key === null ? signer : null,
    key,
    artifact: createHash("sha256")
      .update(artifact ?? "")
      .digest("hex"),
    isGood: !name.endsWith("_fail"),
  };
}

const BLOCK_BYTES = 512;

/** The files of a tar archive, by path. Spec: pax(1), "ustar Interchange Format" */
function readTar(tar: Buffer): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + BLOCK_BYTES <= tar.length; ) {
    const field = (start: number, end: number): string =>
      tar
        .subarray(at + start, at + end)
        .toString("utf8")
        .replace(/\0.*$/s, "");
    const size = Number.parseInt(field(124, 136), 8) || 0;
    const begin = at + BLOCK_BYTES;
    const path = [field(345, 500), field(0, 100)].filter((part) => part !== "").join("/");
    if (field(156, 157) === "0") files.set(path, tar.subarray(begin, begin + size));
    at = begin + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return files;
}
