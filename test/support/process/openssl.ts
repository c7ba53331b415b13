// SPDX-License-Identifier: Apache-2.0
// openssl as an independent judge: it makes chains without our code, and verifies timestamps made by our code.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A chain and its key. */
export interface OpensslChain {
  /** PEM: the leaf, then its root. */
  readonly chain: string;
  readonly leaf: string;
  readonly root: string;
  /** The leaf's key, PKCS#8 PEM. */
  readonly key: string;
}

/** Options for the leaf. */
export interface ChainOptions {
  readonly curve?: "P-256" | "P-384";
  /** Lines of the leaf's extension section, in openssl's configuration syntax. */
  readonly extensions?: readonly string[];
}

/** The extensions that RFC 3161 §2.3 requires of a timestamping certificate. */
export const TIMESTAMPING = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=critical,timeStamping"];

/** Runs `use` with a temporary folder, and deletes it afterwards. */
function runInFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-openssl-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a self-signed root and a leaf under it with openssl. */
export function timestampChain({ curve = "P-256", extensions = TIMESTAMPING }: ChainOptions = {}): OpensslChain {
  return runInFolder((folder) => {
    const run = (...args: readonly string[]): void => {
      execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    };
    const newKey = ["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${curve}`, "-nodes"];
    writeFileSync(join(folder, "leaf.cnf"), ["[leaf]", ...extensions].join("\n"));
    run(
      "req",
      "-x509",
      ...newKey,
      "-keyout",
      "root.key",
      "-out",
      "root.pem",
      "-subj",
      "/O=test/CN=root",
      "-days",
      "30",
    );
    run("req", ...newKey, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/O=test/CN=timestamp authority");
    const sign = ["x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"];
    run(...sign, "-extfile", "leaf.cnf", "-extensions", "leaf", "-days", "30", "-out", "leaf.pem");
    const [leaf, root, key] = ["leaf.pem", "root.pem", "leaf.key"].map((name) =>
      readFileSync(join(folder, name), "utf8"),
    );
    return { chain: `${leaf}${root}`, leaf: leaf ?? "", root: root ?? "", key: key ?? "" };
  });
}

/** Makes a timestamp query with `openssl ts -query`; DER. @param options for example -sha512, -cert, -no_nonce */
export function timestampQuery(data: Uint8Array, ...options: readonly string[]): Uint8Array<ArrayBuffer> {
  return runInFolder((folder) => {
    writeFileSync(join(folder, "data"), data);
    const query = ["ts", "-query", "-data", "data", ...options, "-out", "query.tsq"];
    execFileSync("openssl", query, { cwd: folder, stdio: "pipe" });
    return new Uint8Array(readFileSync(join(folder, "query.tsq")));
  });
}

/** A response and what to verify it with. */
export interface TimestampCheck {
  readonly response: Uint8Array;
  /** The timestamped data, or the query. */
  readonly against: { readonly data: Uint8Array } | { readonly query: Uint8Array };
  /** PEM. */
  readonly root: string;
  /** The authority's certificate, PEM, if the token does not contain it. */
  readonly leaf?: string;
}

/** Returns "Verification: OK" if `openssl ts -verify` accepts the timestamp, its errors otherwise. */
export function verifyTimestamp({ response, against, root, leaf }: TimestampCheck): string {
  return runInFolder((folder) => {
    writeFileSync(join(folder, "response.tsr"), response);
    writeFileSync(join(folder, "root.pem"), root);
    writeFileSync(join(folder, "leaf.pem"), leaf ?? "");
    writeFileSync(join(folder, "against"), "data" in against ? against.data : against.query);
    const kind = "data" in against ? "-data" : "-queryfile";
    const untrusted = leaf === undefined ? [] : ["-untrusted", "leaf.pem"];
    const args = ["ts", "-verify", "-in", "response.tsr", kind, "against", "-CAfile", "root.pem", ...untrusted];
    const { stdout, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
    return stdout.trim() === "Verification: OK" ? stdout.trim() : stderr.trim();
  });
}

/** Prints a response with `openssl ts -reply -text`. */
export function printTimestamp(response: Uint8Array): string {
  return runInFolder((folder) => {
    writeFileSync(join(folder, "response.tsr"), response);
    const args = ["ts", "-reply", "-in", "response.tsr", "-text"];
    return execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  });
}
