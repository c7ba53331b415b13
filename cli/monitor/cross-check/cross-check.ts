// SPDX-License-Identifier: Apache-2.0
// Joins certificate logs with signature logs: a certificate that no entry used in time, which is the trace of a stolen
// token, and an entry whose certificate no log has, which is the trace of a stolen CA key. The logs are read side by
// side in the order of their times, so only the certificates of the last hours are in memory, however long the logs.

import type { EventEntry } from "../../../shared/monitor/event.ts";
import { decodeChecks, encodeChecks, type OpenCheck, type OpenChecks } from "./open-checks.ts";

/** A certificate as one of the logs has it. */
export interface CheckedCertificate {
  readonly tbs: string;
  readonly origin: string;
  readonly index: number;
  readonly at: number;
  /** Null if nobody watches it. */
  readonly entry: EventEntry | null;
}

/** A verdict: the certificate or entry has no counterpart. */
export interface Verdict {
  readonly kind: "certificate.unused" | "certificate.unlogged";
  readonly origin: string;
  readonly entry: EventEntry;
}

/** How far each kind of log was read, as the time of the last certificate; -Infinity if that is unknown. */
export interface Clocks {
  readonly certificate: number;
  readonly signature: number;
}

/** A signer may log an entry long after its certificate ended: logs grant some time. */
const LATE_ENTRIES_MS = 60 * 60_000;
/** The logs' clocks and the CA's may differ. */
const CLOCKS_MS = 60_000;
/** A hundred certificates a second for as long as they are kept. Each takes some 300 bytes. */
const MAX_OPEN = 450_000;

const keyOf = (tbs: string): string => tbs.slice(0, 32);

/** The open checks of all logs of a trusted root. */
export class CrossCheck {
  readonly #graceMs: number;
  /** In the order of their arrival, which is about that of their times. */
  readonly #certificates: Map<string, OpenCheck>;
  readonly #entries: Map<string, OpenCheck>;
  #floor: number | null;

  /** @param graceMs how long after a certificate its first use is due */
  constructor({ certificates, entries, watched, floor }: OpenChecks, graceMs: number) {
    this.#graceMs = graceMs;
    this.#certificates = new Map(decodeChecks(certificates, watched).map((check) => [check.tbs, check]));
    this.#entries = new Map(decodeChecks(entries, watched).map((check) => [check.tbs, check]));
    this.#floor = floor;
  }

  get graceMinutes(): number {
    return Math.round(this.#graceMs / 60_000);
  }

  /** Takes a certificate of a certificate log. */
  addCertificate({ tbs, ...certificate }: CheckedCertificate): void {
    const key = keyOf(tbs);
    if (this.#certificates.has(key)) return;
    const isSettled = this.#entries.delete(key);
    this.#certificates.set(key, { ...certificate, tbs: key, isSettled });
    while (this.#certificates.size > MAX_OPEN) this.#dropOldest();
  }

  #dropOldest(): void {
    const [oldest] = this.#certificates.values();
    if (oldest === undefined) return;
    this.#certificates.delete(oldest.tbs);
    this.#floor = Math.max(this.#floor ?? 0, oldest.at);
  }

  /** Takes the certificate of a signature log's entry. */
  addEntry({ tbs, ...entry }: CheckedCertificate): void {
    const key = keyOf(tbs);
    const certificate = this.#certificates.get(key);
    if (certificate === undefined) {
      // Without the certificates of that time, nobody can tell.
      const isKnown = this.#floor === null || entry.at > this.#floor;
      // The first entry of a certificate stands for all.
      if (isKnown && !this.#entries.has(key)) this.#entries.set(key, { ...entry, tbs: key, isSettled: false });
      return;
    }
    if (!certificate.isSettled) this.#certificates.set(key, { ...certificate, isSettled: true });
  }

  /** Whether a certificate log is known to have this certificate. */
  isLogged(tbs: string): boolean {
    return this.#certificates.has(keyOf(tbs));
  }

  /** Settles what is overdue by the clocks. */
  settle({ certificate, signature }: Clocks): readonly Verdict[] {
    return [...this.#settleCertificates(signature), ...this.#settleEntries(certificate)];
  }

  #settleCertificates(clock: number): readonly Verdict[] {
    const verdicts: Verdict[] = [];
    for (const [key, check] of this.#certificates) {
      if (check.at + this.#graceMs >= clock) break;
      if (!check.isSettled && check.entry !== null) {
        verdicts.push({ kind: "certificate.unused", origin: check.origin, entry: check.entry });
      }
      if (check.at + this.#graceMs + LATE_ENTRIES_MS < clock) this.#certificates.delete(key);
      else if (!check.isSettled) this.#certificates.set(key, { ...check, isSettled: true });
    }
    return verdicts;
  }

  #settleEntries(clock: number): readonly Verdict[] {
    const verdicts: Verdict[] = [];
    for (const [key, check] of this.#entries) {
      if (check.at + CLOCKS_MS >= clock) continue;
      this.#entries.delete(key);
      if (check.entry !== null)
        verdicts.push({ kind: "certificate.unlogged", origin: check.origin, entry: check.entry });
    }
    return verdicts;
  }

  /** Nothing is known of certificates that were logged before this time, in ms. */
  raiseFloor(floor: number): void {
    this.#floor = Math.max(this.#floor ?? 0, floor);
  }

  /** The open checks, for the state. */
  get open(): OpenChecks {
    return encodeChecks(this.#certificates.values(), this.#entries.values(), this.#floor);
  }
}
