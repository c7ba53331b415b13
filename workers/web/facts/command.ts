// SPDX-License-Identifier: Apache-2.0
// The command that verifies an entry's signature with cosign, with the identity that stands in its certificate.

import { identityFlags, makeCosignCommand, shellQuote } from "../../../shared/bundle/commands.ts";
import type { SignatureFacts } from "./entry.ts";

/** The predicate type of cosign's signature of an image: a statement whose subject is the image. */
export const COSIGN_SIGN_TYPE = "https://sigstore.dev/cosign/sign/v1";

/** Null if a client cannot name the signer: a certificate without a name or issuer. @param href PublicUrl.href */
export function cosignCommand({ hints, holder }: SignatureFacts, href: string): string | null {
  const who = flagsOf(holder);
  if (who === null) return null;
  if (hints?.predicateType === COSIGN_SIGN_TYPE && holder !== null) {
    const image = `IMAGE@${shellQuote(hints.subjectDigests[0] ?? "")}`;
    const parts = ["cosign verify --trusted-root trusted_root.json", ...who, image];
    return `curl -O ${href}/trusted_root.json\n${parts.join(" \\\n  ")}`;
  }
  const isStatement = hints !== null;
  const { predicateType } = hints ?? { predicateType: null };
  return makeCosignCommand({ file: "FILE", bundle: "FILE.sigstore.json", isStatement, predicateType, who }, href);
}

function flagsOf(holder: SignatureFacts["holder"]): readonly string[] | null {
  if (holder === null) return ["--key KEY.pub"];
  const { identity, issuer } = holder.signer;
  return identity === "" || issuer === null ? null : identityFlags(identity, issuer);
}
