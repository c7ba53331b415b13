// SPDX-License-Identifier: Apache-2.0
// One bundle of entries: taken apart, hashed, and each entry checked. What costs the audit its time, so it runs in worker
// threads; it knows the bundle alone and nothing of the tree.

import { concat } from "../../shared/bytes/bytes.ts";
import { decodeTileLeaves, encodeMerkleTreeLeaf, type TileLeaf } from "../../shared/ct/leaf.ts";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { decodeEntryBundle } from "../../shared/tlog/entries.ts";
import { leafHash } from "../../shared/tlog/hash.ts";
import { checkChain, leafProblem } from "./certificate-entry.ts";
import type { Finding } from "./findings.ts";
import type { Issuers } from "./issuers.ts";
import { checkRekorEntry, type EntryVerdict } from "./rekor-entry.ts";

/** What is the same for all bundles of an audit. */
export interface CheckSettings {
  readonly kind: LogKind;
  /** Whether signatures and chains are verified, or forms and hashes alone. */
  readonly verifies: boolean;
  /** Of a certificate log: when its tree head was signed, null if that is not known. */
  readonly headTimestamp: number | null;
}

export interface BundleTask {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Index of its first entry. */
  readonly firstIndex: number;
  /** How many entries it must hold. */
  readonly servedWidth: number;
  /** How many of them the audited tree has. */
  readonly width: number;
}

export interface BundleCheck {
  /** `width` hashes of 32 bytes, or nothing if the bundle is malformed. */
  readonly leafHashes: Uint8Array;
  readonly verified: number;
  /** Of a form that is known, but not verified. */
  readonly unverified: number;
  readonly unknown: number;
  /** The first entry of no known kind. */
  readonly firstUnknown: number | null;
  readonly findings: readonly Finding[];
}

interface DecodedEntry {
  /** What its leaf hash covers. */
  readonly hashed: Uint8Array;
  readonly check: (leafIndex: number) => Promise<EntryVerdict | { readonly kind: "open"; readonly finding: Finding }>;
}

/** Checks a bundle; does not reject for anything that a log can serve. */
export async function checkBundle(
  { path, bytes, firstIndex, servedWidth, width }: BundleTask,
  settings: CheckSettings,
  issuers: Issuers,
): Promise<BundleCheck> {
  const decoded = DECODERS[settings.kind](bytes, settings, issuers);
  if (typeof decoded === "string") return malformed(path, decoded);
  if (decoded.length !== servedWidth) return malformed(path, `${decoded.length} entries where ${servedWidth} are due`);
  const entries = decoded.slice(0, width);
  const tally = new Tally();
  for (const [i, entry] of entries.entries()) tally.count(firstIndex + i, await entry.check(firstIndex + i));
  return { leafHashes: concat(...entries.map(({ hashed }) => leafHash(hashed))), ...tally.result };
}

const malformed = (path: string, reason: string): BundleCheck => ({
  ...new Tally().result,
  leafHashes: new Uint8Array(0),
  findings: [{ code: "bundle_malformed", path, reason }],
});

/** The entries, or what is wrong with the bundle. */
const DECODERS: Readonly<
  Record<LogKind, (bytes: Uint8Array, settings: CheckSettings, issuers: Issuers) => readonly DecodedEntry[] | string>
> = { signature: decodeSignatures, certificate: decodeLeaves };

function decodeSignatures(bytes: Uint8Array, { verifies }: CheckSettings): readonly DecodedEntry[] | string {
  const decoded = decodeEntryBundle(bytes);
  if (!decoded.ok) return FORMS[decoded.error.code];
  return decoded.value.map((body) => ({ hashed: body, check: () => checkRekorEntry(body, verifies) }));
}

function decodeLeaves(bytes: Uint8Array, settings: CheckSettings, issuers: Issuers): readonly DecodedEntry[] | string {
  const decoded = decodeTileLeaves(bytes);
  if (!decoded.ok) return FORMS[decoded.error.code];
  return decoded.value.map((leaf) => ({
    hashed: encodeMerkleTreeLeaf(leaf.entry),
    check: (leafIndex) => checkLeaf(leaf, leafIndex, settings, issuers),
  }));
}

const FORMS = {
  bytes_truncated: "it ends within an entry",
  bytes_trailing: "it does not end with an entry",
  bytes_integer_too_large: "an entry has a number beyond 2^53",
  bundle_too_long: "more than 256 entries",
  tile_leaf_invalid: "an entry is not a TileLeaf",
} as const;

async function checkLeaf(
  leaf: TileLeaf,
  leafIndex: number,
  { verifies, headTimestamp }: CheckSettings,
  issuers: Issuers,
): Promise<EntryVerdict | { readonly kind: "open"; readonly finding: Finding }> {
  const problem = leafProblem(leaf, { leafIndex, headTimestamp });
  if (problem !== null) return { kind: "invalid", reason: problem };
  return verifies ? await checkChain(leaf, issuers) : { kind: "unverified" };
}

type Verdict = Awaited<ReturnType<DecodedEntry["check"]>>;

class Tally {
  readonly #counts = { verified: 0, unverified: 0, unknown: 0 };
  readonly #findings: Finding[] = [];
  #firstUnknown: number | null = null;

  count(leafIndex: number, verdict: Verdict): void {
    if (verdict.kind === "invalid") this.#findings.push({ code: "entry_invalid", leafIndex, reason: verdict.reason });
    else if (verdict.kind === "open") this.#findings.push(verdict.finding);
    else this.#counts[verdict.kind]++;
    if (verdict.kind === "unknown") this.#firstUnknown ??= leafIndex;
  }

  get result(): Omit<BundleCheck, "leafHashes"> {
    return { ...this.#counts, firstUnknown: this.#firstUnknown, findings: this.#findings };
  }
}
