// SPDX-License-Identifier: Apache-2.0
// Proposed entries of a Rekor v1 log that hold the signed file itself, made by node:crypto, ssh-keygen and openssl.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml; https://jedisct1.github.io/minisign/#signature-format

import { execFileSync } from "node:child_process";
import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Signer } from "./rekor-v1.ts";

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString("base64");

/** A key, and a signature over a file, as their programs write them. */
export interface SignedFile {
  readonly format: "x509" | "ssh" | "minisign";
  readonly file: string | Uint8Array;
  readonly key: string | Uint8Array;
  readonly signature: string | Uint8Array;
}

/** The rekord 0.0.1 entry of a signed file. */
export const toRekord = ({ format, file, key, signature }: SignedFile): object => ({
  apiVersion: "0.0.1",
  kind: "rekord",
  spec: {
    data: { content: base64(file) },
    signature: { format, content: base64(signature), publicKey: { content: base64(key) } },
  },
});

/** A rekord 0.0.1 entry of the format x509. */
export const makeRekord = ({ privateKey, pem }: V1Signer, file: string): object =>
  toRekord({ format: "x509", file, key: pem, signature: sign("sha256", Buffer.from(file), privateKey) });

/**
 * Signs a file as minisign does, and makes both of its files.
 * @param algorithm `ED` signs the file's hash, as minisign does by default, and `Ed` the file
 */
export function signWithMinisign(
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  file: string,
  algorithm: "ED" | "Ed",
): SignedFile {
  const keyId = randomBytes(8);
  const point = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const signed = algorithm === "ED" ? createHash("blake2b512").update(file).digest() : Buffer.from(file);
  const signature = sign(null, signed, privateKey);
  const comment = "timestamp:1700000000\tfile:artifact";
  const lines = [
    "untrusted comment: signature from minisign secret key",
    base64(Buffer.concat([Buffer.from(algorithm), keyId, signature])),
    `trusted comment: ${comment}`,
    base64(sign(null, Buffer.concat([signature, Buffer.from(comment)]), privateKey)),
  ];
  const key = base64(Buffer.concat([Buffer.from("Ed"), keyId, point]));
  return {
    format: "minisign",
    file,
    key: `untrusted comment: minisign public key\n${key}\n`,
    signature: `${lines.join("\n")}\n`,
  };
}

/** Signs a file with a new key of ssh-keygen. @param args the type of the key */
export function signWithSsh(folder: string, file: string, args: readonly string[]): SignedFile {
  const name = join(folder, `ssh-${randomBytes(4).toString("hex")}`);
  writeFileSync(`${name}.file`, file);
  execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "alice@example.com", ...args, "-f", name]);
  execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-f", name, "-n", "file", `${name}.file`], { stdio: "ignore" });
  return {
    format: "ssh",
    file,
    key: readFileSync(`${name}.pub`),
    signature: readFileSync(`${name}.file.sig`),
  };
}

/** A timestamp of an authority of openssl's, with a new key on P-256. */
export function stampWithOpenssl(folder: string, file: string): Buffer {
  const name = join(folder, `tsa-${randomBytes(4).toString("hex")}`);
  const run = (...args: readonly string[]): void => void execFileSync("openssl", args, { stdio: "ignore" });
  writeFileSync(`${name}.file`, file);
  writeFileSync(`${name}.serial`, "01");
  const config = ["[tsa]", `serial=${name}.serial`, "default_policy=1.2.3", "signer_digest=sha256", "digests=sha256"];
  writeFileSync(`${name}.conf`, `${config.join("\n")}\ness_cert_id_alg=sha256\n`);
  run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.pem`);
  const purpose = "extendedKeyUsage=critical,timeStamping";
  const subject = ["-subj", "/CN=tsa", "-days", "1", "-addext", purpose];
  run("req", "-x509", "-new", ...subject, "-key", `${name}.pem`, "-out", `${name}.crt`);
  run("ts", "-query", "-data", `${name}.file`, "-sha256", "-cert", "-out", `${name}.tsq`);
  const signer = ["-signer", `${name}.crt`, "-inkey", `${name}.pem`];
  const reply = ["-config", `${name}.conf`, "-section", "tsa", "-queryfile", `${name}.tsq`];
  run("ts", "-reply", ...reply, ...signer, "-out", `${name}.tsr`);
  return readFileSync(`${name}.tsr`);
}

/** The rfc3161 0.0.1 entry of a timestamp. */
export const toRfc3161 = (response: Uint8Array): object => ({
  apiVersion: "0.0.1",
  kind: "rfc3161",
  spec: { tsr: { content: base64(response) } },
});
