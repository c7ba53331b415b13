// SPDX-License-Identifier: Apache-2.0
// Asks CA, timestamp authority and log of a deployment. A request to a busy service is retried when it says; any other
// refusal becomes a line for the person.

import { randomBytes } from "node:crypto";
import { type AnswerHead, describeRefusal, describeWait, secondsUntilRetry } from "../../shared/bundle/answers.ts";
import {
  encodeTimestampQuery,
  readLeaf,
  type Signed,
  toCertificateRequest,
  toEntryRequest,
} from "../../shared/bundle/signing.ts";
import { readBody } from "../../shared/http/body.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { toLine } from "../status/plain-text.ts";
import type { Services } from "./services.ts";
import type { Tell } from "./sign-in.ts";

/** As long as sigstore-js waits for Rekor v2. */
const DEADLINE_MS = 20_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Asks the CA for a certificate. */
export async function requestCertificate(
  { ca }: Services,
  request: Parameters<typeof toCertificateRequest>[0],
  tell: Tell,
): Promise<Result<Uint8Array, string>> {
  const target = { url: `${ca}/api/v2/signingCert`, who: "the CA", tell };
  const answer = await postJson(target, toCertificateRequest(request));
  const leaf = answer.ok ? readLeaf(answer.value) : answer;
  return answer.ok && !leaf.ok ? err(`the CA ${leaf.error}`) : leaf;
}

/** Asks for a timestamp over a signature. Gives the TimeStampResp. */
export function requestTimestamp(
  { tsa }: Services,
  signature: Uint8Array,
  tell: Tell,
): Promise<Result<Uint8Array, string>> {
  const query = encodeTimestampQuery(signature, randomBytes(16));
  const target = { url: tsa, who: "the timestamp authority", tell };
  return post(target, { type: "application/timestamp-query", body: query });
}

/** Writes the signature to the log. Gives its TransparencyLogEntry. */
export function requestEntry({ log }: Services, signed: Signed, tell: Tell): Promise<Result<unknown, string>> {
  return postJson({ url: `${log}/api/v2/log/entries`, who: "the log", tell }, toEntryRequest(signed));
}

interface Target {
  readonly url: string;
  /** For sentences. */
  readonly who: string;
  readonly tell: Tell;
}

async function postJson(target: Target, message: object): Promise<Result<unknown, string>> {
  const body = Buffer.from(JSON.stringify(message));
  const answer = await post(target, { type: "application/json", body });
  const json = answer.ok ? parseJson(answer.value) : answer;
  if (json.ok) return json;
  return answer.ok ? err(`${target.who} at ${target.url} answered with something other than JSON`) : answer;
}

interface Sent {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

async function post(target: Target, sent: Sent): Promise<Result<Uint8Array, string>> {
  for (let attempt = 1; ; attempt++) {
    const answer = await send(target, sent);
    if (answer.ok && answer.value.status < 300) return ok(answer.value.bytes);
    const seconds = secondsUntilRetry(answer.ok ? answer.value : null, attempt);
    if (seconds === null) {
      return answer.ok ? err(toLine(describeRefusal(target.who, answer.value.status, answer.value.bytes))) : answer;
    }
    target.tell(describeWait(target.who, seconds));
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

interface Answer extends AnswerHead {
  readonly bytes: Uint8Array;
}

async function send({ url, who }: Target, { type, body }: Sent): Promise<Result<Answer, string>> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": type },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const bytes = await readBody(response, MAX_ANSWER_BYTES);
    return bytes.ok
      ? ok({ status: response.status, retryAfter: response.headers.get("retry-after"), bytes: bytes.value })
      : err(`${who} at ${url} broke off its answer, or sent more than ${MAX_ANSWER_BYTES} bytes`);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return err(`could not reach ${who} at ${url}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
