// SPDX-License-Identifier: Apache-2.0
// The services that a deployment offers to signers, from its signing config.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (SigningConfig)

import { parseTrustedRoot, type TrustedRoot } from "../../shared/bundle/trusted-root.ts";
import { items, member } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";
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
  const log = findLog(parsePlainJson(files.get("signing_config.json") ?? ""));
  if (log === null) return err(`${url} offers no signature log (Rekor v2) to write to`);
  const root = parseTrustedRoot(Buffer.from(files.get("trusted_root.json") ?? ""));
  if (!root.ok) return err(`the trusted root of ${url} ${root.error.reason}`);
  return ok({ ca: trust.value.url, tsa: timestampUrl, log, provider, root: root.value });
}

/** The log of Rekor v2 that began last, of those that are valid now. */
function findLog(config: unknown): string | null {
  const now = Date.now();
  const valid = items(config, "rekorTlogUrls")
    .filter((row) => member(row, "majorApiVersion") === 2)
    .filter((row) => timeOf(row, "start", 0) <= now && now <= timeOf(row, "end", Number.POSITIVE_INFINITY))
    .toSorted((a, b) => timeOf(b, "start", 0) - timeOf(a, "start", 0));
  const url = member(valid[0], "url");
  return typeof url === "string" && /^https?:\/\//.test(url) ? url.replace(/\/$/, "") : null;
}

function timeOf(row: unknown, end: "start" | "end", absent: number): number {
  const time = Date.parse(String(member(member(row, "validFor"), end)));
  return Number.isNaN(time) ? absent : time;
}
