// SPDX-License-Identifier: Apache-2.0
// The findings of an audit. Each is either damage, evidence that the log is not what it claims to be, or a gap, which
// leaves the question open.

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
  | { readonly code: "issuer_wrong"; readonly path: string };

/** No evidence either way: an honest log behind a broken cache looks the same. */
type Gap =
  | { readonly code: "resource_missing"; readonly path: string }
  | { readonly code: "resource_unreadable"; readonly path: string; readonly reason: string };

export type Finding = Damage | Gap;

const GAPS: ReadonlySet<Finding["code"]> = new Set(["resource_missing", "resource_unreadable"]);

/** Whether a finding proves nothing. */
export const isGap = (finding: Finding): finding is Gap => GAPS.has(finding.code);

type TextOf = { readonly [C in Finding["code"]]: (finding: Extract<Finding, { readonly code: C }>) => string };

const TEXTS: TextOf = {
  checkpoint_invalid: ({ reason }) => `the checkpoint is malformed (${reason})`,
  checkpoint_origin_wrong: ({ expected, found }) =>
    `the checkpoint belongs to another log: its origin is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`,
  checkpoint_unsigned: ({ keys }) => `the checkpoint has no signature of a trusted key (${keys.join(", ")})`,
  checkpoint_signature_wrong: ({ key }) => `the checkpoint's signature by ${key} is wrong`,
  cosignature_wrong: ({ key }) => `the cosignature by ${key} is wrong`,
  tree_shrunk: ({ auditedSize, size }) =>
    `the tree has ${size} entries, but had ${auditedSize} at the last audit: entries are gone`,
  tree_forked: ({ auditedSize, auditedRoot, root }) =>
    `the first ${auditedSize} entries have the root ${root}, but had ${auditedRoot} at the last audit: history was rewritten`,
  root_wrong: ({ size, rebuilt, signed }) =>
    `the ${size} entries have the root ${rebuilt}, but the checkpoint signs ${signed}`,
  tile_wrong: ({ path, position }) => `${path}: hash ${position} does not match the level below`,
  tile_malformed: ({ path, bytes, expectedBytes }) => `${path}: ${bytes} bytes instead of ${expectedBytes}`,
  bundle_malformed: ({ path, reason }) => `${path}: ${reason}`,
  entry_not_in_tree: ({ path, leafIndex }) => `${path}: entry ${leafIndex} is not the one whose hash is in the tree`,
  entry_invalid: ({ leafIndex, reason }) => `entry ${leafIndex}: ${reason}`,
  issuer_wrong: ({ path }) => `${path}: the file is not the certificate with this SHA-256`,
  resource_missing: ({ path }) => `${path}: missing (404)`,
  resource_unreadable: ({ path, reason }) => `${path}: unreadable (${reason})`,
};

/** Describes a finding in one line. */
export function describeFinding(finding: Finding): string {
  // The table's type pairs each code with its own arm, which an index by a union of codes cannot express.
  const describe = TEXTS[finding.code] as (finding: Finding) => string;
  return describe(finding);
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
      // Every entry below an issuer reports it, in every thread.
      if ("path" in finding && this.#listed.some((known) => isSame(known, finding))) continue;
      if (isGap(finding)) this.#gaps++;
      else this.#damages++;
      if (this.#listed.length < MAX_LISTED) this.#listed.push(finding);
    }
  }

  get summary(): FindingsSummary {
    return { listed: [...this.#listed], damages: this.#damages, gaps: this.#gaps };
  }
}
