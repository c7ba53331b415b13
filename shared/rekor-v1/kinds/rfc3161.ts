// SPDX-License-Identifier: Apache-2.0
// rfc3161 0.0.1: a timestamp response, which the log keeps as it is. Its signer is the key of the authority's
// certificate, which the token must contain; nobody verifies to which authority the certificate belongs.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/types/rfc3161/v0.0.1; RFC 3161 §2.4.2

import { sha256 } from "#sha256";
import { decodeBase64, encodeBase64 } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodePem } from "../../bytes/pem.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { isObject, type JsonObject, member } from "../../json/member.ts";
import { ok, type Result } from "../../result.ts";
import { isSignedBy, parseTimestampResponse, type TimestampToken, verifyToken } from "../../tsa/token.ts";
import { type Certificate, parseCertificate } from "../../x509/certificate.ts";
import { describeFailures, type EntryProblem, rejectEntry } from "../problem.ts";
import { parseVerifier, type Verifier } from "../verifier.ts";
import type { ProposedEntry, StoredSpec, V1Kind } from "./kind.ts";

/** rfc3161 0.0.1. */
export const RFC3161_001: V1Kind = { parse, readStored };

/** The reference's limit. */
const MAX_RESPONSE_BYTES = 10 * 1024;

/** A timestamp and its signer. */
interface Timestamp {
  readonly response: Uint8Array;
  readonly token: TimestampToken;
  readonly certificate: Certificate;
  /** The certificate's key, as if it had come bare. */
  readonly verifier: Verifier;
}

/** Reads `spec`, which is the same in a proposed and in a stored entry. */
function readTimestamp(spec: JsonObject): Result<Timestamp, EntryProblem> {
  const { tsr } = spec;
  if (!isObject(tsr)) return rejectEntry(describeFailures(["tsr in body is required"]));
  const content = member(tsr, "content");
  if (typeof content !== "string" || content === "")
    return rejectEntry(describeFailures(["tsr.tsr.content in body is required"]));
  const response = decodeBase64(content);
  if (!response.ok) return rejectEntry("failed parsing base64 data for tsr content");
  if (response.value.length > MAX_RESPONSE_BYTES) return rejectEntry("tsr exceeds maximum allowed size (10kB)");
  const token = parseTimestampResponse(response.value);
  if (!token.ok) return rejectEntry(`not a timestamp response that this log takes: ${token.error.reason}`);
  const problem = findProblem(token.value);
  if (problem !== null) return rejectEntry(`not a timestamp response that this log takes: ${problem}`);
  const signer = findSigner(token.value);
  return signer.ok ? ok({ response: response.value, token: token.value, ...signer.value }) : signer;
}

/** The reference compares the two hashes, knows no Ed25519, and parses what our reader passes over. */
function findProblem({ isPlain, algorithm, digestHash }: TimestampToken): string | null {
  if (!isPlain) return "it has failure bits, CRLs or unsigned attributes";
  if (algorithm.family === "ed25519") return "it is signed with Ed25519";
  return algorithm.hash === digestHash ? null : "its signature and its digest have different hashes";
}

function findSigner(token: TimestampToken): Result<Pick<Timestamp, "certificate" | "verifier">, EntryProblem> {
  const certificates: Certificate[] = [];
  for (const der of token.certificates) {
    const parsed = parseCertificate(der);
    if (!parsed.ok) return rejectEntry("tsr verification error: a certificate of the token is malformed");
    certificates.push(parsed.value);
  }
  const certificate = certificates.find((one) => isSignedBy(token, one));
  if (certificate === undefined)
    return rejectEntry(
      "tsr verification error: certificate missing from signedData; ask the authority for it (certReq)",
    );
  const verifier = parseVerifier(encodeUtf8(encodePem("PUBLIC KEY", certificate.spki)));
  return verifier.ok ? ok({ certificate, verifier: verifier.value }) : verifier;
}

function parse(spec: JsonObject): Result<ProposedEntry, EntryProblem> {
  const read = readTimestamp(spec);
  if (!read.ok) return read;
  const { response, token, certificate, verifier } = read.value;
  return ok({
    body: encodeUtf8(`{"apiVersion":"0.0.1","kind":"rfc3161","spec":{"tsr":{"content":"${encodeBase64(response)}"}}}`),
    verifiers: [verifier],
    hints: null,
    verify: async () => {
      const verified = await verifyToken(token, certificate);
      return verified.ok ? ok(null) : rejectEntry(`tsr verification error: the token ${verified.error}`);
    },
  });
}

function readStored(spec: JsonObject): StoredSpec | null {
  const read = readTimestamp(spec);
  if (!read.ok) return null;
  const { response, token, verifier } = read.value;
  return {
    signatures: [{ signature: token.signature, verifier }],
    digests: [`sha256:${encodeHex(sha256(response))}`],
  };
}
