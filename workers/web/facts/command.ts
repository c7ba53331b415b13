// SPDX-License-Identifier: Apache-2.0
// The commands that verify an entry's signature with cosign, with the identity that stands in its certificate. Often
// the log has only a digest, and nobody but the signer knows of what: then there is a command for each possibility.

import { identityFlags, makeCosignCommand, shellQuote } from "../../../shared/bundle/commands.ts";
import type { SignatureFacts } from "./entry.ts";

/** The predicate type of cosign's signature of an image: a statement whose subject is the image. */
export const COSIGN_SIGN_TYPE = "https://sigstore.dev/cosign/sign/v1";

/** One command, and what it is for. */
export interface VerifyCommand {
  /** The kind of thing that it verifies; completes "If it is …". */
  readonly what: string;
  readonly text: string;
}

/** Empty if a client cannot name the signer: a certificate without a name or issuer. @param href PublicUrl.href */
export function cosignCommands({ signed, holder }: SignatureFacts, href: string): readonly VerifyCommand[] {
  const who = flagsOf(holder);
  if (who === null) return [];
  const commands = makerOf(who, href);
  if (signed.kind === "digest")
    return [commands.file(), commands.statement("TYPE"), commands.image(null), commands.aboutImage("TYPE", null)];
  const { predicateType, subjects } = signed;
  const image = subjects?.[0] ?? null;
  if (predicateType === COSIGN_SIGN_TYPE) return [commands.image(image)];
  // The index names known types only.
  const type = predicateType ?? (subjects === null ? "TYPE" : null);
  return [commands.statement(type), commands.aboutImage(type, image)];
}

/** A predicate type, `TYPE` where the reader has to give it, or null for a statement without one. */
type PredicateType = string | null;

interface Commands {
  readonly file: () => VerifyCommand;
  readonly statement: (predicateType: PredicateType) => VerifyCommand;
  readonly image: (digest: string | null) => VerifyCommand;
  readonly aboutImage: (predicateType: PredicateType, digest: string | null) => VerifyCommand;
}

function makerOf(who: readonly string[], href: string): Commands {
  const verifyBundle = (isStatement: boolean, predicateType: PredicateType): string =>
    makeCosignCommand({ file: "FILE", bundle: "FILE.sigstore.json", isStatement, predicateType, who }, href);
  const verifyImage = (verb: string, type: readonly string[], digest: string | null): string => {
    const image = `IMAGE@${shellQuote(digest ?? "sha256:DIGEST")}`;
    const parts = [`cosign ${verb} --trusted-root trusted_root.json`, ...type, ...who, image];
    return `curl -O ${href}/trusted_root.json\n${parts.join(" \\\n  ")}`;
  };
  return {
    file: () => ({ what: "a file", text: verifyBundle(false, null) }),
    statement: (predicateType) => ({ what: "an attestation about a file", text: verifyBundle(true, predicateType) }),
    image: (digest) => ({ what: "a container image", text: verifyImage("verify", [], digest) }),
    aboutImage: (predicateType, digest) => ({
      what: "an attestation about a container image",
      text: verifyImage("verify-attestation", toType(predicateType), digest),
    }),
  };
}

const toType = (predicateType: PredicateType): readonly string[] =>
  predicateType === null ? [] : [`--type ${shellQuote(predicateType)}`];

function flagsOf(holder: SignatureFacts["holder"]): readonly string[] | null {
  if (holder === null) return ["--key KEY.pub"];
  const { identity, issuer } = holder.signer;
  return identity === "" || issuer === null ? null : identityFlags(identity, issuer);
}
