// SPDX-License-Identifier: Apache-2.0
// Checks that a log of the trusted root has an entry: the promise of Rekor v1, the inclusion proof and the checkpoint.
// Spec: RFC 9162 §2.1.3.2; https://c2sp.org/tlog-checkpoint; github.com/sigstore/rekor (SignedEntryTimestamp)

import { encodeBase64 } from "../bytes/base64.ts";
import { equal } from "../bytes/bytes.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { verifyEd25519, verifyMessage } from "../crypto/verify-message.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../time.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { type CosignatureKey, isLineOf, verifyCosignature } from "../tlog/cosignature.ts";
import { leafHash } from "../tlog/hash.ts";
import { type Note, parseNote } from "../tlog/note.ts";
import { verifyInclusion } from "../tlog/proof.ts";
import { quote } from "./artifact.ts";
import { type Check, reportFailure, reportPass, reportUnasked, reportUnchecked } from "./check.ts";
import type { InclusionProof, LoggedEntry } from "./log-entry.ts";
import { formatWindow, isWithin, type TrustedLog } from "./trusted-root.ts";

/** The logs of the trusted root with the id that the entry names. */
export const logsOf = (entry: LoggedEntry, logs: readonly TrustedLog[]): readonly TrustedLog[] =>
  logs.filter(({ logId }) => equal(logId, entry.logId));

/** Checks the promise of Rekor v1, which also signs the time of the entry; null without one, as in Rekor v2. */
export async function checkPromise(
  entry: LoggedEntry,
  logs: readonly TrustedLog[],
): Promise<{ readonly check: Check; readonly time: UnixMs | null } | null> {
  const { promise, integratedTime } = entry;
  if (promise === null) return null;
  const time = integratedTime <= MAX_SECONDS ? unixMs(1000 * integratedTime) : null;
  if (time === null || integratedTime === 0) return reject("the promise has no time that can be written");
  const signed = encodePromise(entry);
  for (const { key, hash, window, baseUrl } of logs) {
    if (key === null || !(await verifyMessage(key, hash, signed, promise))) continue;
    return isWithin(window, time)
      ? { check: reportPass("promise", `${baseUrl} promised index ${entry.logIndex} at ${formatRfc3339(time)}`), time }
      : reject(`the key of ${baseUrl} is trusted from ${formatWindow(window)}, not at ${formatRfc3339(time)}`);
  }
  return reject("the promise (signed entry timestamp) is not signed by the log that the entry names");
}

const reject = (detail: string): { readonly check: Check; readonly time: null } => ({
  check: reportFailure("promise", detail),
  time: null,
});

/** 9999-12-31T23:59:59Z. */
const MAX_SECONDS = 253_402_300_799;

/** RFC 8785 of { body, integratedTime, logID, logIndex }: the members are in order and nothing needs an escape. */
function encodePromise({ body, integratedTime, logId, logIndex }: LoggedEntry): Uint8Array {
  return encodeUtf8(
    `{"body":"${encodeBase64(body)}","integratedTime":${integratedTime},"logID":"${encodeHex(logId)}","logIndex":${logIndex}}`,
  );
}

/** Checks that the body is in the tree whose root the proof names. */
export function checkInclusion({ body, proof, promise }: LoggedEntry): Check {
  if (proof === null) {
    return promise === null
      ? reportFailure("inclusion", "the entry has neither an inclusion proof nor a promise")
      : reportUnasked("inclusion", "the entry has a promise, and no inclusion proof");
  }
  const { leafIndex, treeSize, hashes, rootHash } = proof;
  return verifyInclusion({ leaf: leafHash(body), leafIndex, treeSize, proof: hashes, root: rootHash })
    ? reportPass(
        "inclusion",
        `${hashes.length} hashes lead from entry ${leafIndex} to the root of the tree of size ${treeSize}`,
      )
    : reportFailure(
        "inclusion",
        `the proof does not lead from entry ${leafIndex} to the root of the tree of size ${treeSize}`,
      );
}

/** Checks that the log signed the root to which the proof leads, and the cosignatures of the given witnesses. */
export async function checkCheckpoint(
  { proof, promise }: LoggedEntry,
  logs: readonly TrustedLog[],
  witnesses: readonly CosignatureKey[],
): Promise<readonly Check[]> {
  if (proof === null) {
    return promise === null ? [] : [reportUnasked("checkpoint", "the entry has a promise, and no checkpoint")];
  }
  const note = parseNote(encodeUtf8(proof.checkpoint));
  if (!note.ok) return [reportFailure("checkpoint", `the checkpoint is not a signed note (${note.error.reason})`)];
  const signed = await checkLogSignature(note.value, proof, logs);
  return [signed, ...(await checkWitnesses(note.value, logs, witnesses))];
}

async function checkLogSignature(note: Note, proof: InclusionProof, logs: readonly TrustedLog[]): Promise<Check> {
  const head = parseCheckpoint(note.text);
  if (!head.ok) return reportFailure("checkpoint", `the checkpoint is malformed in its line ${head.error.line}`);
  const { origin, treeSize, rootHash } = head.value;
  if (treeSize !== proof.treeSize || !equal(rootHash, proof.rootHash)) {
    return reportFailure("checkpoint", "the checkpoint and the inclusion proof are of different trees");
  }
  for (const log of logs) {
    if (!(await isSignedByLog(note, origin, log))) continue;
    return reportPass("checkpoint", `${quote(origin)} signed the tree of size ${treeSize}`);
  }
  return logs.some(({ key }) => key === null)
    ? reportUnchecked("checkpoint", "the key of the log is of a kind that is not supported")
    : reportFailure("checkpoint", "the checkpoint has no valid signature of the log that the entry names");
}

/**
 * Whether a line with the log's key id verifies, under the name that the origin has. Every line may be from anyone, so
 * the first that fits need not be the one that verifies.
 */
async function isSignedByLog(note: Note, origin: string, log: TrustedLog): Promise<boolean> {
  const { key, hash, logId } = log;
  const lines = note.signatures.filter(({ keyId }) => equal(keyId, logId.subarray(0, 4)));
  for (const { name, signature } of lines) {
    const isNamed = isTreeOf(name, origin) || (origin === name && namesOf(log).has(name));
    if (isNamed && key !== null && (await verifyMessage(key, hash, encodeUtf8(note.text), signature))) return true;
  }
  return false;
}

/**
 * Whether the origin is that of Rekor v1: the name of the log and the id of a tree. The name is the one that the
 * operator configured there, which need not be the host of the log's URL; the key tells whose it is.
 */
function isTreeOf(name: string, origin: string): boolean {
  return origin.startsWith(`${name} - `) && /^\d{1,20}$/.test(origin.slice(name.length + 3));
}

/** The names under which the log of this URL signs: its host, with or without the port, and what follows it. */
function namesOf({ baseUrl }: TrustedLog): ReadonlySet<string> {
  if (!URL.canParse(baseUrl)) return new Set([baseUrl]);
  const { host, hostname, pathname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, "");
  return new Set([host, hostname, `${host}${path}`, `${hostname}${path}`]);
}

async function checkWitnesses(
  note: Note,
  logs: readonly TrustedLog[],
  witnesses: readonly CosignatureKey[],
): Promise<readonly Check[]> {
  const names = new Set(logs.flatMap((log) => [...namesOf(log)]));
  const others = note.signatures.filter(({ name }) => !names.has(name));
  if (witnesses.length === 0) {
    const lines = others.map(({ name }) => quote(name)).join(", ");
    return others.length === 0 ? [] : [reportUnasked("witness", `cosigned by ${lines}: no key of a witness was given`)];
  }
  return Promise.all(witnesses.map((witness) => checkWitness(note, witness)));
}

async function checkWitness(note: Note, witness: CosignatureKey): Promise<Check> {
  const line = note.signatures.find((one) => isLineOf(witness, one));
  if (line === undefined) return reportFailure("witness", `${quote(witness.name)} has not cosigned the checkpoint`);
  const time = await verifyCosignature(witness, line, note.text, verifyEd25519);
  return time.ok && time.value <= MAX_SECONDS
    ? reportPass(
        "witness",
        `${quote(witness.name)} cosigned the checkpoint at ${formatRfc3339(unixMs(1000 * time.value))}`,
      )
    : reportFailure("witness", `the cosignature of ${quote(witness.name)} does not verify`);
}

/** Whether the key of one of these logs was trusted at this time. */
export function checkLogWindow(logs: readonly TrustedLog[], at: UnixMs): Check | null {
  const [first] = logs;
  if (first === undefined || logs.some(({ window }) => isWithin(window, at))) return null;
  const { baseUrl, window } = first;
  return reportFailure(
    "time",
    `the key of ${baseUrl} is trusted from ${formatWindow(window)}, not at ${formatRfc3339(at)}`,
  );
}
