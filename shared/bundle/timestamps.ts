// SPDX-License-Identifier: Apache-2.0
// Checks the RFC 3161 timestamps of a bundle: each must be one of a trusted authority over the bundle's signature.
// Spec: RFC 3161 §2.3, §2.4.2.

import { equal } from "../bytes/bytes.ts";
import { hashMessage } from "../crypto/hash.ts";
import { formatRfc3339, type UnixMs } from "../time.ts";
import { checkTimestampCertificate } from "../tsa/authority.ts";
import { isSignedBy, parseTimestampResponse, type TimestampToken, verifyToken } from "../tsa/token.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { type Check, reportFailure, reportPass } from "./check.ts";
import { findPath, nameOf, timeProblem } from "./path.ts";
import type { TrustedAuthority } from "./trusted-root.ts";

/** A check, and the time that it proved. */
export interface TimestampCheck {
  readonly check: Check;
  /** Null if the check failed. */
  readonly time: UnixMs | null;
}

/** Checks one TimeStampResp over `signature`. */
export async function checkTimestamp(
  response: Uint8Array,
  signature: Uint8Array,
  authorities: readonly TrustedAuthority[],
): Promise<TimestampCheck> {
  const token = parseTimestampResponse(response);
  if (!token.ok) return reject(`the timestamp is malformed: ${token.error.reason}`);
  const { imprint, genTime } = token.value;
  if (!equal(await hashMessage(imprint.hash, signature), imprint.digest)) {
    return reject("the timestamp is over other data than the signature of this bundle");
  }
  const signers = authorities.flatMap((authority) =>
    findSigners(token.value, authority).map((certificate) => ({ authority, certificate })),
  );
  if (signers.length === 0) return reject("the trusted root does not list the authority that made the timestamp");
  const problems: string[] = [];
  for (const { authority, certificate } of signers) {
    const problem = await findProblem(token.value, certificate, authority);
    if (problem === null) return accept(genTime, certificate);
    problems.push(problem);
  }
  return reject(problems[0] ?? "");
}

const reject = (detail: string): TimestampCheck => ({ check: reportFailure("timestamp", detail), time: null });

const accept = (genTime: UnixMs, certificate: Certificate): TimestampCheck => ({
  check: reportPass("timestamp", `${nameOf(certificate)} saw this signature at ${formatRfc3339(genTime)}`),
  time: genTime,
});

/** The certificates with which the authority may have signed the token: one that it lists, or one that it issued. */
function findSigners(token: TimestampToken, { chain }: TrustedAuthority): readonly Certificate[] {
  const carried = token.certificates.flatMap((der) => {
    const certificate = parseCertificate(der);
    return certificate.ok ? [certificate.value] : [];
  });
  const listed = chain.filter((certificate) => isSignedBy(token, certificate));
  const issued = carried.filter(
    (certificate) => isSignedBy(token, certificate) && chain.some(({ subject }) => equal(subject, certificate.issuer)),
  );
  return listed.length > 0 ? listed : issued;
}

async function findProblem(
  token: TimestampToken,
  certificate: Certificate,
  authority: TrustedAuthority,
): Promise<string | null> {
  const purpose = checkTimestampCertificate(certificate);
  if (!purpose.ok) return `the certificate of the timestamp authority ${purpose.error}`;
  const path = await findPath(certificate, authority);
  if (path === null) return `the chain of ${nameOf(certificate)} does not lead to a root of the trusted root`;
  const signed = await verifyToken(token, certificate);
  return signed.ok ? timeProblem(path, token.genTime) : `the token ${signed.error}`;
}
