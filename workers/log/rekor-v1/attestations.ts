// SPDX-License-Identifier: Apache-2.0
// The attestation store of a Rekor v1 log: the payloads of intoto entries, beside the entries, of which each has the
// payload's hash only. In R2, by hash, written after the answer. A payload that is lost costs its own member of an
// answer, and the log nothing.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (LogEntry.attestation); pkg/api/entries.go

import { waitUntil } from "cloudflare:workers";
import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { type LogConfig, objectKey } from "../../../shared/logs/config.ts";
import type { ShownRecord } from "../../../shared/logs/kinds/kind.ts";
import { readStoredEntry } from "../../../shared/rekor-v1/stored.ts";
import type { Config } from "../env.ts";
import type { LogReader } from "../reading/log-reader.ts";
import { logFailure } from "../status.ts";

/** As the reference's --max_attestation_size: a larger payload is not kept. */
const MAX_ATTESTATION_BYTES = 100 * 1024;

const keyOf = (log: LogConfig, digest: string): string => objectKey(log, `attestations/${digest}`);

/** Keeps the payload of an entry that the log has now. An answer does not wait for it; a failure is logged. */
export function keepAttestation(
  request: Request,
  { attestations }: Config,
  log: LogConfig,
  payload: Uint8Array | undefined,
): void {
  if (payload === undefined || payload.length > MAX_ATTESTATION_BYTES) return;
  const key = keyOf(log, encodeHex(sha256(payload)));
  const work = attestations.create(key, payload).catch((error: unknown) => {
    logFailure(request, { code: `attestation_not_kept: ${String(error)}` }, "error");
  });
  // Lets the work finish after the request has ended.
  waitUntil(work);
}

/** The kind whose payloads are kept. No other entry is parsed for one: that costs as much as all else about it. */
const ATTESTED_KIND = "intoto";

/**
 * Reads the payload of an entry; null if its kind has none, or if it was not kept, is lost or damaged. Rejects if R2
 * fails.
 */
export async function readAttestation(
  { log, objects }: LogReader,
  { body, kindVersion }: ShownRecord,
): Promise<Uint8Array | null> {
  if (kindVersion.kind !== ATTESTED_KIND) return null;
  const digest = readStoredEntry(body)?.attestation?.replace(/^sha256:/, "");
  const payload = digest === undefined ? null : await objects.get(keyOf(log, digest));
  return payload !== null && encodeHex(sha256(payload)) === digest ? payload : null;
}
