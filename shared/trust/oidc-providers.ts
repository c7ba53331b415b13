// SPDX-License-Identifier: Apache-2.0
// The OpenID providers at which people log in to sign. The signing config names them, so that a client opens the right
// page. Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (Service)

import { encodeUtf8 } from "../bytes/utf8.ts";
import type { PublicUrl } from "../http/public-url.ts";
import { isList, isObject } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { parseIssuerUrl } from "../oidc/issuer-url.ts";
import { ownIssuerOf } from "../oidc/own-issuer.ts";
import { err, ok, type Result } from "../result.ts";

/** Times as RFC 3339. */
interface Range {
  readonly start: string;
  readonly end?: string;
}

/** A provider with an authorization endpoint, whose tokens the CA accepts. */
export interface OidcProvider {
  /** Clients compare it with the issuer in its discovery document as a whole string. */
  readonly url: string;
  readonly isLoopback: boolean;
  /** The name of whoever runs it. A client uses one provider of each operator. */
  readonly operator: string;
  /** Null: as long as the CA in use. */
  readonly validFor: Range | null;
}

/** Clients use the first one that is valid, so the others are former and future ones. */
const MAX_PROVIDERS = 8;
const MAX_OPERATOR_CHARS = 256;
const MEMBERS = ["url", "operator", "validFor", "majorApiVersion"];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/**
 * Parses OIDC_PROVIDERS: a JSON list of `{"url": URL, "operator": TEXT, "validFor": {"start": TIME, "end": TIME}}`, of
 * which only `url` is required, or of URLs. The error completes "OIDC_PROVIDERS …" and names the member.
 */
export function parseOidcProviders(text: string): Result<readonly OidcProvider[], string> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok || !isList(json.value)) return err("must be a JSON list of OpenID providers");
  const rows = json.value;
  if (rows.length > MAX_PROVIDERS) return err(`must have at most ${MAX_PROVIDERS} providers`);
  const providers: OidcProvider[] = [];
  for (const [i, row] of rows.entries()) {
    const provider = parseProvider(typeof row === "string" ? { url: row } : row);
    if (!provider.ok) return err(`[${i}]${provider.error}`);
    if (providers.some(({ url }) => url === provider.value.url)) return err(`[${i}].url is that of another provider`);
    providers.push(provider.value);
  }
  return ok(providers);
}

/**
 * The providers of a deployment: its own, if somebody can sign in at it, then the listed ones.
 * @param hasConnector whether the deployment's own provider has a connector
 */
export function signInProviders(
  { href, hostname, isLoopback }: PublicUrl,
  hasConnector: boolean,
  listed: readonly OidcProvider[],
): readonly OidcProvider[] {
  const own: OidcProvider = { url: ownIssuerOf(href), isLoopback, operator: hostname, validFor: null };
  return hasConnector ? [own, ...listed.filter(({ url }) => url !== own.url)] : listed;
}

function parseProvider(row: unknown): Result<OidcProvider, string> {
  if (!isObject(row)) return err(" must be a URL or an object");
  const unknown = Object.keys(row).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) return err(`.${unknown} is not known; known are ${MEMBERS.join(", ")}`);
  const { url, operator, validFor = null, majorApiVersion = 1 } = row;
  if (typeof url !== "string") return err(".url is missing");
  const parsed = parseIssuerUrl(url);
  if (!parsed.ok) return err(`.url ${parsed.error.reason}`);
  if (majorApiVersion !== 1) return err(".majorApiVersion must be 1, the only one that clients know");
  const name = operator ?? new URL(url).hostname;
  if (typeof name !== "string" || name === "" || name.length > MAX_OPERATOR_CHARS)
    return err(`.operator must be text of 1 to ${MAX_OPERATOR_CHARS} characters`);
  const range = validFor === null ? ok(null) : parseRange(validFor);
  return range.ok
    ? ok({ url, isLoopback: parsed.value.isLoopback, operator: name, validFor: range.value })
    : err(range.error);
}

function parseRange(value: unknown): Result<Range, string> {
  if (!isObject(value) || Object.keys(value).some((name) => name !== "start" && name !== "end"))
    return err(".validFor must have start, may have end, and nothing else");
  const { start, end } = value;
  if (!isTime(start)) return err(".validFor.start must be a time in UTC, such as 2027-01-01T00:00:00Z");
  if (end === undefined || end === null) return ok({ start });
  if (!isTime(end) || Date.parse(end) <= Date.parse(start)) return err(".validFor.end must be a later time in UTC");
  return ok({ start, end });
}

const isTime = (value: unknown): value is string =>
  typeof value === "string" && TIME.test(value) && !Number.isNaN(Date.parse(value));
