// SPDX-License-Identifier: Apache-2.0
// The facts that this page needs before it can sign: the services of its own deployment, the keys to verify their
// answers with, and where people sign in. Everything is at this site; nothing here becomes public.

import { findServices } from "../../../../shared/bundle/services.ts";
import { parseTrustedRoot, type TrustedRoot } from "../../../../shared/bundle/trusted-root.ts";
import { member } from "../../../../shared/json/member.ts";
import { parseJson } from "../../../../shared/json/parse.ts";
import { err, ok, type Result } from "../../../../shared/result.ts";
import { type UnixMs, unixMs } from "../../../../shared/time.ts";

/** The services of a deployment, as a signer in a page uses them. */
export interface Deployment {
  /** The origin of this page, without a trailing slash. */
  readonly origin: string;
  readonly tsa: string;
  readonly log: string;
  readonly root: TrustedRoot;
  readonly provider: Provider;
}

/** Where people sign in. */
export interface Provider {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
}

/** Reads the deployment. The error says to a person why they cannot sign on this page. */
export async function readDeployment(origin: string): Promise<Result<Deployment, string>> {
  const [config, rootText] = await Promise.all([
    readBytes(`${origin}/signing_config.json`),
    readBytes(`${origin}/trusted_root.json`),
  ]);
  if (config === null || rootText === null) return err(UNREADABLE);
  const root = parseTrustedRoot(rootText.bytes);
  if (!root.ok) return err(`The trusted root of this site ${root.error.reason}.`);
  const { tsa, log, provider } = findServices(toJson(config), config.sentAt);
  if (provider === null)
    return err("Nobody can sign in at this site, because its operator has connected no identity provider.");
  if (provider !== `${origin}/oidc`) {
    return err(`People sign in at ${provider} here, and that provider does not lead back to this page.`);
  }
  if (tsa === null || log === null) return err("This site has no log that accepts signatures now.");
  const outside = [tsa, log].find((url) => !isOfSite(url, origin));
  if (outside !== undefined) return err(`This site writes to ${outside}, which this page may not reach.`);
  const endpoints = await readProvider(provider, origin);
  return endpoints === null
    ? err(UNREADABLE)
    : ok({ origin, tsa, log: log.replace(/\/$/, ""), root: root.value, provider: endpoints });
}

const UNREADABLE = "A part of this site did not answer. Load the page again in a few seconds.";

const isOfSite = (url: string, origin: string): boolean => `${url}/`.startsWith(`${origin}/`);

async function readProvider(issuer: string, origin: string): Promise<Provider | null> {
  const metadata = await readJson(`${issuer}/.well-known/openid-configuration`);
  const [authorizationEndpoint, tokenEndpoint] = ["authorization_endpoint", "token_endpoint"].map((name) =>
    member(metadata, name),
  );
  if (member(metadata, "issuer") !== issuer) return null;
  if (typeof authorizationEndpoint !== "string" || typeof tokenEndpoint !== "string") return null;
  const isOurs = isOfSite(authorizationEndpoint, origin) && isOfSite(tokenEndpoint, origin);
  return isOurs ? { issuer, authorizationEndpoint, tokenEndpoint } : null;
}

/** A trusted root with many logs has some 100 KiB, which the page's own site sends. */
const MAX_VALUES = 65_536;

/** A file of the site. */
interface Answer {
  readonly bytes: Uint8Array;
  /** By the clock of the site: that of this computer may be wrong. */
  readonly sentAt: UnixMs;
}

async function readJson(url: string): Promise<unknown> {
  const answer = await readBytes(url);
  return answer === null ? null : toJson(answer);
}

function toJson({ bytes }: Answer): unknown {
  const json = parseJson(bytes, MAX_VALUES);
  return json.ok ? json.value : null;
}

async function readBytes(url: string): Promise<Answer | null> {
  try {
    const response = await fetch(url, { credentials: "omit", redirect: "error", cache: "no-cache" });
    if (!response.ok) return null;
    const sentAt = Date.parse(response.headers.get("date") ?? "");
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { bytes, sentAt: unixMs(Number.isNaN(sentAt) ? Date.now() : sentAt) };
  } catch {
    return null;
  }
}
