// SPDX-License-Identifier: Apache-2.0
// The command that verifies an entry's signature with cosign, with the identity that stands in its certificate.

import type { SignatureFacts } from "./entry.ts";

/** The predicate type of cosign's signature of an image: a statement whose subject is the image. */
export const COSIGN_SIGN_TYPE = "https://sigstore.dev/cosign/sign/v1";

/** An argument as a POSIX shell reads it back. Log entries hold any text, so nothing else may pass unquoted. */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Null if a client cannot name the signer: a certificate without a name or issuer. @param href PublicUrl.href */
export function cosignCommand({ hints, holder }: SignatureFacts, href: string): string | null {
  const who = identityFlags(holder);
  if (who === null) return null;
  const root = `curl -O ${href}/trusted_root.json`;
  const [imageDigest = ""] = hints?.subjectDigests ?? [];
  if (hints?.predicateType === COSIGN_SIGN_TYPE && holder !== null)
    return join(root, "cosign verify --trusted-root trusted_root.json", ...who, `IMAGE@${shellQuote(imageDigest)}`);
  const bundle = "--bundle FILE.sigstore.json";
  if (hints === null) return join(root, "cosign verify-blob --trusted-root trusted_root.json", bundle, ...who, "FILE");
  const type = hints.predicateType === null ? [] : [`--type ${shellQuote(hints.predicateType)}`];
  const verb = "cosign verify-blob-attestation --trusted-root trusted_root.json";
  return join(root, verb, bundle, ...type, ...who, "FILE");
}

function identityFlags(holder: SignatureFacts["holder"]): readonly string[] | null {
  if (holder === null) return ["--key KEY.pub"];
  const { identity, issuer } = holder.signer;
  if (identity === "" || issuer === null) return null;
  return [`--certificate-identity ${shellQuote(identity)}`, `--certificate-oidc-issuer ${shellQuote(issuer)}`];
}

const join = (first: string, ...more: readonly string[]): string => `${first}\n${more.join(" \\\n  ")}`;
