// SPDX-License-Identifier: Apache-2.0
// The services that a deployment offers to signers, from its signing config.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (SigningConfig)

import { findServices } from "../../shared/bundle/services.ts";
import { parseTrustedRoot, type TrustedRoot } from "../../shared/bundle/trusted-root.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMs } from "../../shared/time.ts";
import { parsePlainJson } from "../status/plain-text.ts";
import { readTrustFromUrl } from "../trust/files.ts";

/** The addresses that a signer needs. */
export interface Services {
  readonly ca: string;
  readonly tsa: string;
  /** The signature log to write to. */
  readonly log: string;
  /** The provider at which people sign in; null if tokens come from elsewhere. */
  readonly provider: string | null;
  readonly root: TrustedRoot;
}

/** Reads the services of a deployment. The error is a line for the person. */
export async function readServices(url: string): Promise<Result<Services, string>> {
  const trust = await readTrustFromUrl(url);
  if (!trust.ok) return trust;
  const { files, provider, timestampUrl } = trust.value;
  const { log } = findServices(parsePlainJson(files.get("signing_config.json") ?? ""), unixMs(Date.now()));
  if (log === null) return err(`${url} offers no signature log (Rekor v2) to write to`);
  const root = parseTrustedRoot(Buffer.from(files.get("trusted_root.json") ?? ""));
  if (!root.ok) return err(`the trusted root of ${url} ${root.error.reason}`);
  return ok({ ca: trust.value.url, tsa: timestampUrl, log: log.replace(/\/$/, ""), provider, root: root.value });
}
