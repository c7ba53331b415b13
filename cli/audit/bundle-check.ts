// SPDX-License-Identifier: Apache-2.0
// Decodes one bundle of entries, hashes it and checks each entry. This is the expensive part of an audit, so it runs
// in worker threads. Knows the bundle only, not the tree.

import { concat } from "../../shared/bytes/bytes.ts";
import { decodeTileLeaves, encodeMerkleTreeLeaf, type TileLeaf } from "../../shared/ct/leaf.ts";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { decodeEntryBundle } from "../../shared/tlog/entries.ts";
import { leafHash } from "../../shared/tlog/hash.ts";
import { checkChain, leafProblem } from "./certificate-entry.ts";
import type { Finding } from "./findings.ts";
import type { Issuers } from "./issuers.ts";
import { checkRekorEntry, type EntryVerdict } from "./rekor-entry.ts";

/** The settings of an audit, the same for all bundles. */
export interface CheckSettings {
  readonly kind: LogKind;
  /** Whether to verify signatures and chains, or only formats and hashes. */
  readonly verifies: boolean;
  /** When the tree head of a certificate log was signed; null if that is unknown. */
  readonly headTimestamp: number | null;
}

/** A bundle to check. */
export interface BundleTask {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** The index of its first entry. */
  readonly firstIndex: number;
  /** The number of entries that it must hold. */
  readonly servedWidth: number;
  /** The number of its entries in the audited tree. */
  readonly width: number;
}

/** The result of checking a bundle. */
export interface BundleCheck {
  /** `width` hashes of 32 bytes; empty if the bundle is malformed. */
  readonly leafHashes: Uint8Array;
  readonly verified: number;
  /** Entries of a known kind that were not verified. */
  readonly unverified: number;
  readonly unknown: number;
  /** The index of the first entry of an unknown kind. */
  readonly firstUnknown: number | null;
  readonly findings: readonly Finding[];
}

interface DecodedEntry {
  /** The bytes that the leaf hash covers. */
  readonly hashed: Uint8Array;
  readonly check: (leafIndex: number) => Promise<EntryVerdict | { readonly kind: "open"; readonly finding: Finding }>;
}

/** Checks a bundle. Does not reject, whatever the log serves. */
export async function checkBundle(
  { path, bytes, firstIndex, servedWidth, width }: BundleTask,
  settings: CheckSettings,
  issuers: Issuers,
): Promise<BundleCheck> {
  const decoded = DECODERS[settings.kind](bytes, settings, issuers);
  if (typeof decoded === "string") return rejectMalformed(path, decoded);
  if (decoded.length !== servedWidth)
    return rejectMalformed(path, `it has ${decoded.length} entries, not ${servedWidth}`);
  const entries = decoded.slice(0, width);
  const tally = new Tally();
  for (const [i, entry] of entries.entries()) tally.count(firstIndex + i, await entry.check(firstIndex + i));
  return { leafHashes: concat(...entries.map(({ hashed }) => leafHash(hashed))), ...tally.result };
}

const rejectMalformed = (path: string, reason: string): BundleCheck => ({
  ...new Tally().result,
  leafHashes: new Uint8Array(0),
  findings: [{ code: "bundle_malformed", path, reason }],
});

/** Decodes the entries; a string says what is wrong with the bundle. */
const DECODERS: Readonly<
  Record<LogKind, (bytes: Uint8Array, settings: CheckSettings, issuers: Issuers) => readonly DecodedEntry[] | string>
> = { signature: decodeSignatures, certificate: decodeLeaves };

function decodeSignatures(bytes: Uint8Array, { verifies }: CheckSettings): readonly DecodedEntry[] | string {
  const decoded = decodeEntryBundle(bytes);
  if (!decoded.ok) return DECODE_PROBLEMS[decoded.error.code];
  return decoded.value.map((body) => ({ hashed: body, check: () => checkRekorEntry(body, verifies) }));
}

function decodeLeaves(bytes: Uint8Array, settings: CheckSettings, issuers: Issuers): readonly DecodedEntry[] | string {
  const decoded = decodeTileLeaves(bytes);
  if (!decoded.ok) return DECODE_PROBLEMS[decoded.error.code];
  return decoded.value.map((leaf) => ({
    hashed: encodeMerkleTreeLeaf(leaf.entry),
    check: (leafIndex) => checkLeaf(leaf, leafIndex, settings, issuers),
  }));
}

const DECODE_PROBLEMS = {
  bytes_truncated: "it ends within an entry",
  bytes_trailing: "it does not end with an entry",
  bytes_integer_too_large: "an entry has a number beyond 2^53",
  bundle_too_long: "it has more than 256 entries",
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

/** Counts the verdicts on the entries of a bundle. */
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
