// SPDX-License-Identifier: Apache-2.0
// The setting RETIRED_KEYS: when each former key of a deployment went out of use, and what follows from it. A key is
// trusted for what it did before its retirement, and for nothing after it.

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { isList, isObject } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { err, ok, type Result } from "../result.ts";
import { type UnixMs, unixMs } from "../time.ts";

/** The retirement of one key. */
export interface Retirement {
  /** Nothing that was made at this time or later is trusted. */
  readonly retiredAt: UnixMs;
  /** Whether others may have the key. Then nothing that it signed is accepted late. */
  readonly isCompromised: boolean;
}

/** Retirements by the SHA-256 of the key's SubjectPublicKeyInfo, in lower-case hex. */
export type RetiredKeys = ReadonlyMap<string, Retirement>;

/** A key with its certificates, if it has any. */
interface KeyHolder {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

export const NO_RETIRED_KEYS: RetiredKeys = new Map();

/**
 * How long what a key signed before its retirement may still arrive: the longest lifetime of a certificate, which is
 * more than that of a token of the built-in issuer.
 */
export const IN_FLIGHT_MS = 3_600_000;

const FINGERPRINT = /^[0-9a-f]{64}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const MEMBERS = ["sha256", "retired", "compromised", "what"];

/**
 * Parses RETIRED_KEYS: a JSON list of `{"sha256": HEX, "retired": TIME, "compromised": true, "what": TEXT}`, the last
 * two optional. The error completes "RETIRED_KEYS …" and names the member.
 */
export function parseRetiredKeys(text: string): Result<RetiredKeys, string> {
  const rows = parseRetiredRows(text);
  if (!rows.ok) return rows;
  const keys = rows.value.map(({ sha256: fingerprint, retired, compromised }) => {
    const retirement = { retiredAt: unixMs(Date.parse(retired)), isCompromised: compromised === true };
    return [fingerprint, retirement] as const;
  });
  return ok(new Map(keys));
}

/** A row of RETIRED_KEYS. */
export interface RetiredRow {
  readonly sha256: string;
  /** RFC 3339. */
  readonly retired: string;
  readonly compromised?: boolean;
  readonly what?: string;
}

/** Parses RETIRED_KEYS into its rows. Fails like parseRetiredKeys. */
export function parseRetiredRows(text: string): Result<readonly RetiredRow[], string> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok || !isList(json.value)) return err("must be a JSON list of retired keys");
  const rows = new Map<string, RetiredRow>();
  for (const [i, value] of json.value.entries()) {
    const row = decodeRow(value);
    if (!row.ok) return err(`[${i}]${row.error}`);
    if (rows.has(row.value.sha256)) return err(`[${i}].sha256 is the key of another row`);
    rows.set(row.value.sha256, row.value);
  }
  return ok([...rows.values()]);
}

function decodeRow(row: unknown): Result<RetiredRow, string> {
  if (!isObject(row)) return err(" must be an object");
  const { sha256: fingerprint, retired, compromised, what } = row;
  const unknown = Object.keys(row).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) return err(`.${unknown} is not known; known are ${MEMBERS.join(", ")}`);
  if (typeof fingerprint !== "string" || !FINGERPRINT.test(fingerprint))
    return err(".sha256 must be the SHA-256 of a key's SubjectPublicKeyInfo: 64 lower-case hex digits");
  if (typeof retired !== "string" || !isTime(retired))
    return err(".retired must be a time in UTC, such as 2027-01-01T00:00:00Z");
  if (compromised !== undefined && typeof compromised !== "boolean") return err(".compromised must be true or false");
  if (what !== undefined && typeof what !== "string") return err(".what must be text");
  return ok({
    sha256: fingerprint,
    retired,
    ...(compromised === undefined ? {} : { compromised }),
    ...(what === undefined ? {} : { what }),
  });
}

const isTime = (text: string): boolean => TIME.test(text) && Date.parse(text) >= 0;

/** The name of a key in RETIRED_KEYS. */
export const keyFingerprint = ({ spki }: KeyHolder): string => encodeHex(sha256(spki));

/**
 * The retirement of a chain, or of a key alone: the earliest of all its keys, as whoever has the key of a root can make
 * every certificate below it. Null while none is retired.
 */
export function retirementOf(retired: RetiredKeys, holders: readonly KeyHolder[]): Retirement | null {
  if (retired.size === 0) return null;
  const all = holders.map((holder) => retired.get(keyFingerprint(holder))).filter((one) => one !== undefined);
  if (all.length === 0) return null;
  const retiredAt = unixMs(Math.min(...all.map((one) => one.retiredAt)));
  return { retiredAt, isCompromised: all.some((one) => one.isCompromised) };
}

/** Whether what a key makes at this time is trusted. */
export const isInUse = (retirement: Retirement | null, now: UnixMs): boolean =>
  retirement === null || now < retirement.retiredAt;

/**
 * Whether what a key signed before its retirement is still accepted: for IN_FLIGHT_MS longer, unless others may have
 * the key.
 */
export const isAccepted = (retirement: Retirement | null, now: UnixMs): boolean =>
  retirement === null || now < retirement.retiredAt + (retirement.isCompromised ? 0 : IN_FLIGHT_MS);
