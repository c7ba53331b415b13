// SPDX-License-Identifier: Apache-2.0
// The findings of an audit. Each is either damage, evidence that the log is not what it claims to be, or a gap, which
// leaves the question open.

import { isCount, isTexts, member } from "../../shared/json/member.ts";

/** Evidence: an honest log that is served completely never shows it. */
type Damage =
  | { readonly code: "checkpoint_invalid"; readonly reason: string }
  | { readonly code: "checkpoint_origin_wrong"; readonly expected: string; readonly found: string }
  /** No line was signed by a trusted key. */
  | { readonly code: "checkpoint_unsigned"; readonly keys: readonly string[] }
  | { readonly code: "checkpoint_signature_wrong"; readonly key: string }
  | { readonly code: "cosignature_wrong"; readonly key: string }
  | { readonly code: "tree_shrunk"; readonly auditedSize: number; readonly size: number }
  /** The first `auditedSize` entries do not give the root that was audited before. */
  | { readonly code: "tree_forked"; readonly auditedSize: number; readonly auditedRoot: string; readonly root: string }
  | { readonly code: "root_wrong"; readonly size: number; readonly rebuilt: string; readonly signed: string }
  /** The hash at `position` of a tile is not the hash rebuilt from the level below. */
  | { readonly code: "tile_wrong"; readonly path: string; readonly position: number }
  | { readonly code: "tile_malformed"; readonly path: string; readonly bytes: number; readonly expectedBytes: number }
  | { readonly code: "bundle_malformed"; readonly path: string; readonly reason: string }
  /** The entry is not the one whose hash is in the tree. */
  | { readonly code: "entry_not_in_tree"; readonly path: string; readonly leafIndex: number }
  | { readonly code: "entry_invalid"; readonly leafIndex: number; readonly reason: string }
  | { readonly code: "issuer_wrong"; readonly path: string }
  /** Two entries say the same. Sigedge logs it once. */
  | { readonly code: "entry_repeated"; readonly leafIndex: number; readonly earlier: number }
  /** In ms. An entry is older than the one before it. */
  | { readonly code: "time_went_back"; readonly leafIndex: number; readonly time: number; readonly before: number }
  /** A certificate was logged before its CA can have issued it. */
  | {
      readonly code: "time_before_certificate";
      readonly leafIndex: number;
      readonly time: number;
      readonly notBefore: number;
    }
  | { readonly code: "hints_invalid"; readonly leafIndex: number }
  | { readonly code: "sidecar_malformed"; readonly path: string }
  /** An earlier audit read other times or hints. A log writes them once. */
  | { readonly code: "sidecar_changed"; readonly path: string }
  /** The write policy forbids the entry. */
  | { readonly code: "entry_refused"; readonly leafIndex: number; readonly reason: string }
  /** The CA's key, or that of its root, was retired before the entry was logged. */
  | {
      readonly code: "entry_after_retirement";
      readonly leafIndex: number;
      readonly time: number;
      readonly retiredAt: number;
    }
  /** RFC 6962 §3.5: the head of another tree MUST have a more recent time. */
  | { readonly code: "head_not_newer"; readonly timestamp: number; readonly before: number }
  | { readonly code: "head_after_retirement"; readonly key: string; readonly timestamp: number; readonly end: number };

/** No evidence either way: an honest log behind a broken cache looks the same. */
type Gap =
  | { readonly code: "resource_missing"; readonly path: string }
  | { readonly code: "resource_unreadable"; readonly path: string; readonly reason: string }
  /** The log's clock or this machine's is wrong. */
  | { readonly code: "time_in_future"; readonly leafIndex: number | null; readonly time: number };

export type Finding = Damage | Gap;

const GAPS: ReadonlySet<Finding["code"]> = new Set(["resource_missing", "resource_unreadable", "time_in_future"]);

/** Whether a finding proves nothing. */
export const isGap = (finding: Finding): finding is Gap => GAPS.has(finding.code);

type TextOf = { readonly [C in Finding["code"]]: (finding: Extract<Finding, { readonly code: C }>) => string };

const TEXTS: TextOf = {
  checkpoint_invalid: ({ reason }) => `the checkpoint is malformed (${reason})`,
  checkpoint_origin_wrong: ({ expected, found }) =>
    `the checkpoint belongs to another log: its origin is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}` +
    (expected.replace(/:\d+$/, "") === found ? "; the origin of a signature log has no port (docs/log.md)" : ""),
  checkpoint_unsigned: ({ keys }) => `the checkpoint has no signature of a trusted key (${keys.join(", ")})`,
  checkpoint_signature_wrong: ({ key }) => `the checkpoint's signature by ${key} is wrong`,
  cosignature_wrong: ({ key }) => `the cosignature by ${key} is wrong`,
  tree_shrunk: ({ auditedSize, size }) =>
    `the tree has ${size} entries, but had ${auditedSize} at an earlier audit: entries are gone`,
  tree_forked: ({ auditedSize, auditedRoot, root }) =>
    `the first ${auditedSize} entries have the root ${root}, but had ${auditedRoot} at an earlier audit: history was rewritten`,
  root_wrong: ({ size, rebuilt, signed }) =>
    `the ${size} entries have the root ${rebuilt}, but the checkpoint signs ${signed}`,
  tile_wrong: ({ path, position }) => `${path}: hash ${position} does not match the level below`,
  tile_malformed: ({ path, bytes, expectedBytes }) => `${path}: ${bytes} bytes instead of ${expectedBytes}`,
  bundle_malformed: ({ path, reason }) => `${path}: ${reason}`,
  entry_not_in_tree: ({ path, leafIndex }) => `${path}: entry ${leafIndex} is not the one whose hash is in the tree`,
  entry_invalid: ({ leafIndex, reason }) => `entry ${leafIndex}: ${reason}`,
  issuer_wrong: ({ path }) => `${path}: the file is not the certificate with this SHA-256`,
  entry_repeated: ({ leafIndex, earlier }) =>
    `entry ${leafIndex} says the same as entry ${earlier}, which is logged already`,
  time_went_back: ({ leafIndex, time, before }) =>
    `entry ${leafIndex} has the time ${date(time)}, but an entry before it has ${date(before)}`,
  time_before_certificate: ({ leafIndex, time, notBefore }) =>
    `entry ${leafIndex} has the time ${date(time)}, but its certificate was issued at ${date(notBefore)}`,
  hints_invalid: ({ leafIndex }) => `entry ${leafIndex}: its hints are not those of any attestation`,
  sidecar_malformed: ({ path }) => `${path}: it does not have one line for each entry`,
  sidecar_changed: ({ path }) => `${path}: its times and hints are not those of an earlier audit`,
  entry_refused: ({ leafIndex, reason }) => `entry ${leafIndex}: the write policy forbids it: ${reason}`,
  entry_after_retirement: ({ leafIndex, time, retiredAt }) =>
    `entry ${leafIndex} was logged at ${date(time)} under a CA whose key was retired at ${date(retiredAt)}`,
  head_not_newer: ({ timestamp, before }) =>
    `the checkpoint was signed at ${date(timestamp)}, but that of another tree was signed at ${date(before)}`,
  head_after_retirement: ({ key, timestamp, end }) =>
    `the checkpoint was signed at ${date(timestamp)} by ${key}, which the trusted root trusts until ${date(end)}`,
  time_in_future: ({ leafIndex, time }) =>
    `${leafIndex === null ? "the checkpoint" : `entry ${leafIndex}`} has the time ${date(time)}: the clock of the log is wrong, or that of this machine`,
  resource_missing: ({ path }) => `${path}: missing (404)`,
  resource_unreadable: ({ path, reason }) => `${path}: unreadable (${reason})`,
};

/** A log may claim any time, also one that Date cannot hold. */
const LAST_DATE_MS = 253_402_300_799_999;
const date = (time: number): string => (time > LAST_DATE_MS ? `${time} ms` : new Date(time).toISOString());

/** Describes a finding in one line. */
export function describeFinding(finding: Finding): string {
  // The table's type pairs each code with its own arm, which an index by a union of codes cannot express.
  const describe = TEXTS[finding.code] as (finding: Finding) => string;
  return describe(finding);
}

/** The shape of each member of a finding, for the state that keeps findings. */
type Shape = "text" | "number" | "texts" | "number or null";

const SHAPES: {
  readonly [C in Finding["code"]]: {
    readonly [K in Exclude<keyof Extract<Finding, { readonly code: C }>, "code">]: Shape;
  };
} = {
  checkpoint_invalid: { reason: "text" },
  checkpoint_origin_wrong: { expected: "text", found: "text" },
  checkpoint_unsigned: { keys: "texts" },
  checkpoint_signature_wrong: { key: "text" },
  cosignature_wrong: { key: "text" },
  tree_shrunk: { auditedSize: "number", size: "number" },
  tree_forked: { auditedSize: "number", auditedRoot: "text", root: "text" },
  root_wrong: { size: "number", rebuilt: "text", signed: "text" },
  tile_wrong: { path: "text", position: "number" },
  tile_malformed: { path: "text", bytes: "number", expectedBytes: "number" },
  bundle_malformed: { path: "text", reason: "text" },
  entry_not_in_tree: { path: "text", leafIndex: "number" },
  entry_invalid: { leafIndex: "number", reason: "text" },
  issuer_wrong: { path: "text" },
  entry_repeated: { leafIndex: "number", earlier: "number" },
  time_went_back: { leafIndex: "number", time: "number", before: "number" },
  time_before_certificate: { leafIndex: "number", time: "number", notBefore: "number" },
  hints_invalid: { leafIndex: "number" },
  sidecar_malformed: { path: "text" },
  sidecar_changed: { path: "text" },
  entry_refused: { leafIndex: "number", reason: "text" },
  entry_after_retirement: { leafIndex: "number", time: "number", retiredAt: "number" },
  head_not_newer: { timestamp: "number", before: "number" },
  head_after_retirement: { key: "text", timestamp: "number", end: "number" },
  resource_missing: { path: "text" },
  resource_unreadable: { path: "text", reason: "text" },
  time_in_future: { leafIndex: "number or null", time: "number" },
};

const IS_OF_SHAPE: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  number: isCount,
  texts: isTexts,
  "number or null": (value) => value === null || isCount(value),
};

/** Whether a stored value is a finding. */
export function isFinding(json: unknown): json is Finding {
  const code = member(json, "code");
  if (typeof code !== "string" || !Object.hasOwn(SHAPES, code)) return false;
  const shapes: Readonly<Record<string, Shape>> = SHAPES[code as Finding["code"]];
  return Object.entries(shapes).every(([name, shape]) => IS_OF_SHAPE[shape](member(json, name)));
}

/** The most findings that a report lists. The rest are counted: every entry of a log can be wrong. */
const MAX_LISTED = 200;

/** The listed findings, and the numbers of all. */
export interface FindingsSummary {
  readonly listed: readonly Finding[];
  readonly damages: number;
  readonly gaps: number;
}

const isSame = (a: Finding, b: Finding): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Collects findings, each once, and counts those beyond MAX_LISTED. */
export class Findings {
  readonly #listed: Finding[];
  #damages: number;
  #gaps: number;

  constructor({ listed, damages, gaps }: FindingsSummary = { listed: [], damages: 0, gaps: 0 }) {
    this.#listed = [...listed];
    this.#damages = damages;
    this.#gaps = gaps;
  }

  add(...findings: readonly Finding[]): void {
    for (const finding of findings) {
      // Every entry below an issuer reports it, in every thread; a continued audit finds again what it kept.
      if (this.#listed.some((known) => isSame(known, finding))) continue;
      if (isGap(finding)) this.#gaps++;
      else this.#damages++;
      if (this.#listed.length < MAX_LISTED) this.#listed.push(finding);
    }
  }

  get summary(): FindingsSummary {
    return { listed: [...this.#listed], damages: this.#damages, gaps: this.#gaps };
  }
}
