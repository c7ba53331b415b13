// SPDX-License-Identifier: Apache-2.0
// Asks CA, timestamp authority and log of a deployment, and turns their refusals into a line for the person.

import { randomBytes } from "node:crypto";
import {
  encodeTimestampQuery,
  readLeaf,
  readRefusal,
  type Signed,
  toCertificateRequest,
  toEntryRequest,
} from "../../shared/bundle/signing.ts";
import { readBody } from "../../shared/http/body.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { toLine } from "../status/plain-text.ts";
import type { Services } from "./services.ts";

/** As long as sigstore-js waits for Rekor v2. */
const DEADLINE_MS = 20_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Asks the CA for a certificate. */
export async function requestCertificate(
  { ca }: Services,
  request: Parameters<typeof toCertificateRequest>[0],
): Promise<Result<Uint8Array, string>> {
  const answer = await postJson(`${ca}/api/v2/signingCert`, toCertificateRequest(request), "the CA");
  const leaf = answer.ok ? readLeaf(answer.value) : answer;
  return answer.ok && !leaf.ok ? err(`the CA ${leaf.error}`) : leaf;
}

/** Asks for a timestamp over a signature. Gives the TimeStampResp. */
export function requestTimestamp({ tsa }: Services, signature: Uint8Array): Promise<Result<Uint8Array, string>> {
  const query = encodeTimestampQuery(signature, randomBytes(16));
  return post(tsa, { type: "application/timestamp-query", body: query }, "the timestamp authority");
}

/** Writes the signature to the log. Gives its TransparencyLogEntry. */
export function requestEntry({ log }: Services, signed: Signed): Promise<Result<unknown, string>> {
  return postJson(`${log}/api/v2/log/entries`, toEntryRequest(signed), "the log");
}

async function postJson(url: string, message: object, who: string): Promise<Result<unknown, string>> {
  const body = Buffer.from(JSON.stringify(message));
  const answer = await post(url, { type: "application/json", body }, who);
  const json = answer.ok ? parseJson(answer.value) : answer;
  return answer.ok && !json.ok ? err(`${who} at ${url} does not answer JSON`) : (json as Result<unknown, string>);
}

interface Sent {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

async function post(url: string, { type, body }: Sent, who: string): Promise<Result<Uint8Array, string>> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": type },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const answer = await readBody(response, MAX_ANSWER_BYTES);
    if (!answer.ok) return err(`${who} at ${url} stopped in its answer, or answers too much`);
    return response.ok
      ? ok(answer.value)
      : err(`${who} refuses (${response.status}): ${toLine(readRefusal(answer.value))}`);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return err(`could not ask ${who} at ${url}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
