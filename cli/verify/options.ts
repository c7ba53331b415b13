// SPDX-License-Identifier: Apache-2.0
// The flags of `sigedge verify`, and the options that they become.

import { existsSync, readFileSync } from "node:fs";
import type { VerifyOptions } from "../../shared/bundle/verify.ts";
import { decodeHex } from "../../shared/bytes/hex.ts";
import { decodePem } from "../../shared/bytes/pem.ts";
import { HASHES, type HashAlgorithm } from "../../shared/crypto/hash.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type CosignatureKey, parseCosignatureVkey } from "../../shared/tlog/cosignature.ts";
import type { Arguments } from "../command.ts";

/** The artifact: a file, or its digest where the file is not on this machine. */
export type ArtifactSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "digest"; readonly hash: HashAlgorithm; readonly value: Uint8Array };

/** The source of the trusted root. */
export type TrustSource =
  | { readonly kind: "file"; readonly path: string }
  /** By TUF from a deployment; `root` is the first root of trust, null to pin the one that the first use finds. */
  | { readonly kind: "deployment"; readonly url: string; readonly root: string | null };

/** The options of a verification. */
export interface Options {
  readonly artifact: ArtifactSource;
  readonly bundle: string;
  readonly signer: VerifyOptions["signer"];
  readonly trust: TrustSource;
  readonly witnesses: readonly CosignatureKey[];
}

export const FLAGS = {
  bundle: { value: "FILE", description: "The bundle. Default: FILE.sigstore.json." },
  identity: {
    value: "WHO",
    description: "The expected signer: the whole email address, URI or user name in the certificate.",
  },
  issuer: { value: "URL", description: "The issuer that vouched for the signer, as a whole URL." },
  key: {
    value: "FILE",
    description: "The public key (PEM) of the expected signer, for a bundle without a certificate.",
  },
  url: {
    value: "URL",
    description: "Take the trusted root from this deployment, by TUF. The first use pins its root of trust.",
  },
  root: {
    value: "FILE",
    description:
      "The TUF root (root.json) of that deployment that you trust, instead of the one that the first use finds.",
  },
  "trusted-root": { value: "FILE", description: "Take the trusted root from a file, and send nothing." },
  witness: {
    value: "VKEY",
    multiple: true,
    description: "The key of a witness whose cosignature the checkpoint must have, <name>+<hex id>+<base64>.",
  },
} as const;

/** Reads the options. The error is one line. */
export function readOptions({ values, positionals }: Arguments<typeof FLAGS>): Result<Options, string> {
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) return err("give one file, or its digest as sha256:HEX");
  const artifact = readArtifact(file);
  const signer = artifact.ok ? readSigner(values) : artifact;
  const trust = signer.ok ? readTrust(values) : signer;
  if (!artifact.ok) return artifact;
  if (!signer.ok) return signer;
  if (!trust.ok) return trust;
  const bundle = values.bundle ?? (artifact.value.kind === "file" ? `${file}.sigstore.json` : null);
  if (bundle === null) return err("give the bundle of this digest with --bundle FILE");
  if (!existsSync(bundle)) return err(`there is no bundle ${bundle}; give it with --bundle FILE`);
  const witnesses: CosignatureKey[] = [];
  for (const vkey of values.witness) {
    const key = parseCosignatureVkey(vkey);
    if (!key.ok) return err(`--witness ${vkey} is not the key of a witness, <name>+<hex id>+<base64>`);
    witnesses.push(key.value);
  }
  return ok({ artifact: artifact.value, bundle, signer: signer.value, trust: trust.value, witnesses });
}

/** A file of this name wins over a digest. */
function readArtifact(text: string): Result<ArtifactSource, string> {
  if (existsSync(text)) return ok({ kind: "file", path: text });
  const [name = "", hex = ""] = text.split(":");
  const algorithms = Object.keys(HASHES) as readonly HashAlgorithm[];
  const hash = algorithms.find((one) => HASHES[one].short === name);
  if (hash === undefined) return err(`there is no file ${text}`);
  const value = decodeHex(hex);
  return value.ok && value.value.length === HASHES[hash].digestBytes
    ? ok({ kind: "digest", hash, value: value.value })
    : err(`${text} is not a digest: ${name} has ${2 * HASHES[hash].digestBytes} hex digits`);
}

type Values = Arguments<typeof FLAGS>["values"];

function readSigner({ identity, issuer, key }: Values): Result<VerifyOptions["signer"], string> {
  if (key !== null) {
    if (identity !== null || issuer !== null) return err("give --key, or --identity and --issuer, not both");
    return readKey(key);
  }
  if (identity === null || issuer === null) {
    return err("name the expected signer: --identity WHO and --issuer URL, or --key FILE");
  }
  return ok({ kind: "identity", identity, issuer });
}

function readKey(path: string): Result<VerifyOptions["signer"], string> {
  if (!existsSync(path)) return err(`there is no file ${path}`);
  const pem = decodePem(readFileSync(path, "utf8"));
  const [block, ...more] = pem.ok ? pem.value : [];
  return block?.label === "PUBLIC KEY" && more.length === 0
    ? ok({ kind: "key", spki: block.der })
    : err(`${path} is not one public key in PEM (-----BEGIN PUBLIC KEY-----)`);
}

function readTrust({ url, root, "trusted-root": file }: Values): Result<TrustSource, string> {
  if ((url === null) === (file === null))
    return err("choose where the trusted root comes from: --url URL or --trusted-root FILE");
  if (file !== null) {
    if (root !== null) return err("--root only goes with --url; a trusted root is complete without it");
    return existsSync(file) ? ok({ kind: "file", path: file }) : err(`there is no file ${file}`);
  }
  const publicUrl = parsePublicUrl((url ?? "").replace(/\/$/, ""));
  if (!publicUrl.ok) return err(`--url ${url} ${publicUrl.error.reason}`);
  if (root !== null && !existsSync(root)) return err(`there is no file ${root}`);
  return ok({ kind: "deployment", url: publicUrl.value.href, root });
}
