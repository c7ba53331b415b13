// SPDX-License-Identifier: Apache-2.0
// Reads from the service of a signature log what its leaves do not hold: from the sidecar of a full bundle, and for the
// tail, which has none yet, from its entries one by one.

import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { member } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { decodeSidecar, MAX_SIDECAR_BYTES, readSidecarLine, type SidecarLine } from "../../shared/rekor/sidecar.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { TILE_WIDTH } from "../../shared/tlog/tile.ts";
import type { LogSource } from "./log-source.ts";
import { entryUrlPath, type NamedLog, sidecarUrlPath } from "./paths.ts";

/** Why lines could not be read. `path` is below the URL of the service. */
export type LinesProblem = { readonly path: string } & (
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly reason: string }
  | { readonly kind: "malformed" }
);

const MAX_ENTRY_BYTES = 1024 * 1024;
/** Concurrent requests for entries of the tail. Each costs the log a proof. */
const ENTRIES_AT_ONCE = 8;

/** A bundle, and which of its entries are read. */
interface BundlePart {
  readonly bundle: number;
  /** The place of the first one in the bundle; 0 unless it is given. */
  readonly from?: number;
  /** The place after the last one. */
  readonly width: number;
}

/** Reads the lines of entries of a bundle of a log. */
export async function readSidecarLines(
  service: LogSource,
  log: NamedLog,
  { bundle, from = 0, width }: BundlePart,
): Promise<Result<readonly SidecarLine[], LinesProblem>> {
  const path = sidecarUrlPath(bundle, log);
  const sidecar = width < TILE_WIDTH ? null : await service.read(path, MAX_SIDECAR_BYTES);
  if (sidecar?.kind === "unreadable") return err({ ...sidecar, path });
  if (sidecar?.kind === "found") {
    const lines = decodeSidecar(sidecar.bytes, width);
    return lines === null ? err({ path, kind: "malformed" }) : ok(lines.slice(from));
  }
  const lines: SidecarLine[] = [];
  for (let at = from; at < width; at += ENTRIES_AT_ONCE) {
    const some = Array.from({ length: Math.min(ENTRIES_AT_ONCE, width - at) }, (_, i) =>
      readEntryLine(service, entryUrlPath(bundle * TILE_WIDTH + at + i, log.name)),
    );
    for (const line of await Promise.all(some)) {
      if (!line.ok) return line;
      lines.push(line.value);
    }
  }
  return ok(lines);
}

/** Reads one entry of the tail. `/api/entries` has the members of a sidecar's line. */
async function readEntryLine(service: LogSource, path: string): Promise<Result<SidecarLine, LinesProblem>> {
  const json = await service.read(path, MAX_ENTRY_BYTES);
  if (json.kind === "missing") return err({ path, kind: json.kind });
  if (json.kind === "unreadable") return err({ path, ...json });
  const parsed = parseJson(json.bytes);
  const entry = parsed.ok ? parsed.value : null;
  const stored = { timestamp: member(entry, "timestampMs") ?? null, hints: member(entry, "hints") ?? null };
  const line = readSidecarLine(encodeUtf8(JSON.stringify(stored)), 0);
  return line === null ? err({ path, kind: "malformed" }) : ok(line);
}

/** Describes a problem in one line that starts with the path. */
export function describeProblem(problem: LinesProblem): string {
  if (problem.kind === "missing") return `${problem.path} is missing`;
  if (problem.kind === "unreadable") return `${problem.path} cannot be read (${problem.reason})`;
  return `${problem.path} has a format that this version does not support`;
}
