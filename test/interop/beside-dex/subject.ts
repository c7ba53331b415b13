// SPDX-License-Identifier: Apache-2.0
// dex and the built-in provider, each in front of an OpenID provider of its own that signs its one user in at once.
// Asks them what a client and a browser ask.

import { makeAuthorizationUrl } from "../../support/oauth/authorization-request.ts";
import { Browser, linksOf, type Shown } from "../../support/oauth/browser.ts";
import { startUpstream, type Upstream } from "../../support/oauth/upstream.ts";
import { startStack } from "../../support/process/stack.ts";
import { startDex } from "../../support/sign-in/dex.ts";
import { makeConnectorSettings } from "../../support/upstreams/connectors.ts";

export const LISTENER = "http://localhost:43119/auth/callback";
export const VERIFIER = "v".repeat(43);
const SLUG = "upstream";
const CLIENT_ID = "sigedge";
type Parameters = Readonly<Record<string, string | null>>;

/** One of the two providers. */
export interface Subject {
  readonly name: "dex" | "here";
  /** The address above the issuer, as the authorization request takes it. */
  readonly url: string;
  readonly issuer: string;
  /** `connector_id` of the upstream. */
  readonly connectorId: string;
  readonly upstream: Upstream;
  readonly stop: () => Promise<void>;
}

/** Starts dex. */
export async function startDexSubject(): Promise<Subject> {
  const upstream = await startUpstream({ demandsPkce: false });
  const dex = await startDex({
    address: null,
    connectors: (issuer) => [
      {
        type: "oidc",
        id: SLUG,
        name: "Upstream",
        config: {
          issuer: upstream.url,
          clientID: CLIENT_ID,
          clientSecret: upstream.clientSecret,
          redirectURI: `${issuer}/callback`,
          // It demands a name otherwise, which Sigstore's clients do not ask for.
          userNameKey: "email",
        },
      },
    ],
  });
  return {
    name: "dex",
    url: dex.issuer.replace(/\/oidc$/, ""),
    issuer: dex.issuer,
    connectorId: SLUG,
    upstream,
    stop: () => {
      dex.stop();
      upstream.stop();
      return Promise.resolve();
    },
  };
}

/** Starts the built-in provider. */
export async function startOwnSubject(): Promise<Subject> {
  const upstream = await startUpstream();
  const row = { type: "oidc", slug: SLUG, name: "Upstream", config: { issuer: upstream.url, clientID: CLIENT_ID } };
  const stack = await startStack({
    vars: makeConnectorSettings([{ slug: SLUG, secret: upstream.clientSecret, row }]),
  });
  return {
    name: "here",
    url: stack.url,
    issuer: `${stack.url}/oidc`,
    connectorId: upstream.url,
    upstream,
    stop: async () => {
      upstream.stop();
      await stack.stop();
    },
  };
}

/** The address of an authorization request. @param changes of its parameters; null removes one */
export function makeRequest(subject: Subject, changes: Parameters = {}): string {
  const usual = { state: "s".repeat(22), nonce: "n".repeat(22), connector_id: subject.connectorId };
  const redirectUri = changes["redirect_uri"] ?? LISTENER;
  const url = new URL(makeAuthorizationUrl(subject.url, { redirectUri, verifier: VERIFIER }, usual));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.href;
}

/** Goes on from a page up to the one that asks: types the code of a device, chooses the upstream. */
export async function goOn(browser: Browser, page: Shown, stopAt = LISTENER): Promise<Shown> {
  const chosen = page.html.includes('name="user_code"') ? await browser.submit(page, {}, stopAt) : page;
  const link = linksOf(chosen).find((href) => href.includes(`/auth/${SLUG}?`));
  return link === undefined ? chosen : browser.open(link, stopAt);
}

/** Whether a page asks the person for an answer. */
export const isAsking = ({ html }: Shown): boolean => html.includes('name="answer"');

/** Goes on as a person who agrees. */
export async function agree(browser: Browser, page: Shown, stopAt = LISTENER): Promise<Shown> {
  const shown = await goOn(browser, page, stopAt);
  return isAsking(shown) ? browser.submit(shown, { answer: "grant" }, stopAt) : shown;
}

/** Signs somebody in up to the last page, or to the client's listener. */
export async function signIn(subject: Subject, changes: Parameters = {}): Promise<Shown> {
  const browser = new Browser();
  const stopAt = changes["redirect_uri"] ?? LISTENER;
  return agree(browser, await browser.open(makeRequest(subject, changes), stopAt), stopAt);
}

/** Describes the end of a sign-in. */
export function describeEnd({ url, status, html }: Shown): string {
  const parameters = URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams();
  if (html !== "") return `a page, ${status}`;
  const error = parameters.get("error");
  return error === null ? "a code" : `\`${error}\`, to the client`;
}

/** An answer of an endpoint that speaks JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Posts a form. */
export async function post(
  subject: Subject,
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const body = new URLSearchParams(form);
  const response = await fetch(`${subject.issuer}${path}`, { method: "POST", body, headers });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  const json = isJson ? (JSON.parse(text) as Answer["json"]) : { text };
  return { status: response.status, headers: response.headers, json };
}

/** A code of a fresh sign-in. Throws if there is none. */
export async function getCode(subject: Subject, changes: Parameters = {}): Promise<string> {
  const shown = await signIn(subject, changes);
  const code = URL.canParse(shown.url) ? new URL(shown.url).searchParams.get("code") : null;
  if (code === null) throw new Error(`${subject.name} gives no code: ${shown.status} ${shown.url} ${shown.html}`);
  return code;
}

/** Redeems a code. @param changes of the form */
export function redeem(
  subject: Subject,
  code: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const form = { grant_type: "authorization_code", client_id: "sigstore", code, redirect_uri: LISTENER };
  return post(subject, "/token", { ...form, code_verifier: VERIFIER, ...changes });
}

/** Describes an answer of the token endpoint. */
export const describeAnswer = ({ status, json }: Answer): string =>
  typeof json["error"] === "string" ? `\`${json["error"]}\`` : status === 200 ? "a token" : `status ${status}`;
