// SPDX-License-Identifier: Apache-2.0
// The rotation of a log: opens the next log of a kind under a host name of its own, then freezes the former one.
// docs/log.md explains the rows of shards.json.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { isObject, type JsonObject } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import { parseShards } from "../../shared/logs/shards.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../../shared/time.ts";
import { expiryOf } from "../../shared/tuf/metadata.ts";
import { openOffline } from "../../shared/tuf/trust-file.ts";
import { workerSettings, writePrivate } from "../deployment/deployment.ts";
import { SHARDS_FILE } from "../deployment/folder-settings.ts";
import { fingerprintsOf } from "../deployment/retired-keys.ts";
import { readTrust } from "../deployment/trust-root.ts";
import { logKeyOf } from "../tuf/material.ts";
import { OFFLINE_LIFETIME_MS } from "../tuf/repository.ts";
import { planUnsigned, retirementLine } from "./compromised.ts";
import { isPublished, offlineFiles, openTufKeys, publish, refuseUnserved } from "./publish.ts";
import { retireKeys } from "./replacing.ts";
import {
  command,
  day,
  type Planned,
  type RotationContext,
  type RotationPlan,
  refuseEarly,
  refuseRecent,
  retireNow,
  stepsAfterRetirement,
  TRUST_WAIT_MS,
  waitFor,
} from "./rotation.ts";

/** The log to rotate, and the new one. */
export interface LogRotation {
  readonly kind: LogKind;
  /** The address of the new log; null if none was given. */
  readonly url: string | null;
  readonly name: string | null;
}

type Row = JsonObject;

interface Logs {
  readonly rows: readonly Row[];
  /** The logs of the kind, oldest first. */
  readonly all: readonly LogConfig[];
  /** The logs of the kind that accept entries, oldest first. */
  readonly open: readonly LogConfig[];
}

function readLogs({ deployment: { folder, publicUrl } }: RotationContext, kind: LogKind): Result<Logs, string> {
  const file = join(folder, SHARDS_FILE);
  const text = existsSync(file) ? readFileSync(file, "utf8") : "[]";
  const logs = parseShards(text, publicUrl);
  if (!logs.ok) return err(logs.error.map((problem) => `${file}: ${problem}`).join("\n"));
  const all = logs.value.filter((log) => log.kind === kind);
  return ok({ rows: decodeRows(text), all, open: all.filter(({ isFrozen }) => !isFrozen) });
}

/** The rows of SHARDS that parseShards has accepted. */
function decodeRows(text: string): readonly Row[] {
  const json = parseJson(encodeUtf8(text));
  return json.ok && Array.isArray(json.value) ? json.value.filter(isObject) : [];
}

const rowsText = (rows: readonly Row[]): string => `${JSON.stringify(rows, null, 2)}\n`;
const waitOf = ({ waitMs }: RotationContext): number => waitMs ?? TRUST_WAIT_MS;

/**
 * Plans to open the next log or, once it is in use, to announce it to clients. The error is a line for the operator.
 */
export async function planLog(context: RotationContext, rotation: LogRotation): Planned {
  const logs = readLogs(context, rotation.kind);
  if (!logs.ok) return logs;
  const keys = offlineFiles(context.offline, "tuf-");
  const { open } = logs.value;
  const newest = open.at(-1);
  if (newest === undefined) {
    if (logs.value.all.length > 0) return err(`every ${rotation.kind} log is frozen; open one by hand (docs/log.md)`);
    return keys.ok ? planFirst(context, rotation, logs.value) : keys;
  }
  if (open.length > 1) {
    const other = refuseOtherLog(newest, rotation);
    return other.ok ? continueRotation(context, rotation, newest) : other;
  }
  const recent = refuseRecent(context, `the log ${newest.name}`, newest.usedFrom ?? 0);
  if (!recent.ok) return recent;
  return keys.ok ? planOpening(context, rotation, logs.value) : keys;
}

/** Refuses to open a third log while two are open. */
function refuseOtherLog(newest: LogConfig, { kind, url, name }: LogRotation): Result<null, string> {
  const isSame =
    (url === null || new URL(newest.baseUrl).host === hostOf(url)) && (name === null || name === newest.name);
  if (isSame) return ok(null);
  return err(`the rotation to ${newest.name} is under way; finish it first: npx sigedge rotate ${kind}-log --finish`);
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : "");

interface Opening {
  readonly wanted: string;
  readonly rows: readonly Row[];
}

/** The rows with the next log, which is preferred from a time on, or at once. The error is a line for the operator. */
function openNext(
  { deployment: { publicUrl } }: RotationContext,
  { kind, url, name }: LogRotation,
  { rows, all, from }: Pick<Logs, "rows" | "all"> & { readonly from: string | null },
): Result<Opening, string> {
  if (url === null) return err(`the new log needs a host name that no ${kind} log has: --url https://HOST`);
  const wanted = name ?? chooseName(kind, all);
  if (all.some((log) => log.name === wanted))
    return err(`the log ${wanted} exists already; omit --name, or give another name`);
  const opened = [...rows, { name: wanted, kind, url, ...(from === null ? {} : { from }) }];
  const checked = parseShards(rowsText(opened), publicUrl);
  return checked.ok ? ok({ wanted, rows: opened }) : err(checked.error.join("; "));
}

/** Plans to open the first log of a kind that a deployment need not have: at its own address, and used at once. */
function planFirst(context: RotationContext, rotation: LogRotation, logs: Logs): Awaited<Planned> {
  const { folder, publicUrl } = context.deployment;
  const { kind, name, url } = rotation;
  const first = { kind, name: name ?? kind, url: url ?? publicUrl.href };
  const opening = openNext(context, first, { ...logs, from: null });
  if (!opening.ok) return opening;
  return ok({
    changes: [
      `${SHARDS_FILE}: the ${kind} log ${first.name} at ${first.url}`,
      `keys/shards/${first.name}: its key`,
      "trust.json: new targets, whose trusted root holds the new log",
    ],
    apply: async () => {
      writePrivate(join(folder, SHARDS_FILE), rowsText(opening.value.rows));
      return publish(context);
    },
    next: [command(context, "deploy")],
  });
}

function planOpening(context: RotationContext, rotation: LogRotation, { rows, all }: Logs): Awaited<Planned> {
  const { folder } = context.deployment;
  const { kind, url } = rotation;
  const from = formatRfc3339(unixMs(context.now + waitOf(context)));
  const opening = openNext(context, rotation, { rows, all, from });
  if (!opening.ok) return opening;
  const { wanted } = opening.value;
  const text = rowsText(opening.value.rows);
  return ok({
    changes: [
      `${SHARDS_FILE}: the ${kind} log ${wanted} at ${url}, preferred from ${from}`,
      `keys/shards/${wanted}: its keys`,
      "trust.json: new targets, whose trusted root holds the new log",
    ],
    apply: async () => {
      writePrivate(join(folder, SHARDS_FILE), text);
      return publish(context);
    },
    next: [
      `${command(context, "deploy")} (also gives the Worker that host name)`,
      ...stepsAfterOpening(context, kind, from),
    ],
  });
}

const chooseName = (kind: LogKind, all: readonly LogConfig[]): string => {
  const names = new Set(all.map(({ name }) => name));
  let n = 2;
  while (names.has(`${kind}-${n}`)) n++;
  return `${kind}-${n}`;
};

/** The CA changes to the new log by itself; clients change when it is announced. */
const stepsAfterOpening = (context: RotationContext, kind: LogKind, from: string): readonly string[] =>
  LOG_KINDS[kind].writer === "ca"
    ? [`wait until ${from}, when the CA starts to write to it`, command(context, `rotate ${kind}-log --finish`)]
    : [`wait until ${from}, then run again: ${command(context, `rotate ${kind}-log`)}`];

async function continueRotation(context: RotationContext, { kind }: LogRotation, newest: LogConfig): Planned {
  const published = isPublished(context);
  if (!published.ok) return published;
  const from = newest.usedFrom ?? context.now;
  const isUsed = from <= context.now;
  const later = [command(context, "deploy"), ...stepsAfterUse(context, kind, isUsed ? context.now : from)];
  if (published.value)
    return waitFor(
      isUsed ? later : [command(context, "deploy"), ...stepsAfterOpening(context, kind, new Date(from).toISOString())],
    );
  return ok({
    changes: [
      isUsed && LOG_KINDS[kind].writer === "clients"
        ? `trust.json: new targets, whose signing config names ${newest.name}`
        : "trust.json: new targets, whose trusted root holds the new log",
    ],
    apply: async () => {
      const unserved = isUsed ? await refuseUnserved(context) : ok(null);
      return unserved.ok ? publish(context) : unserved;
    },
    next: later,
  });
}

const stepsAfterUse = (context: RotationContext, kind: LogKind, from: UnixMs): readonly string[] => [
  `wait until ${day(from + waitOf(context))}; before that, clients may write to the former log`,
  command(context, `rotate ${kind}-log --finish`),
];

/** Plans to freeze the logs before the newest. The error is a line for the operator. */
export async function planLogFinish(context: RotationContext, { kind, name, url }: LogRotation): Planned {
  const logs = readLogs(context, kind);
  if (!logs.ok) return logs;
  const { rows, all, open } = logs.value;
  if (name !== null || url !== null)
    return err("--finish freezes the logs before the newest; --name and --url apply to the first step only");
  const newest = open.at(-1);
  if (newest === undefined || open.length < 2) {
    const published = isPublished(context);
    if (published.ok && !published.value) return ok(signFrozen(context));
    const last = all.findLast(({ isFrozen }) => isFrozen);
    const done = last === undefined ? "" : ` (${last.name} is frozen)`;
    return err(
      `no rotation of the ${kind} log is under way${done}; begin with: npx sigedge rotate ${kind}-log --url https://HOST`,
    );
  }
  const early = refuseEarlyFreeze(context, kind, newest);
  if (!early.ok) return early;
  const old = open.slice(0, -1).map((log) => log.name);
  const keys = offlineFiles(context.offline, "tuf-");
  if (!keys.ok) return keys;
  return ok({
    changes: describeFreezing(kind, old),
    apply: async () => {
      const unserved = await refuseUnserved(context);
      return unserved.ok ? freeze(context, kind, { old, rows }) : unserved;
    },
    next: [...stepsAfterRetirement(context), KEEP_HOST],
  });
}

const KEEP_HOST = "keep its row and its host name: its entries are still verified and read there";
const SIGNED_END = "trust.json: new targets, whose trusted root ends the trust in the former log's key";

const describeFreezing = (kind: LogKind, old: readonly string[]): readonly string[] => [
  ...old.map((log) => `${SHARDS_FILE}: the ${kind} log ${log} is frozen permanently`),
  SIGNED_END,
];

/** Plans to sign the targets, if an earlier run froze a log but could not sign. */
const signFrozen = (context: RotationContext): RotationPlan => ({
  changes: [SIGNED_END],
  apply: () => publish(context),
  next: [...stepsAfterRetirement(context), KEEP_HOST],
});

/** Freezes logs, retires their keys, and signs targets that say so. */
async function freeze(
  context: RotationContext,
  kind: LogKind,
  { old, rows }: { readonly old: readonly string[]; readonly rows: readonly Row[] },
): Promise<Result<null, string>> {
  const { folder } = context.deployment;
  const signers = await openTufKeys(context);
  if (!signers.ok) return signers;
  const settings = workerSettings(context.deployment);
  if (!settings.ok) return settings;
  const keys = old.flatMap((name) => fingerprintsOf(logKeyOf(name, settings.value.secrets)));
  const retired = retireKeys(folder, keys, retireNow(context, `${kind}-log`));
  if (!retired.ok) return retired;
  writePrivate(join(folder, SHARDS_FILE), rowsText(freezeRows(rows, old)));
  return publish(context);
}

/**
 * Plans to freeze the log in use at once: clients write to the announced log, or to a new one. The error is a line for
 * the operator.
 */
export async function planCompromisedLog(context: RotationContext, rotation: LogRotation): Planned {
  const { kind } = rotation;
  const logs = readLogs(context, kind);
  if (!logs.ok) return logs;
  const { rows, all, open } = logs.value;
  const isAnnounced = open.length > 1;
  const unsigned = planUnsigned(context, `${kind}-log`, isAnnounced ? open : null);
  if (!unsigned.ok) return unsigned;
  if (unsigned.value !== null) return ok(unsigned.value);
  const keys = offlineFiles(context.offline, "tuf-");
  if (!keys.ok) return keys;
  const next = isAnnounced
    ? ok({ wanted: open.at(-1)?.name ?? "", rows })
    : openNext(context, rotation, { rows, all, from: null });
  if (!next.ok) return next;
  const { wanted } = next.value;
  const old = open.map(({ name }) => name).filter((name) => name !== wanted);
  return ok({
    changes: [
      `${SHARDS_FILE}: the ${kind} log ${wanted} is used at once`,
      ...describeFreezing(kind, old),
      retirementLine(context),
    ],
    apply: () => freeze(context, kind, { old, rows: next.value.rows.map((row) => useAtOnce(row, wanted)) }),
    next: [...stepsAfterRetirement(context), KEEP_HOST],
  });
}

const useAtOnce = ({ from, ...row }: Row, name: string): Row =>
  row["name"] === name || from === undefined ? row : { ...row, from };

function refuseEarlyFreeze(context: RotationContext, kind: LogKind, newest: LogConfig): Result<null, string> {
  if (LOG_KINDS[kind].writer === "ca") return refuseEarly(context.now, newest.usedFrom ?? 0);
  const published = isPublished(context);
  if (!published.ok) return published;
  if ((newest.usedFrom ?? 0) > context.now || !published.value)
    return err(`the new log is not announced to clients yet; announce it with: npx sigedge rotate ${kind}-log`);
  const signedAt = targetsSignedAt(context);
  return signedAt.ok ? refuseEarly(context.now, signedAt.value + waitOf(context)) : signedAt;
}

/** When the newest targets were signed: the earliest time at which clients could know them. */
function targetsSignedAt({ deployment: { folder, publicUrl } }: RotationContext): Result<number, string> {
  const texts = readTrust(folder, publicUrl);
  if (!texts.ok) return texts;
  const repository = openOffline(texts.value);
  return repository.ok
    ? ok(expiryOf(repository.value.targets.signed) - OFFLINE_LIFETIME_MS)
    : err(repository.error.reason);
}

/** The rows with these logs frozen. The first two logs have no row before that. */
function freezeRows(rows: readonly Row[], names: readonly string[]): readonly Row[] {
  const named = new Set(rows.map(({ name }) => name));
  const first = names.filter((name) => !named.has(name)).map((name) => ({ name, frozen: true }));
  return [...first, ...rows.map((row) => (names.includes(String(row["name"])) ? { ...row, frozen: true } : row))];
}
