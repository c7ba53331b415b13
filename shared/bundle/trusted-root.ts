// SPDX-License-Identifier: Apache-2.0
// Parses a Sigstore trusted root: the logs, certificate authorities and timestamp authorities that a verifier believes,
// each with the time for which it does.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (TrustedRoot)

import type { HashAlgorithm } from "../crypto/hash.ts";
import { isKeyDetails, SIGNATURE_SCHEMES } from "../crypto/key-details.ts";
import { type PublicKey, parsePublicKey } from "../crypto/public-key.ts";
import { parseJson } from "../json/parse.ts";
import { bytes, type Decoder, message, repeated, string } from "../json/proto.ts";
import { err, ok, type Result } from "../result.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../time.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { describeField } from "./bundle.ts";

/** A closed range of time; null is without a bound. */
export interface Window {
  readonly start: UnixMs | null;
  readonly end: UnixMs | null;
}

/** A log that the root lists. */
export interface TrustedLog {
  readonly baseUrl: string;
  readonly logId: Uint8Array;
  /** Null for a key of a kind that this verifier does not know. */
  readonly key: PublicKey | null;
  /** The hash of the log's signatures. */
  readonly hash: HashAlgorithm;
  readonly window: Window;
}

/** An authority that issues certificates or timestamps. */
export interface TrustedAuthority {
  readonly uri: string;
  /** As listed: the issuing certificate first, or the one that signs timestamps; the root last. */
  readonly chain: readonly Certificate[];
  readonly window: Window;
}

/** A trusted root. */
export interface TrustedRoot {
  readonly logs: readonly TrustedLog[];
  readonly certificateLogs: readonly TrustedLog[];
  readonly certificateAuthorities: readonly TrustedAuthority[];
  readonly timestampAuthorities: readonly TrustedAuthority[];
}

/** The text is not a trusted root. */
export interface TrustedRootError {
  readonly code: "trusted_root_invalid";
  /** Completes "the trusted root …". */
  readonly reason: string;
}

const MAX_ROOT_BYTES = 1024 * 1024;
const MAX_ROWS = 128;
const MAX_CHAIN = 8;

/** RFC 3339, as protobuf JSON has it: with or without fractions, in any zone. */
const time: Decoder<UnixMs> = (value, path) => {
  const isTime =
    typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value);
  const ms = isTime ? Date.parse(value) : Number.NaN;
  return Number.isSafeInteger(ms) && ms >= 0 ? ok(unixMs(ms)) : err({ code: "field_type", path });
};

const RANGE = message({ start: time, end: time }, "ignore");

const LOG = message(
  {
    baseUrl: string,
    publicKey: message({ rawBytes: bytes, keyDetails: string, validFor: RANGE }, "ignore"),
    logId: message({ keyId: bytes }, "ignore"),
  },
  "ignore",
);

const AUTHORITY = message(
  {
    uri: string,
    certChain: message({ certificates: repeated(message({ rawBytes: bytes }, "ignore"), MAX_CHAIN) }, "ignore"),
    validFor: RANGE,
  },
  "ignore",
);

const ROOT = message(
  {
    mediaType: string,
    tlogs: repeated(LOG, MAX_ROWS),
    certificateAuthorities: repeated(AUTHORITY, MAX_ROWS),
    ctlogs: repeated(LOG, MAX_ROWS),
    timestampAuthorities: repeated(AUTHORITY, MAX_ROWS),
  },
  "ignore",
);

type LogMessage = Extract<ReturnType<typeof LOG>, { ok: true }>["value"];
type AuthorityMessage = Extract<ReturnType<typeof AUTHORITY>, { ok: true }>["value"];

/** Parses the JSON form. Fails with trusted_root_invalid. */
export function parseTrustedRoot(json: Uint8Array): Result<TrustedRoot, TrustedRootError> {
  const parsed = json.length > MAX_ROOT_BYTES ? err({ code: "too large" }) : parseJson(json);
  if (!parsed.ok) return rejectRoot(`is not usable JSON (${parsed.error.code})`);
  const decoded = ROOT(parsed.value, "");
  if (!decoded.ok) return rejectRoot(describeField(decoded.error));
  const { tlogs = [], ctlogs = [], certificateAuthorities = [], timestampAuthorities = [] } = decoded.value;
  const logs = collect(tlogs, toLog);
  const certificateLogs = collect(ctlogs, toLog);
  const certificates = collect(certificateAuthorities, toAuthority);
  const timestamps = collect(timestampAuthorities, toAuthority);
  if (typeof logs === "string") return rejectRoot(`has a signature log ${logs}`);
  if (typeof certificateLogs === "string") return rejectRoot(`has a certificate log ${certificateLogs}`);
  if (typeof certificates === "string") return rejectRoot(`has a certificate authority ${certificates}`);
  if (typeof timestamps === "string") return rejectRoot(`has a timestamp authority ${timestamps}`);
  return ok({ logs, certificateLogs, certificateAuthorities: certificates, timestampAuthorities: timestamps });
}

const rejectRoot = (reason: string): Result<never, TrustedRootError> => err({ code: "trusted_root_invalid", reason });

/** Converts every row, or returns what is wrong with the first that cannot be. */
function collect<Row, T extends object>(
  rows: readonly Row[],
  convert: (row: Row) => T | string,
): readonly T[] | string {
  const out: T[] = [];
  for (const row of rows) {
    const value = convert(row);
    if (typeof value === "string") return value;
    out.push(value);
  }
  return out;
}

function toLog({ baseUrl = "", publicKey, logId }: LogMessage): TrustedLog | string {
  const { rawBytes, keyDetails = "", validFor } = publicKey ?? {};
  if (rawBytes === undefined) return "without a key";
  if (logId?.keyId === undefined || logId.keyId.length === 0) return "without an id";
  // TimeRange: start is required. A missing one must not become a range without a beginning.
  if (validFor?.start === undefined) return "whose key has no start of its validity";
  const key = parsePublicKey(rawBytes);
  return {
    baseUrl,
    logId: logId.keyId,
    key: key.ok ? key.value : null,
    hash: isKeyDetails(keyDetails) ? SIGNATURE_SCHEMES[keyDetails].hash : "SHA-256",
    window: toWindow(validFor),
  };
}

function toAuthority({ uri = "", certChain, validFor }: AuthorityMessage): TrustedAuthority | string {
  const chain: Certificate[] = [];
  for (const { rawBytes } of certChain?.certificates ?? []) {
    const certificate = rawBytes === undefined ? null : parseCertificate(rawBytes);
    if (certificate === null || !certificate.ok) return "with a malformed certificate";
    chain.push(certificate.value);
  }
  return chain.length === 0 ? "without certificates" : { uri, chain, window: toWindow(validFor ?? {}) };
}

const toWindow = (range: { readonly start?: UnixMs; readonly end?: UnixMs }): Window => ({
  start: range.start ?? null,
  end: range.end ?? null,
});

/** Whether the range has this time; its ends belong to it. */
export const isWithin = ({ start, end }: Window, at: UnixMs): boolean =>
  (start === null || start <= at) && (end === null || at <= end);

/** Formats a range for a person. */
export const formatWindow = ({ start, end }: Window): string =>
  `${start === null ? "any time" : formatRfc3339(start)} to ${end === null ? "now" : formatRfc3339(end)}`;
