// SPDX-License-Identifier: Apache-2.0
// Signs and verifies with Sigstore's own JavaScript packages, unmodified. The address of an instance is the only
// configuration.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundle } from "@sigstore/bundle";
import { SigningConfig, TrustedRoot } from "@sigstore/protobuf-specs";
import { bundleBuilderFromSigningConfig } from "@sigstore/sign";
import { initTUF } from "@sigstore/tuf";
import { PolicyError, toSignedEntity, toTrustMaterial, VerificationError, Verifier } from "@sigstore/verify";
import { PATHS, tufPath } from "../status/paths.ts";

/** The documents that an instance publishes for its clients. */
export interface Instance {
  readonly url: string;
  readonly signingConfig: SigningConfig;
  readonly trustedRoot: TrustedRoot;
}

/** The data to sign, and the identity of the signer. */
export interface Signing {
  readonly identityToken: string;
  readonly data: Buffer;
  /** The media type of an attestation's payload; null to sign the data itself. */
  readonly attestationType: string | null;
}

/** The conditions of a verification. */
export interface Expectation {
  /** The signer's exact email address or URI. */
  readonly identity: string;
  readonly issuer: string;
  /** The signed data; null for an attestation, which includes its data. */
  readonly data: Buffer | null;
}

/** Reads signing config and trusted root over HTTP. */
export async function readInstance(url: string): Promise<Instance> {
  const [signingConfig, trustedRoot] = await Promise.all(
    [PATHS.signingConfig, PATHS.trustedRoot].map((path) => readJson(`${url}${path}`)),
  );
  return { url, signingConfig: SigningConfig.fromJSON(signingConfig), trustedRoot: TrustedRoot.fromJSON(trustedRoot) };
}

/**
 * Reads the same over TUF, starting from root version 1 only, as a client that was given that file.
 * @param folder empty; the cache of the client
 */
export async function readInstanceOverTuf(url: string, folder: string): Promise<Instance> {
  const rootPath = join(folder, "first-root.json");
  writeFileSync(rootPath, JSON.stringify(await readJson(`${url}${tufPath("1.root.json")}`)));
  const tuf = await initTUF({
    mirrorURL: `${url}${tufPath("")}`,
    rootPath,
    cachePath: join(folder, "cache"),
    forceInit: true,
  });
  const [signingConfig, trustedRoot] = await Promise.all(
    ["signing_config.v0.2.json", "trusted_root.json"].map(
      async (name): Promise<unknown> => JSON.parse(await tuf.getTarget(name)),
    ),
  );
  return { url, signingConfig: SigningConfig.fromJSON(signingConfig), trustedRoot: TrustedRoot.fromJSON(trustedRoot) };
}

/** Reads JSON. Rejects with status and body if the status is not 2xx. */
export async function readJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Signs: key, certificate, signature, timestamp, log entry, with the package's own timeouts and retries. */
export function sign({ signingConfig }: Instance, signing: Signing): Promise<Bundle> {
  const builder = bundleBuilderFromSigningConfig({
    signingConfig,
    identityProvider: { getToken: () => Promise.resolve(signing.identityToken) },
    bundleType: signing.attestationType === null ? "messageSignature" : "dsseEnvelope",
  });
  return builder.create({
    data: signing.data,
    ...(signing.attestationType === null ? {} : { type: signing.attestationType }),
  });
}

/**
 * Verifies with the trusted root only, without a request. Gives the signer. Throws the package's error if anything is
 * wrong.
 */
export function verify({ trustedRoot }: Instance, bundle: Bundle, { identity, issuer, data }: Expectation): string {
  const signer = new Verifier(toTrustMaterial(trustedRoot)).verify(toSignedEntity(bundle, data ?? undefined), {
    // The package treats it as a regular expression that can match anywhere.
    subjectAlternativeName: `^${escapeRegExp(identity)}$`,
    extensions: { issuer },
  });
  return signer.identity?.subjectAlternativeName ?? "";
}

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** The error of a verifier that must reject. Throws if it accepts. */
export function refusalOf(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    if (error instanceof VerificationError || error instanceof PolicyError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("the verifier accepted it");
}

/** The index of a bundle in the signature log; -1 without an entry. */
export const logIndexOf = (bundle: Bundle): number =>
  Number(bundle.verificationMaterial.tlogEntries[0]?.logIndex ?? -1);
