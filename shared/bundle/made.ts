// SPDX-License-Identifier: Apache-2.0
// Verifies what services have made for a signer, before anybody relies on it: the certificate before anything is signed
// with it, the bundle before it is handed out. The times that count are those that the services signed.

import { equal } from "../bytes/bytes.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { parseBundle } from "./bundle.ts";
import { checkCertificate } from "./certificate.ts";
import type { Check } from "./check.ts";
import { readSigner, type Signer } from "./identity.ts";
import type { TrustedRoot } from "./trusted-root.ts";
import { verifyBundle } from "./verify.ts";

/** A certificate that may be signed with. */
export interface Issued extends Signer {
  /** DER. */
  readonly leaf: Uint8Array;
  /** From its first to its last millisecond. */
  readonly lifetimeMs: number;
}

/** The authority, key and person of a certificate. */
export interface Wanted {
  readonly root: TrustedRoot;
  /** The signer's own key: SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** The name that the signer has agreed to publish; null: whichever the token names. */
  readonly identity: string | null;
}

/** Verifies chain, purpose, SCT, key and name of a certificate. The error completes "the CA …". */
export async function checkIssued(leaf: Uint8Array, { root, spki, identity }: Wanted): Promise<Result<Issued, string>> {
  const certificate = parseCertificate(leaf);
  if (!certificate.ok) return err("issued a malformed certificate");
  const { notBefore, notAfter, spki: certified } = certificate.value;
  if (!equal(certified, spki)) return err("issued a certificate for another key");
  const signer = readSigner(certificate.value);
  if (signer.names.length === 0) return err("issued a certificate without a name");
  if (identity !== null && !signer.names.includes(identity)) {
    return err(`issued a certificate for ${signer.names.join(", ")}, not for ${identity}`);
  }
  const fault = findFault(await checkCertificate(certificate.value, root, [notBefore]));
  return fault === null
    ? ok({ leaf, lifetimeMs: notAfter - notBefore, ...signer })
    : err(`issued a certificate that does not verify (${fault.name}): ${fault.detail}`);
}

/** The parts of which a bundle was made. */
export interface Made {
  readonly root: TrustedRoot;
  readonly issued: Issued;
  /** SHA-256 of the file. */
  readonly sha256: Uint8Array;
}

/** Verifies a bundle. Gives the index of its entry. The error says what is wrong with the bundle. */
export async function checkMade(text: string, { root, issued, sha256 }: Made): Promise<Result<number, string>> {
  const bundle = parseBundle(encodeUtf8(text));
  if (!bundle.ok) return err(`the answers of the services make a bundle that ${bundle.error.reason}`);
  const report = await verifyBundle(bundle.value, {
    root,
    artifact: { "SHA-256": sha256 },
    signer: { kind: "identity", identity: issued.names[0] ?? null, issuer: issued.issuer },
    witnesses: [],
  });
  const fault = findFault(report.checks);
  return fault === null
    ? ok(bundle.value.entries[0]?.logIndex ?? 0)
    : err(`the bundle does not verify (${fault.name}): ${fault.detail}`);
}

const findFault = (checks: readonly Check[]): Check | null =>
  checks.find(({ outcome, isRequired }) => outcome !== "passed" && isRequired) ?? null;
