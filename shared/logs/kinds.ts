// SPDX-License-Identifier: Apache-2.0
// The registry of the kinds of log. To add a kind, add a file to shared/logs/kinds/ and one to
// workers/sequencer/kinds/, and register both: here, in records.ts and in SEQUENCER_KINDS.

import { CERTIFICATE_LOG } from "./kinds/certificate.ts";
import type { LogKindFacts } from "./kinds/kind.ts";
import { REKOR_V1_LOG } from "./kinds/rekor-v1.ts";
import { SIGNATURE_LOG } from "./kinds/signature.ts";

const KINDS = {
  signature: SIGNATURE_LOG,
  certificate: CERTIFICATE_LOG,
  "rekor-v1": REKOR_V1_LOG,
} as const satisfies Readonly<Record<string, LogKindFacts>>;

/** A log of signatures (Rekor v2), of certificates (static-ct-api), or of signatures in the protocol of Rekor v1. */
export type LogKind = keyof typeof KINDS;

/** The facts of every kind. */
export const LOG_KINDS: Readonly<Record<LogKind, LogKindFacts>> = KINDS;

/** Every kind. A request that names no log means the first of these that its host has. */
export const LOG_KIND_NAMES = Object.keys(LOG_KINDS) as readonly LogKind[];

/** The kinds of which every deployment has a log behind its public URL. SHARDS opens logs of the others. */
export const FIRST_KINDS = ["signature", "certificate"] as const satisfies readonly LogKind[];

/** The kinds of which a new deployment has a log too: rows of SHARDS, so that an operator may leave them out. */
export const OFFERED_KINDS = ["rekor-v1"] as const satisfies readonly LogKind[];

/** One of FIRST_KINDS. */
export type FirstKind = (typeof FIRST_KINDS)[number];

/** Makes a record with a member per kind. */
export const mapKinds = <T>(make: (kind: LogKind) => T): Readonly<Record<LogKind, T>> =>
  Object.fromEntries(LOG_KIND_NAMES.map((kind) => [kind, make(kind)])) as Record<LogKind, T>;

/** Whether a word from outside names a kind. */
export const isLogKind = (word: unknown): word is LogKind => typeof word === "string" && Object.hasOwn(LOG_KINDS, word);

/** The kind of a log with this origin at this URL; null if no kind has such an origin there. */
export function findLogKind({
  baseUrl,
  origin,
}: {
  readonly baseUrl: string;
  readonly origin: string;
}): LogKind | null {
  if (!URL.canParse(baseUrl)) return null;
  const path = new URL(baseUrl).pathname.replace(/\/$/, "");
  const isKind = ({ basePath, originOf }: LogKindFacts): boolean => basePath === path && originOf(baseUrl) === origin;
  return LOG_KIND_NAMES.find((kind) => isKind(LOG_KINDS[kind])) ?? null;
}

/**
 * The kind of a log in this member of a trusted root. Kinds that share a member differ by the ends of their URLs; the
 * kind without a path of its own has all others.
 */
export function findListedKind(member: LogKindFacts["trustedRootMember"], baseUrl: string): LogKind | null {
  const kinds = LOG_KIND_NAMES.filter((kind) => LOG_KINDS[kind].trustedRootMember === member);
  const byPath = kinds.find((kind) => LOG_KINDS[kind].basePath !== "" && baseUrl.endsWith(LOG_KINDS[kind].basePath));
  return byPath ?? kinds.find((kind) => LOG_KINDS[kind].basePath === "") ?? kinds[0] ?? null;
}
