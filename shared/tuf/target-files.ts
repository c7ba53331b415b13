// SPDX-License-Identifier: Apache-2.0
// The targets of the TUF repository: trusted root and signing config, and the same keys one by one as PEM files, which
// cosign before version 3, gitsign and policy-controller select by their custom metadata.
// Spec: https://github.com/sigstore/root-signing (names of targets, custom.sigstore)

import { sha256 } from "#sha256";
import { decodeBase64 } from "../bytes/base64.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodePem } from "../bytes/pem.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import type { SigstoreCustom, TargetFile } from "./metadata.ts";

export const TRUSTED_ROOT_TARGET = "trusted_root.json";
export const SIGNING_CONFIG_TARGET = "signing_config.v0.2.json";
/** `cosign signing-config create --with-default-rekor-v2` looks for this name. */
const REKOR_V2_SIGNING_CONFIG_TARGET = "signing_config_rekor_v2.v0.2.json";

/** A target's text, and its custom metadata. */
export interface TargetDocument {
  readonly text: string;
  /** Null for the two JSON documents: sigstore-java parses every custom member that is present. */
  readonly custom: SigstoreCustom | null;
}

/** Targets by name. */
export type TargetDocuments = Readonly<Record<string, TargetDocument>>;

/** The parts of a trusted root in protobuf JSON from which the PEM files are made. */
interface TrustedRootJson {
  readonly tlogs: readonly LogJson[];
  readonly ctlogs: readonly LogJson[];
  readonly certificateAuthorities: readonly AuthorityJson[];
  readonly timestampAuthorities: readonly AuthorityJson[];
}
interface LogJson {
  readonly baseUrl: string;
  readonly publicKey: { readonly rawBytes: string };
}
interface AuthorityJson {
  readonly uri: string;
  readonly certChain: { readonly certificates: readonly { readonly rawBytes: string }[] };
}

/** Formats a JSON target. */
export const formatDocument = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

/**
 * Makes every target of a deployment.
 * @param trustedRoot as trustedRoot() of shared/trust makes it
 * @param signingConfig as signingConfig() of shared/trust makes it
 * @param pemRoot a trusted root with the keys of the PEM files, which clients trust without a range of time
 */
export function targetDocuments(trustedRoot: object, signingConfig: object, pemRoot = trustedRoot): TargetDocuments {
  const config = { text: formatDocument(signingConfig), custom: null };
  return {
    [TRUSTED_ROOT_TARGET]: { text: formatDocument(trustedRoot), custom: null },
    [SIGNING_CONFIG_TARGET]: config,
    [REKOR_V2_SIGNING_CONFIG_TARGET]: config,
    ...pemTargets(pemRoot as TrustedRootJson),
  };
}

function pemTargets({ tlogs, ctlogs, certificateAuthorities, timestampAuthorities }: TrustedRootJson): TargetDocuments {
  const chains = certificateAuthorities.map(certificatesOf);
  const fulcio = describeTarget("Fulcio", certificateAuthorities[0]?.uri);
  const all = {
    ...keyTargets("rekor", "Rekor", tlogs),
    ...keyTargets("ctfe", "CTFE", ctlogs),
    "fulcio_v1.crt.pem": { text: joinDistinct(chains.map((chain) => chain.at(-1) ?? "")), custom: fulcio },
    "fulcio_intermediate_v1.crt.pem": {
      text: joinDistinct(chains.flatMap((chain) => chain.slice(0, -1))),
      custom: fulcio,
    },
    ...timestampTargets(timestampAuthorities),
  };
  return Object.fromEntries(Object.entries(all).filter(([, { text }]) => text !== ""));
}

/** Makes one file per key, since clients read one key from each. */
function keyTargets(name: string, usage: "Rekor" | "CTFE", logs: readonly LogJson[]): TargetDocuments {
  return Object.fromEntries(
    logs.map(({ baseUrl, publicKey }, i) => [
      `${name}${i === 0 ? "" : `_${i}`}.pub`,
      { text: pemOf("PUBLIC KEY", publicKey.rawBytes), custom: describeTarget(usage, baseUrl) },
    ]),
  );
}

/** Makes the files of the newest authority: their names allow only one. */
function timestampTargets(authorities: readonly AuthorityJson[]): TargetDocuments {
  const [authority] = authorities;
  if (authority === undefined) return {};
  const chain = certificatesOf(authority);
  const about = describeTarget("TSA", authority.uri);
  const named = chain.map((text, i) => {
    const last = i === chain.length - 1;
    const name = i === 0 ? "tsa_leaf" : last ? "tsa_root" : `tsa_intermediate_${i - 1}`;
    return [`${name}.crt.pem`, { text, custom: about }] as const;
  });
  return Object.fromEntries(named);
}

const describeTarget = (usage: SigstoreCustom["sigstore"]["usage"], uri: string | undefined): SigstoreCustom => ({
  sigstore: { status: "Active", usage, ...(uri === undefined ? {} : { uri }) },
});

const certificatesOf = ({ certChain }: AuthorityJson): readonly string[] =>
  certChain.certificates.map(({ rawBytes }) => pemOf("CERTIFICATE", rawBytes));

const joinDistinct = (texts: readonly string[]): string => [...new Set(texts)].join("");

function pemOf(label: string, base64: string): string {
  const der = decodeBase64(base64);
  if (!der.ok) throw new TypeError("a trusted root of ours has invalid base64");
  return encodePem(label, der.value);
}

/** Describes a file for targets metadata: length and hash of its UTF-8 text. */
export function targetFileOf({ text, custom: about }: TargetDocument): TargetFile {
  const bytes = encodeUtf8(text);
  const file = { length: bytes.length, hashes: { sha256: encodeHex(sha256(bytes)) } };
  return about === null ? file : { ...file, custom: about };
}

/** Returns the file's path under consistent snapshots. */
export const targetPath = (name: string, { hashes }: TargetFile): string => `targets/${hashes.sha256}.${name}`;
