// SPDX-License-Identifier: Apache-2.0
// Reads the public routes of a deployment: health, gauges, trust root. Each request has a deadline; a failed one is
// an error.

import { X509Certificate } from "node:crypto";
import { readBody } from "../../shared/http/body.ts";
import { items, member } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Gauge, parseGauges } from "./gauges.ts";
import { PATHS } from "./paths.ts";
import { parsePlainJson, removeControls, toLine } from "./plain-text.ts";

const DEADLINE_MS = 15_000;
/** More than any of these documents has. */
const MAX_BYTES = 4 * 1024 * 1024;

/** An HTTP answer, with the times around it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Times before and after the request, by this machine's clock. */
  readonly from: number;
  readonly to: number;
}

/** The request to send; a GET by default. */
interface Sent {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Sends a request; does not follow redirects, and reads no more than MAX_BYTES. Fails with the reason of the network
 * or of the limit.
 */
export async function get(url: string, sent: Sent = {}): Promise<Result<Answer, string>> {
  const from = Date.now();
  try {
    const response = await fetch(url, { ...sent, signal: AbortSignal.timeout(DEADLINE_MS), redirect: "manual" });
    const body = await readBody(response, MAX_BYTES);
    if (!body.ok)
      return err(
        body.error.code === "body_too_large" ? `answers more than ${MAX_BYTES} bytes` : "stopped in its answer",
      );
    const text = removeControls(Buffer.from(body.value).toString());
    const headers = new Headers(Array.from(response.headers, ([name, value]) => [name, toLine(value)]));
    return ok({ status: response.status, headers, text, from, to: Date.now() });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return err(cause instanceof Error ? cause.message : String(cause));
  }
}

/** Reads the JSON of a route. Fails unless the status is 200. */
export async function getJson(url: string): Promise<Result<unknown, string>> {
  const answer = await get(url);
  return answer.ok ? jsonOf(answer.value) : answer;
}

/** The JSON of an answer. Fails unless the status is 200. */
export function jsonOf({ status, text }: Answer): Result<unknown, string> {
  return status === 200 ? parse(text) : err(`answers ${status}: ${toLine(text.slice(0, 300)).trim()}`);
}

function parse(text: string): Result<unknown, string> {
  try {
    return ok(parsePlainJson(text));
  } catch {
    return err(`does not answer JSON: ${toLine(text.slice(0, 100))}`);
  }
}

/** The content of /healthz. */
export interface Health {
  readonly status: string;
  readonly problems: readonly string[];
}

/** Reads /healthz with any status. */
export async function readHealth(url: string): Promise<Result<Health, string>> {
  const answer = await get(`${url}${PATHS.health}`);
  return answer.ok ? healthOf(answer.value) : answer;
}

/** The content of an answer of /healthz. */
export function healthOf({ text }: Answer): Result<Health, string> {
  const body = parse(text);
  if (!body.ok) return body;
  const health = decodeHealth(body.value);
  return health === null ? err("answers without a status") : ok(health);
}

/** Decodes the answer of /healthz, null if it is something else. */
export function decodeHealth(json: unknown): Health | null {
  const status = member(json, "status");
  if (typeof status !== "string") return null;
  return { status: toLine(status), problems: items(json, "problems").map((problem) => toLine(String(problem))) };
}

/** Reads /metrics. The gateway of a split deployment has none, as it is bound to no log. */
export async function readGauges(url: string): Promise<Result<readonly Gauge[], string>> {
  const answer = await get(`${url}${PATHS.metrics}`);
  return answer.ok ? gaugesOf(answer.value) : answer;
}

/** The gauges in an answer of /metrics. */
export const gaugesOf = ({ status, text }: Answer): Result<readonly Gauge[], string> =>
  status === 200 ? ok(parseGauges(text)) : err(`answers ${status}`);

/** A trusted root with parsed certificates. */
export interface TrustRoot {
  /** The keys of the logs of signatures: SubjectPublicKeyInfo in base64. */
  readonly tlogKeys: readonly string[];
  /** The certificates of each authority, leaf first. */
  readonly cas: readonly (readonly X509Certificate[])[];
  readonly tsas: readonly (readonly X509Certificate[])[];
}

/** Reads /trusted_root.json and parses its certificates. */
export async function readTrustRoot(url: string): Promise<Result<TrustRoot, string>> {
  const answer = await get(`${url}${PATHS.trustedRoot}`);
  return answer.ok ? trustRootOf(answer.value) : answer;
}

/** The trusted root in an answer of /trusted_root.json. */
export function trustRootOf(answer: Answer): Result<TrustRoot, string> {
  const json = jsonOf(answer);
  if (!json.ok) return json;
  try {
    return ok(decodeTrustRoot(json.value));
  } catch (error) {
    return err(`has an invalid certificate (${error instanceof Error ? error.message : "unknown"})`);
  }
}

/** Throws if the certificate does not parse. */
function parseCertificate(json: unknown): X509Certificate {
  const der = member(json, "rawBytes");
  return new X509Certificate(Buffer.from(typeof der === "string" ? der : "", "base64"));
}

/** Decodes the members that are read here. Throws if a certificate does not parse. */
function decodeTrustRoot(json: unknown): TrustRoot {
  const chains = (name: string): readonly (readonly X509Certificate[])[] =>
    items(json, name).map((authority) => items(member(authority, "certChain"), "certificates").map(parseCertificate));
  const keys = items(json, "tlogs").map((log) => member(member(log, "publicKey"), "rawBytes"));
  return {
    tlogKeys: keys.filter((key) => typeof key === "string"),
    cas: chains("certificateAuthorities"),
    tsas: chains("timestampAuthorities"),
  };
}

/** Something that expires, and when. */
export interface Expiry {
  readonly what: string;
  readonly at: Date;
}

/** Everything that expires, soonest first: from the gauges, or from the trust root if there are no gauges of expiry. */
export function expiriesOf({ cas, tsas }: TrustRoot, gauges: readonly Gauge[]): readonly Expiry[] {
  const certificates = [
    ...cas.flatMap((chain, i) =>
      chain.map((certificate, j) => ({ certificate, what: nameOf("CA", i, j, chain.length) })),
    ),
    ...tsas.flatMap((chain, i) =>
      chain.map((certificate, j) => ({ certificate, what: nameOf("TSA", i, j, chain.length) })),
    ),
  ].map(({ certificate, what }) => ({ what, at: certificate.validToDate }));
  const reported = gauges
    .filter(({ name }) => name === "sigedge_expiry_seconds")
    .map(({ labels, value }) => ({ what: labels["what"] ?? "", at: new Date(Date.now() + value * 1000) }));
  // The gauges include the certificates.
  return (reported.length > 0 ? reported : certificates).toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

function nameOf(authority: string, chain: number, place: number, length: number): string {
  const part = place === length - 1 && length > 1 ? `${authority} root` : authority;
  return chain === 0 ? part : `${part} (${chain + 1}.)`;
}

/** The second line of a checkpoint, null if there is no checkpoint. */
export async function readTreeSize(url: string): Promise<number | null> {
  const answer = await get(url);
  const line = answer.ok && answer.value.status === 200 ? answer.value.text.split("\n")[1] : undefined;
  return line !== undefined && /^\d+$/.test(line) ? Number(line) : null;
}
