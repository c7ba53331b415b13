// SPDX-License-Identifier: Apache-2.0
// What a deployment says of itself on its public routes: health, gauges, trust root, checkpoints. Reads only, with a deadline for
// each; a route that fails is told as such.

import { X509Certificate } from "node:crypto";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Gauge, parseGauges } from "./gauges.ts";

const DEADLINE_MS = 15_000;
/** More than any of them has. */
const MAX_BYTES = 4 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Before and after, by this machine's clock. */
  readonly from: number;
  readonly to: number;
}

/** GET, without following a redirect. Fails with a word on what happened on the way. */
export async function get(url: string): Promise<Result<Answer, string>> {
  const from = Date.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS), redirect: "manual" });
    const bytes = await response.arrayBuffer();
    if (bytes.byteLength > MAX_BYTES) return err(`answers ${bytes.byteLength} bytes`);
    const text = Buffer.from(bytes).toString();
    return ok({ status: response.status, headers: response.headers, text, from, to: Date.now() });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return err(cause instanceof Error ? cause.message : String(cause));
  }
}

/** The JSON of a route that answers 200. */
export async function getJson(url: string): Promise<Result<unknown, string>> {
  const answer = await get(url);
  if (!answer.ok) return answer;
  if (answer.value.status !== 200)
    return err(`answers ${answer.value.status}: ${answer.value.text.slice(0, 300).trim()}`);
  return parse(answer.value.text);
}

function parse(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return err(`answers no JSON: ${text.slice(0, 100)}`);
  }
}

export interface Health {
  readonly status: string;
  readonly problems: readonly string[];
}

/** /healthz, whatever status it has. */
export async function readHealth(url: string): Promise<Result<Health, string>> {
  const answer = await get(`${url}/healthz`);
  if (!answer.ok) return answer;
  const body = parse(answer.value.text);
  if (!body.ok) return body;
  const { status, problems, warnings } = body.value as { status?: unknown; problems?: unknown; warnings?: unknown };
  if (typeof status !== "string") return err("answers without a status");
  const texts = [problems, warnings].flatMap((list) => (Array.isArray(list) ? list.map(String) : []));
  return ok({ status, problems: texts });
}

/** /metrics; of a split deployment, whose edge has no log's binding, none. */
export async function readGauges(url: string): Promise<Result<readonly Gauge[], string>> {
  const answer = await get(`${url}/metrics`);
  if (!answer.ok) return answer;
  return answer.value.status === 200 ? ok(parseGauges(answer.value.text)) : err(`answers ${answer.value.status}`);
}

/** What of a trusted root is looked at here. */
interface TrustedRootJson {
  readonly tlogs?: readonly LogJson[];
  readonly ctlogs?: readonly LogJson[];
  readonly certificateAuthorities?: readonly AuthorityJson[];
  readonly timestampAuthorities?: readonly AuthorityJson[];
}

interface LogJson {
  readonly baseUrl?: string;
  readonly publicKey?: { readonly rawBytes?: string };
  readonly logId?: { readonly keyId?: string };
}

interface AuthorityJson {
  readonly certChain?: { readonly certificates?: readonly { readonly rawBytes?: string }[] };
}

export interface TrustRoot {
  readonly json: TrustedRootJson;
  /** Of each authority, its certificates in their order. */
  readonly cas: readonly (readonly X509Certificate[])[];
  readonly tsas: readonly (readonly X509Certificate[])[];
}

/** /trusted_root.json, its certificates read. */
export async function readTrustRoot(url: string): Promise<Result<TrustRoot, string>> {
  const json = await getJson(`${url}/trusted_root.json`);
  if (!json.ok) return json;
  try {
    const root = json.value as TrustedRootJson;
    return ok({ json: root, cas: chainsOf(root.certificateAuthorities), tsas: chainsOf(root.timestampAuthorities) });
  } catch (error) {
    return err(`holds a certificate that cannot be read (${error instanceof Error ? error.message : "unknown"})`);
  }
}

const chainsOf = (authorities: readonly AuthorityJson[] = []): readonly (readonly X509Certificate[])[] =>
  authorities.map(({ certChain }) =>
    (certChain?.certificates ?? []).map(({ rawBytes = "" }) => new X509Certificate(Buffer.from(rawBytes, "base64"))),
  );

export interface Expiry {
  readonly what: string;
  readonly at: Date;
}

/** Everything that expires, as the gauges tell, or else the certificates of the trust root. */
export function expiriesOf({ cas, tsas }: TrustRoot, gauges: readonly Gauge[]): readonly Expiry[] {
  const certificates = [
    ...cas.flatMap((chain, i) =>
      chain.map((certificate, j) => ({ certificate, what: nameOf("CA", i, j, chain.length) })),
    ),
    ...tsas.flatMap((chain, i) =>
      chain.map((certificate, j) => ({ certificate, what: nameOf("TSA", i, j, chain.length) })),
    ),
  ].map(({ certificate, what }) => ({ what, at: certificate.validToDate }));
  const told = gauges
    .filter(({ name }) => name === "sigedge_expiry_seconds")
    .map(({ labels, value }) => ({ what: labels["what"] ?? "", at: new Date(Date.now() + value * 1000) }));
  // Where the deployment tells, it tells of the certificates as well.
  return (told.length > 0 ? told : certificates).toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

function nameOf(authority: string, chain: number, place: number, length: number): string {
  const part = place === length - 1 && length > 1 ? `${authority} root` : authority;
  return chain === 0 ? part : `${part} (${chain + 1}.)`;
}
