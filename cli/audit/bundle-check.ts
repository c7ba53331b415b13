// SPDX-License-Identifier: Apache-2.0
// Decodes one bundle of entries, hashes it and checks each entry. This is the expensive part of an audit, so it runs
// in worker threads. Knows the bundle only, not the tree.

import { sha256 } from "#sha256";
import { concat } from "../../shared/bytes/bytes.ts";
import { decodeTileLeaves, encodeMerkleTreeLeaf, type TileLeaf } from "../../shared/ct/leaf.ts";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { arePossible } from "../../shared/rekor/hints.ts";
import type { SidecarLine } from "../../shared/rekor/sidecar.ts";
import type { Credential } from "../../shared/rekor/verify.ts";
import { decodeEntryBundle } from "../../shared/tlog/entries.ts";
import { leafHash } from "../../shared/tlog/hash.ts";
import type { Finding } from "../served-log/findings.ts";
import type { BundleTask, CheckedBundle } from "../served-log/tree.ts";
import { checkChain, leafProblem } from "./certificate-entry.ts";
import { certificateIdentity, signatureIdentity } from "./entry-identity.ts";
import { type AuditPolicy, judgeCertificate, judgeSignature } from "./entry-policy.ts";
import type { Issuers } from "./issuers.ts";
import { type EntryVerdict, judgeRekorEntry, judgeRekorV1Entry } from "./rekor-entry.ts";

/** The settings of an audit, the same for all bundles. */
export interface CheckSettings {
  readonly kind: LogKind;
  /** Whether to verify signatures and chains, or only formats and hashes. */
  readonly verifies: boolean;
  /** When the tree head of a certificate log was signed; null if that is unknown. */
  readonly headTimestamp: number | null;
  /** Who may write; null if nothing is known about it. */
  readonly policy: AuditPolicy | null;
}

/** The result of checking a bundle. */
export interface BundleCheck extends CheckedBundle {
  /**
   * An identity of 32 bytes for each entry (entry-identity.ts); zeros for an entry that is not compared with others.
   */
  readonly identities: Uint8Array;
  /** When each entry was logged, in ms; null if that is unknown. */
  readonly times: readonly (number | null)[];
  readonly verified: number;
  /** Entries of a known kind that were not verified. */
  readonly unverified: number;
  readonly unknown: number;
  /** The index of the first entry of an unknown kind. */
  readonly firstUnknown: number | null;
}

/** The result of checking one entry. */
interface Judged {
  readonly verdict: Verdict;
  readonly identity: Uint8Array | null;
  readonly time: number | null;
  /** Further findings. */
  readonly findings: readonly Finding[];
}

interface DecodedEntry {
  /** The bytes that the leaf hash covers. */
  readonly hashed: Uint8Array;
  readonly judge: () => Promise<Judged>;
}

/** Checks a bundle. Does not reject, whatever the log serves. */
export async function checkBundle(task: BundleTask, settings: CheckSettings, issuers: Issuers): Promise<BundleCheck> {
  const { path, firstIndex, servedWidth, width } = task;
  const decoded = DECODERS[settings.kind](task, settings, issuers);
  if (typeof decoded === "string") return rejectMalformed(path, decoded);
  if (decoded.length !== servedWidth)
    return rejectMalformed(path, `it has ${decoded.length} entries, not ${servedWidth}`);
  const entries = decoded.slice(0, width);
  const tally = new Tally();
  for (const [i, entry] of entries.entries()) tally.count(firstIndex + i, await entry.judge());
  return { leafHashes: concat(...entries.map(({ hashed }) => leafHash(hashed))), ...tally.result };
}

const rejectMalformed = (path: string, reason: string): BundleCheck => ({
  ...new Tally().result,
  leafHashes: new Uint8Array(0),
  findings: [{ code: "bundle_malformed", path, reason }],
});

type Decoder = (task: BundleTask, settings: CheckSettings, issuers: Issuers) => readonly DecodedEntry[] | string;

/** Decodes the entries; a string says what is wrong with the bundle. */
const DECODERS: Readonly<Record<LogKind, Decoder>> = {
  signature: decodeBodies(judgeBody),
  certificate: decodeLeaves,
  "rekor-v1": decodeBodies(judgeV1Body),
};

interface BodyPlace {
  readonly leafIndex: number;
  readonly line: SidecarLine | null;
}

function decodeBodies(
  judge: (body: Uint8Array, place: BodyPlace, settings: CheckSettings) => Promise<Judged>,
): Decoder {
  return (task, settings) => {
    const decoded = decodeEntryBundle(task.bytes);
    if (!decoded.ok) return DECODE_PROBLEMS[decoded.error.code];
    return decoded.value.map((body, i) => ({
      hashed: body,
      judge: () => judge(body, { leafIndex: task.firstIndex + i, line: task.lines?.[i] ?? null }, settings),
    }));
  };
}

async function judgeBody(body: Uint8Array, place: BodyPlace, settings: CheckSettings): Promise<Judged> {
  const { verdict, candidate } = await judgeRekorEntry(body, settings.verifies);
  const findings = await judgeSigned(candidate === null ? [] : [candidate.credential], place, settings);
  const identity = candidate === null ? null : signatureIdentity(candidate);
  return { verdict, identity, time: place.line?.timestamp ?? null, findings };
}

async function judgeV1Body(body: Uint8Array, place: BodyPlace, settings: CheckSettings): Promise<Judged> {
  const { verdict, signers } = await judgeRekorV1Entry(body, settings.verifies);
  const findings = await judgeSigned(signers, place, settings);
  return { verdict, identity: sha256(body), time: place.line?.timestamp ?? null, findings };
}

async function judgeSigned(
  signers: readonly Credential[],
  { leafIndex, line }: BodyPlace,
  { policy }: CheckSettings,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  if (line !== null && line.hints !== null && !arePossible(line.hints)) {
    findings.push({ code: "hints_invalid", leafIndex });
  }
  if (policy === null) return findings;
  const time = line?.timestamp ?? null;
  for (const signer of signers) findings.push(...(await judgeSignature(policy, signer, { leafIndex, time })));
  return findings;
}

function decodeLeaves(task: BundleTask, settings: CheckSettings, issuers: Issuers): readonly DecodedEntry[] | string {
  const decoded = decodeTileLeaves(task.bytes);
  if (!decoded.ok) return DECODE_PROBLEMS[decoded.error.code];
  return decoded.value.map((leaf, i) => ({
    hashed: encodeMerkleTreeLeaf(leaf.entry),
    judge: () => judgeLeaf(leaf, task.firstIndex + i, settings, issuers),
  }));
}

async function judgeLeaf(
  leaf: TileLeaf,
  leafIndex: number,
  settings: CheckSettings,
  issuers: Issuers,
): Promise<Judged> {
  const { policy } = settings;
  const verdict = await checkLeaf(leaf, leafIndex, settings, issuers);
  const time = leaf.entry.timestamp;
  const findings = policy === null ? [] : await judgeCertificate(policy, leaf, { leafIndex, time });
  return { verdict, identity: certificateIdentity(leaf), time, findings };
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
): Promise<Verdict> {
  const problem = leafProblem(leaf, { leafIndex, headTimestamp });
  if (problem !== null) return { kind: "invalid", reason: problem };
  return verifies ? await checkChain(leaf, issuers) : { kind: "unverified" };
}

type Verdict = EntryVerdict | { readonly kind: "open"; readonly finding: Finding };

const NO_IDENTITY = new Uint8Array(32);

/** Counts the verdicts on the entries of a bundle. */
class Tally {
  readonly #counts = { verified: 0, unverified: 0, unknown: 0 };
  readonly #findings: Finding[] = [];
  readonly #identities: Uint8Array[] = [];
  readonly #times: (number | null)[] = [];
  #firstUnknown: number | null = null;

  count(leafIndex: number, { verdict, identity, time, findings }: Judged): void {
    if (verdict.kind === "invalid") this.#findings.push({ code: "entry_invalid", leafIndex, reason: verdict.reason });
    else if (verdict.kind === "open") this.#findings.push(verdict.finding);
    else this.#counts[verdict.kind]++;
    if (verdict.kind === "unknown") this.#firstUnknown ??= leafIndex;
    this.#findings.push(...findings);
    this.#identities.push(identity ?? NO_IDENTITY);
    this.#times.push(time);
  }

  get result(): Omit<BundleCheck, "leafHashes"> {
    const identities = concat(...this.#identities);
    const [times, findings] = [this.#times, this.#findings];
    return { ...this.#counts, identities, times, firstUnknown: this.#firstUnknown, findings };
  }
}
