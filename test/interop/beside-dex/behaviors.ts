// SPDX-License-Identifier: Apache-2.0
// Behaviors of a provider that clients and browsers can see, one row each: how it is observed, and why ours differs
// from dex.

import { createHash } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { Browser } from "../../support/oauth/browser.ts";
import {
  type Answer,
  agree,
  describeAnswer,
  describeEnd,
  getCode,
  goOn,
  isAsking,
  LISTENER,
  makeRequest,
  post,
  redeem,
  type Subject,
  signIn,
  VERIFIER,
} from "./subject.ts";

/** One row of the table. */
export interface Behavior {
  /** The name of the behavior, for the first column. */
  readonly what: string;
  /** A short text that is the same at every run. */
  readonly observe: (subject: Subject) => Promise<string>;
  /** Why ours differs; null where the two must agree. */
  readonly why: string | null;
}

const codes = (values: unknown): string =>
  Array.isArray(values) ? values.map((value) => `\`${String(value)}\``).join(", ") : "absent";

async function readMetadata({ issuer }: Subject): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
  return answer.json<Readonly<Record<string, unknown>>>();
}

const ENDPOINTS = ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint"];

const DISCOVERY: readonly Behavior[] = [
  {
    what: "paths below the issuer: authorization, token, device authorization",
    observe: async (subject) => {
      const metadata = await readMetadata(subject);
      return codes(ENDPOINTS.map((name) => String(metadata[name]).slice(subject.issuer.length)));
    },
    why: null,
  },
  {
    what: "`code_challenge_methods_supported`",
    observe: async (subject) => codes((await readMetadata(subject))["code_challenge_methods_supported"]),
    why: "`plain` shows the verifier to whoever sees the request",
  },
  {
    what: "grants",
    observe: async (subject) => codes((await readMetadata(subject))["grant_types_supported"]),
    why: "a token lives for minutes and nothing refreshes it; no client exchanges tokens",
  },
  {
    what: "userinfo endpoint",
    observe: async (subject) => ("userinfo_endpoint" in (await readMetadata(subject)) ? "present" : "absent"),
    why: "no client calls it, and the access token is the identity token",
  },
  {
    what: "`iss` in the answer (RFC 9207)",
    observe: async (subject) => {
      const { url } = await signIn(subject);
      return new URL(url).searchParams.has("iss") ? "present" : "absent";
    },
    why: "a client of several providers detects an answer from another one",
  },
];

/** @param changes of the authorization request */
const asking = (what: string, changes: Readonly<Record<string, string | null>>, why: string | null): Behavior => ({
  what,
  observe: async (subject) => describeEnd(await signIn(subject, changes)),
  why,
});

const TO_THE_CLIENT = "the program learns the reason instead of waiting";

const REQUESTS: readonly Behavior[] = [
  asking("an ordinary request", {}, null),
  asking(
    "no PKCE",
    { code_challenge: null, code_challenge_method: null },
    "another program on the computer may intercept the code",
  ),
  asking("PKCE with `plain`", { code_challenge: VERIFIER, code_challenge_method: "plain" }, "the same"),
  asking("an unknown client", { client_id: "somebody" }, "the request is wrong, not the address"),
  asking("`response_type=token`", { response_type: "token" }, null),
  asking("a scope without `openid`", { scope: "email" }, null),
  asking("`prompt=none`", { prompt: "none" }, "no page may sign a person in silently"),
  asking("an unknown `connector_id`", { connector_id: "https://elsewhere.example" }, TO_THE_CLIENT),
  asking("a request object (`request`)", { request: "a.b.c" }, null),
  {
    what: "`redirect_uri` twice",
    observe: async (subject) => {
      const again = `&redirect_uri=${encodeURIComponent("http://localhost:2/")}`;
      return describeEnd(await new Browser().open(`${makeRequest(subject)}${again}`, LISTENER));
    },
    why: "RFC 6749 §3.1: no parameter may appear twice",
  },
];

const redirecting = (redirectUri: string, why: string | null): Behavior => ({
  what: `redirect to \`${redirectUri}\``,
  observe: async (subject) => describeEnd(await signIn(subject, { redirect_uri: redirectUri })),
  why,
});

const REDIRECTS: readonly Behavior[] = [
  redirecting("http://localhost:43119", null),
  redirecting("http://127.0.0.1:43119/any/path", "RFC 8252 §7.3: programs may listen on it, and sigstore-rust does"),
  redirecting("http://[::1]:43119/callback", "the same"),
  redirecting("https://localhost:43119/", null),
  redirecting("http://localhost.evil.example:43119/", null),
  redirecting("http://localhost@evil.example/", null),
  redirecting("https://evil.example/", null),
  redirecting("http://127.0.0.2:43119/", null),
  redirecting("http://user:pass@localhost:43119/", "parsers must not disagree about the host"),
];

const UPSTREAM: readonly Behavior[] = [
  {
    what: "`nonce`, PKCE towards the provider",
    observe: async (subject) => {
      await signIn(subject);
      const asked = subject.upstream.asked.at(-1);
      return [
        asked?.has("nonce") === true ? "nonce" : "no nonce",
        asked?.has("code_challenge") === true ? "PKCE" : "no PKCE",
      ].join(", ");
    },
    why: "a code or a token from another sign-in cannot be injected",
  },
  {
    what: "a sign-in that begins in one browser and ends in another",
    observe: async (subject) => {
      const begun = await new Browser().open(makeRequest(subject), `${subject.issuer}/callback`);
      const other = new Browser();
      return describeEnd(await agree(other, await other.open(begun.url, LISTENER)));
    },
    why: "whoever sends a person a link must not get the code",
  },
  {
    what: "confirmation before a code for a named connector",
    observe: async (subject) => {
      return isAsking(await new Browser().open(makeRequest(subject), LISTENER)) ? "required" : "none";
    },
    why: "no page can complete a sign-in unseen; a person may have the answer remembered",
  },
  {
    what: "the person cancels at the provider",
    observe: async (subject) => {
      subject.upstream.nastiness = { back: { code: null, error: "access_denied" } };
      const shown = await signIn(subject);
      const tells = /href="http:&#47;&#47;localhost:43119|href="http:\/\/localhost:43119/.test(shown.html);
      return `${describeEnd(shown)}${tells ? ", with a way back to the client" : ""}`;
    },
    why: TO_THE_CLIENT,
  },
  {
    what: "an address that the provider has not verified",
    observe: async (subject) => {
      subject.upstream.nastiness = { claims: { email_verified: false } };
      const end = await signIn(subject);
      if (describeEnd(end) !== "a code") return describeEnd(end);
      const { json } = await redeem(subject, new URL(end.url).searchParams.get("code") ?? "");
      return `a token with \`email_verified\`: ${String(decodeJwt(String(json["id_token"]))["email_verified"])}`;
    },
    why: "the page says what to do; a program would find out only at the CA",
  },
  {
    what: "`email_verified` as a string",
    observe: async (subject) => {
      subject.upstream.nastiness = { claims: { email_verified: "true" } };
      return describeEnd(await signIn(subject));
    },
    why: "the provider is at fault, not this site",
  },
];

async function getClaims(subject: Subject, changes = {}): Promise<Readonly<Record<string, unknown>>> {
  const { json } = await redeem(subject, await getCode(subject, changes));
  return decodeJwt(String(json["id_token"]));
}

const TOKENS: readonly Behavior[] = [
  {
    what: "claims for `openid email`",
    observe: async (subject) => codes(Object.keys(await getClaims(subject)).toSorted()),
    why: "`federated_claims` names the provider that vouched, for the certificate; a token that is its own access token cannot hold its hash",
  },
  {
    what: "`aud` and algorithm",
    observe: async (subject) => {
      const { json } = await redeem(subject, await getCode(subject));
      const token = String(json["id_token"]);
      return `\`${JSON.stringify(decodeJwt(token).aud)}\`, \`${decodeProtectedHeader(token).alg}\``;
    },
    why: null,
  },
  {
    what: "lifetime of a token",
    observe: async (subject) => {
      const { exp, iat } = await getClaims(subject);
      return `${Number(exp) - Number(iat)} s`;
    },
    why: "a client needs it once, within seconds",
  },
  {
    what: "access token",
    observe: async (subject) => {
      const { json } = await redeem(subject, await getCode(subject));
      return json["access_token"] === json["id_token"] ? "the identity token" : "another token";
    },
    why: "sigstore-python sends it to the CA",
  },
  {
    what: "`offline_access`",
    observe: async (subject) => {
      const { json } = await redeem(subject, await getCode(subject, { scope: "openid email offline_access" }));
      return "refresh_token" in json ? "a refresh token" : "no refresh token";
    },
    why: "whoever steals one can sign for months",
  },
];

/** Redeems the same code several times, each with changes of the form, and lists the answers. */
const redeeming = (
  what: string,
  attempts: readonly Readonly<Record<string, string>>[],
  why: string | null,
): Behavior => ({
  what,
  observe: async (subject) => {
    const code = await getCode(subject);
    const answers: string[] = [];
    for (const changes of attempts) answers.push(describeAnswer(await redeem(subject, code, changes)));
    return answers.join(", then ");
  },
  why,
});

const CODES: readonly Behavior[] = [
  redeeming("a code, twice", [{}, {}], null),
  redeeming("a wrong verifier, then the right one", [{ code_verifier: "w".repeat(43) }, {}], null),
  redeeming(
    "another `redirect_uri`, then the right one",
    [{ redirect_uri: "http://localhost:1/" }, {}],
    "RFC 6749 §5.2 names this error",
  ),
  redeeming("another client, then the right one", [{ client_id: "somebody" }, {}], null),
  redeeming(
    "no code, as Go sends it after a refusal",
    [{ code: "" }],
    "it says why: the sign-in was refused or cancelled",
  ),
  {
    what: "the client by HTTP Basic with an empty secret",
    observe: async (subject) => {
      const form = { grant_type: "authorization_code", code: await getCode(subject), redirect_uri: LISTENER };
      const headers = { authorization: `Basic ${Buffer.from("sigstore:").toString("base64")}` };
      return describeAnswer(await post(subject, "/token", { ...form, code_verifier: VERIFIER }, headers));
    },
    why: null,
  },
  {
    what: "`cache-control` of a token",
    observe: async (subject) => {
      const { headers } = await redeem(subject, await getCode(subject));
      return headers.get("cache-control") ?? "absent";
    },
    why: null,
  },
];

const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");

const beginDevice = (subject: Subject): Promise<Answer> =>
  post(subject, "/device/code", {
    client_id: "sigstore",
    scope: "openid email",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
  });

const poll = (subject: Subject, deviceCode: unknown, verifier = VERIFIER): Promise<Answer> =>
  post(subject, "/token", {
    grant_type: DEVICE_GRANT,
    client_id: "sigstore",
    device_code: String(deviceCode),
    code_verifier: verifier,
  });

const DEVICES: readonly Behavior[] = [
  {
    what: "a device: code, life, interval",
    observe: async (subject) => {
      const { json } = await beginDevice(subject);
      const shape = String(json["user_code"]).replaceAll(/[A-Z]/g, "X");
      return `\`${shape}\`, ${String(json["expires_in"])} s, ${String(json["interval"])} s`;
    },
    why: null,
  },
  {
    what: "a device that waits, polls twice at once",
    observe: async (subject) => {
      const { json } = await beginDevice(subject);
      const first = describeAnswer(await poll(subject, json["device_code"]));
      return `${first}, then ${describeAnswer(await poll(subject, json["device_code"]))}`;
    },
    why: null,
  },
  {
    what: "a device code that is unknown",
    observe: async (subject) => describeAnswer(await poll(subject, "unknown")),
    why: "Go's client ends at once, and shows the reason",
  },
  {
    what: "a device, signed in by its link, with the right and a wrong verifier",
    observe: async (subject) => {
      const { json } = await beginDevice(subject);
      const browser = new Browser();
      const link = String(json["verification_uri_complete"]);
      await agree(browser, await browser.open(link, LISTENER));
      const wrong = describeAnswer(await poll(subject, json["device_code"], "w".repeat(43)));
      return `${wrong}, then ${describeAnswer(await poll(subject, json["device_code"]))}`;
    },
    why: null,
  },
  {
    what: "confirmation of a device, with its code, and a way to refuse",
    observe: async (subject) => {
      const { json } = await beginDevice(subject);
      const browser = new Browser();
      const page = await goOn(browser, await browser.open(String(json["verification_uri_complete"]), LISTENER));
      return page.html.includes('value="refuse"') ? "present" : "absent";
    },
    why: "whoever sends a person a code wants to sign as them",
  },
];

const PAGES: readonly Behavior[] = [
  {
    what: "a page in a frame of another site",
    observe: async ({ issuer }) => {
      const { headers } = await fetch(`${issuer}/device`);
      const isBarred = `${headers.get("content-security-policy")}`.includes("frame-ancestors 'none'");
      return isBarred ? "blocked" : "allowed";
    },
    why: "an invisible frame can steal a click",
  },
  {
    what: "a page in caches",
    observe: async ({ issuer }) => (await fetch(`${issuer}/device`)).headers.get("cache-control") ?? "no header",
    why: "pages contain sealed requests",
  },
];

/** All rows, in the order of the table. */
export const BEHAVIORS: readonly Behavior[] = [
  ...DISCOVERY,
  ...REQUESTS,
  ...REDIRECTS,
  ...UPSTREAM,
  ...TOKENS,
  ...CODES,
  ...DEVICES,
  ...PAGES,
];
