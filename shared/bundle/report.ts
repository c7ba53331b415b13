// SPDX-License-Identifier: Apache-2.0
// The report of a verification as JSON, for programs and for whoever asks a maker what is wrong.

import { formatRfc3339 } from "../time.ts";
import type { Report } from "./verify.ts";

/** The subject of a verification. */
export interface Subject {
  readonly artifact: string;
  readonly bundle: string;
  /** Which trusted root was believed. */
  readonly trust: string;
}

/** The report, its checks in order. */
export const reportJson = ({ verdict, checks, signer, times }: Report, subject: Subject): object => ({
  verdict,
  ...subject,
  signer: signer === null ? null : { identities: signer.names, issuer: signer.issuer },
  times: times.map(formatRfc3339),
  checks: checks.map(({ name, outcome, detail }) => ({ name, outcome, detail })),
});
