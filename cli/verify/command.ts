// SPDX-License-Identifier: Apache-2.0
// `sigedge verify`: verifies a file with its bundle; no other client is needed.

import { readFileSync, statSync } from "node:fs";
import { hashesOf } from "../../shared/bundle/artifact.ts";
import { type Bundle, MAX_BUNDLE_BYTES, parseBundle } from "../../shared/bundle/bundle.ts";
import { reportFailure } from "../../shared/bundle/check.ts";
import { reportJson, type Subject } from "../../shared/bundle/report.ts";
import { type Report, verifyBundle } from "../../shared/bundle/verify.ts";
import { parsePublicKey } from "../../shared/crypto/public-key.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { defineCommand, type Output } from "../command.ts";
import { hashArtifact } from "./artifact.ts";
import { FLAGS, type Options, readOptions } from "./options.ts";
import { reportText } from "./report.ts";
import { findTrustedRoot } from "./trust.ts";

const EXIT_CODES = { good: 0, bad: 1, "could not tell": 2 } as const;

export const VERIFY = defineCommand({
  name: "verify",
  summary: "verify a file with its bundle, and report each comparison",
  usage: ["verify FILE --identity WHO --issuer URL (--url URL | --trusted-root FILE) [options]"],
  description: [
    "Verifies a Sigstore bundle: signature, certificate, timestamps, log entry with its proof, and who signed. Prints a line for each comparison and its outcome. Takes bundles of versions 0.1, 0.2 and 0.3, of this service and of others.",
    "Nothing about the file leaves this machine.",
  ],
  arguments: [{ name: "FILE", description: "The signed file, or its digest as sha256:HEX." }],
  flags: FLAGS,
  json: "Print one JSON object on standard output.",
  examples: [
    {
      title: "Verify a file that a person signed",
      command:
        "npx sigedge verify app.tar.gz --identity alice@example.com --issuer https://sign.example.com/oidc --url https://sign.example.com",
    },
    {
      title: "Verify offline, with a trusted root that was saved before",
      command:
        "npx sigedge verify app.tar.gz --bundle app.sigstore.json --identity alice@example.com --issuer https://sign.example.com/oidc --trusted-root trusted_root.json",
    },
    {
      title: "Verify a bundle that was signed with a key",
      command: "npx sigedge verify app.tar.gz --key cosign.pub --trusted-root trusted_root.json",
    },
  ],
  exitCodes: {
    0: "The bundle is good: everything was compared and is as expected.",
    1: "The bundle is bad: a comparison failed.",
    2: "Could not tell: a trusted root or something else that a verdict needs is missing, or the arguments are wrong.",
  },
  failureCode: EXIT_CODES["could not tell"],
  read: readOptions,
  run: runVerify,
});

async function runVerify(options: Options, output: Output): Promise<Result<number, string>> {
  const trust = await findTrustedRoot(options.trust);
  if (!trust.ok) return trust;
  const { artifact } = options;
  const subject: Subject = {
    artifact: artifact.kind === "file" ? artifact.path : "the artifact",
    bundle: options.bundle,
    trust: trust.value.origin,
  };
  const report = await makeReport(options, trust.value.root);
  if (!report.ok) return report;
  output.result(reportJson(report.value, subject), reportText(report.value, subject));
  return ok(EXIT_CODES[report.value.verdict]);
}

async function makeReport(
  { artifact, bundle: path, signer, witnesses }: Options,
  root: Parameters<typeof verifyBundle>[1]["root"],
): Promise<Result<Report, string>> {
  const bundle = readBundle(path);
  if (!bundle.ok) return bundle;
  if ("verdict" in bundle.value) return ok(bundle.value);
  const key = signer.kind === "key" ? parsePublicKey(signer.spki) : null;
  const algorithms = hashesOf(bundle.value, key?.ok === true ? key.value : null);
  const digests = await hashArtifact(artifact, algorithms);
  if (!digests.ok) return digests;
  return ok(await verifyBundle(bundle.value, { root, artifact: digests.value, signer, witnesses }));
}

/** A file that is no bundle is a bad bundle: whoever sent it has signed nothing. */
function readBundle(path: string): Result<Bundle | Report, string> {
  if (!statSync(path).isFile()) return err(`${path} is not a file`);
  if (statSync(path).size > MAX_BUNDLE_BYTES) return err(`${path} is larger than ${MAX_BUNDLE_BYTES} bytes`);
  const bundle = parseBundle(readFileSync(path));
  if (bundle.ok) return bundle;
  return ok({
    verdict: "bad",
    checks: [reportFailure("bundle", `the bundle ${bundle.error.reason}`)],
    signer: null,
    times: [],
  });
}
