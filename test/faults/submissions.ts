// SPDX-License-Identifier: Apache-2.0
// The submissions of simulated clients, and the entries that the log must make of them. All of it follows from a
// number.

import { concat, equal } from "../../shared/bytes/bytes.ts";
import { encodeHex } from "../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import type { CertificateEntry } from "../../shared/ct/leaf.ts";
import { LOG_KINDS, type LogKind } from "../../shared/logs/kinds.ts";
import type { AttestationHints } from "../../shared/rekor/hints.ts";
import type { CertificateSubmission } from "../../shared/rpc/sequencer.ts";
import type { SearchRow } from "../../shared/search/row.ts";
import { termKey } from "../../shared/search/terms.ts";
import { certificateSubmission } from "../../workers/sequencer/kinds/certificate.ts";
import type { Submission } from "../../workers/sequencer/kinds/kind.ts";
import { signatureSubmission } from "../../workers/sequencer/kinds/signature.ts";
import { emailSigner, searchRow } from "../support/logs/search-rows.ts";
import { Random } from "./random.ts";

/** A submission and what the log must make of it. */
export interface SimulatedSubmission {
  readonly submission: Submission;
  /** Hex. Equal submissions have equal identities, and so have a certificate and its precertificate. */
  readonly identity: string;
  readonly search: SearchRow;
  readonly hints: AttestationHints | null;
  /** Null in a log of signatures. */
  readonly certificate: CertificateSubmission | null;
}

const ISSUER_KEY_HASH = new Uint8Array(32).fill(5);

/** Size of a body in bytes: mostly small, sometimes near the limit of 32 KiB. */
function bodyBytes(random: Random): number {
  return random.chance(0.01) ? 20_000 + random.below(12_000) : 40 + random.below(200);
}

/** Makes the submission with this number. */
export function makeSubmission(kind: LogKind, number: number): SimulatedSubmission {
  const random = new Random(number);
  const digest = `sha256:${number.toString(16).padStart(64, "0")}`;
  const identity = `client${number % 17}@example.com`;
  const signer = emailSigner(identity, "https://issuer.example.com");
  const isSigned = LOG_KINDS[kind].isRekor;
  const search = isSigned
    ? searchRow({ terms: [termKey("digest", digest)], digest, signer, leaf: termKey("leaf", String(number)) })
    : searchRow({ kind: "certificate", signer, publicKey: termKey("publicKey", String(number)) });
  const text = `${kind} ${number} `;
  const body = encodeUtf8(text.padEnd(bodyBytes(random), "."));
  if (isSigned) {
    const hints = number % 5 === 0 ? { payloadHash: digest, subjectDigests: [digest], predicateType: "test" } : null;
    const submission = signatureSubmission({ body, search, hints, otherForms: [], budget: null });
    return { submission, search, hints, certificate: null, identity: encodeHex(submission.identity) };
  }
  const isPrecertificate = number % 3 !== 0;
  const certificate: CertificateSubmission = {
    entryType: isPrecertificate ? "precert_entry" : "x509_entry",
    issuerKeyHash: isPrecertificate ? ISSUER_KEY_HASH : null,
    signedEntry: body,
    precertificate: isPrecertificate ? encodeUtf8(`poisoned ${text}`) : null,
    precertificateForm: null,
    issuers: [encodeUtf8(`issuer ${number % 3}`), encodeUtf8("root")],
    search,
  };
  const submission = certificateSubmission(certificate);
  return { submission, search, hints: null, certificate, identity: encodeHex(submission.identity) };
}

const FINAL = encodeUtf8("final of ");

/** The certificate of a precertificate: the log must take only one of them. Null for every other submission. */
export function finalForm(what: SimulatedSubmission): SimulatedSubmission | null {
  const { certificate, identity } = what;
  if (certificate?.entryType !== "precert_entry" || certificate.issuerKeyHash === null) return null;
  const { issuerKeyHash, signedEntry } = certificate;
  const final: CertificateSubmission = {
    ...certificate,
    entryType: "x509_entry",
    issuerKeyHash: null,
    signedEntry: concat(FINAL, signedEntry),
    precertificate: null,
    precertificateForm: { issuerKeyHash, signedEntry },
  };
  return { ...what, submission: certificateSubmission(final), certificate: final, identity };
}

/** The identity of a logged certificate, in whichever form it is. */
export function identityOfEntry(entry: CertificateEntry): string {
  const isFinal = entry.entryType === "x509_entry" && equal(entry.signedEntry.subarray(0, FINAL.length), FINAL);
  const { entryType, signedEntry } = isFinal
    ? { entryType: "precert_entry" as const, signedEntry: entry.signedEntry.subarray(FINAL.length) }
    : entry;
  return encodeHex(
    certificateSubmission({
      entryType,
      issuerKeyHash: entryType === "precert_entry" ? ISSUER_KEY_HASH : null,
      signedEntry,
      precertificate: null,
      precertificateForm: null,
      issuers: [],
      search: searchRow(),
    }).identity,
  );
}
