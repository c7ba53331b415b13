// SPDX-License-Identifier: Apache-2.0
// Verifies a case with shared/bundle, as the command line does.

import { parseBundle } from "../../../shared/bundle/bundle.ts";
import type { Verdict } from "../../../shared/bundle/check.ts";
import { parseTrustedRoot } from "../../../shared/bundle/trusted-root.ts";
import { type VerifyOptions, verifyBundle } from "../../../shared/bundle/verify.ts";
import { decodeHex } from "../../../shared/bytes/hex.ts";
import { decodePem } from "../../../shared/bytes/pem.ts";
import type { BundleCase } from "./cases.ts";

/** A verdict and what spoke against the bundle: `check: detail`, separated by semicolons. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

/** The functions of the verifier: those of the source, or of a bundle made of it. */
export interface Verifier {
  readonly parseBundle: typeof parseBundle;
  readonly parseTrustedRoot: typeof parseTrustedRoot;
  readonly verifyBundle: typeof verifyBundle;
}

const SOURCE: Verifier = { parseBundle, parseTrustedRoot, verifyBundle };

/** Judges a bundle. A file that is no bundle is bad; without a trusted root nobody can tell. */
export async function judgeBundle(one: BundleCase, verifier: Verifier = SOURCE): Promise<Judgement> {
  const root = verifier.parseTrustedRoot(one.root);
  if (!root.ok) return { verdict: "could not tell", reasons: [`the trusted root ${root.error.reason}`] };
  const bundle = verifier.parseBundle(one.bundle);
  if (!bundle.ok) return { verdict: "bad", reasons: [`bundle: ${bundle.error.reason}`] };
  const { content } = bundle.value;
  const named = content.kind === "message" ? { [content.digest.hash]: content.digest.value } : null;
  const digest = one.artifact === null ? null : decodeHex(one.artifact);
  const report = await verifier.verifyBundle(bundle.value, {
    root: root.value,
    artifact: digest?.ok === true ? { "SHA-256": digest.value } : named,
    signer: signerOf(one),
    witnesses: [],
  });
  const against = report.checks.filter(({ outcome, isRequired }) => outcome !== "passed" && isRequired);
  return { verdict: report.verdict, reasons: against.map(({ name, detail }) => `${name}: ${detail}`) };
}

function signerOf({ signer, key }: BundleCase): VerifyOptions["signer"] {
  if (key === null) return { kind: "identity", identity: signer?.identity ?? null, issuer: signer?.issuer ?? null };
  const pem = decodePem(key);
  return { kind: "key", spki: (pem.ok ? pem.value[0]?.der : undefined) ?? new Uint8Array(0) };
}

/** A verdict as sigstore-conformance has it: accept or reject. */
export const toOutcome = (isGood: boolean): string => (isGood ? "accepted" : "rejected");
