// SPDX-License-Identifier: Apache-2.0
// Every type of connector in workerd, against a stand-in of its provider that is right, and wrong in every way that a
// table names. A sign-in ends with exactly the right addresses, or with a page that says what to do; never with a code.

import { X509Certificate } from "node:crypto";
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { keyRequest, prove, withToken } from "../support/authority/ca-stack.ts";
import { makeAuthorizationUrl } from "../support/oauth/authorization-request.ts";
import { Browser, type Shown } from "../support/oauth/browser.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import {
  makeConnectorSettings,
  STAND_IN_CONNECTORS,
  STAND_IN_ROWS,
  STAND_IN_SLUGS,
  type StandInSlug,
} from "../support/upstreams/connectors.ts";
import { ALICE, OTHER_TENANT } from "../support/upstreams/people.ts";
import { type Nastiness, StandIns } from "../support/upstreams/stand-ins.ts";

const LISTENER = "http://localhost:43118/";
const OPENID: readonly StandInSlug[] = ["google", "entra", "tenants", "gitlab", "access", "generic"];

const standIns = new StandIns();
let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({
    vars: { ...makeConnectorSettings(STAND_IN_ROWS), STAND_INS: await standIns.start() },
    entry: "test/support/upstreams/upstreams-worker.ts",
  });
}, 300_000);
afterAll(async () => {
  standIns.stop();
  await stack.stop();
});
beforeEach(() => {
  standIns.nastiness = {};
  standIns.asked.length = 0;
});

const VERIFIER = "v".repeat(43);
let people = 0;

/** Signs in up to the page after the provider. Everybody comes from another network. */
async function signIn(
  slug: StandInSlug,
  nastiness: Nastiness = {},
): Promise<{ browser: Browser; page: Shown; asked: URL }> {
  standIns.nastiness = nastiness;
  people++;
  const browser = new Browser({ "cf-connecting-ip": `198.51.${people >> 8}.${people & 255}` });
  const request = { redirectUri: LISTENER, verifier: VERIFIER };
  const url = makeAuthorizationUrl(stack.url, request, { connector_id: STAND_IN_CONNECTORS[slug].id });
  const asked = await browser.open(url, "https://");
  if (!asked.url.startsWith("https://")) return { browser, page: asked, asked: new URL(asked.url) };
  const page = await browser.open(standIns.authorize(asked.url), LISTENER);
  return { browser, page, asked: new URL(asked.url) };
}

/** The addresses that a page offers, or the code of its error. Fails if it is a way to the client. */
function outcomeOf({ url, html }: Shown): readonly string[] | string {
  expect(url.startsWith(LISTENER)).toBe(false);
  const error = /runs this site: <[^>]*>(\w+)</.exec(html)?.[1];
  if (error !== undefined) return error;
  const values = Array.from(
    html.matchAll(/<input[^>]* name="address"[^>]*>/g),
    ([tag]) => /value="([^"]*)"/.exec(tag)?.[1],
  );
  return values.map((value = "") =>
    value.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))),
  );
}

const send =
  (status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, { "content-type": type, ...headers }).end(body);

describe("each connector, from the browser to the certificate", () => {
  it.each(STAND_IN_SLUGS)("%s vouches for the verified address, and the certificate names it", async (slug) => {
    const { browser, page, asked } = await signIn(slug);
    expect(outcomeOf(page)).toEqual(STAND_IN_CONNECTORS[slug].addresses);
    expect(asked.searchParams.get("code_challenge_method")).toBe("S256");
    const back = await browser.submit(page, { answer: "grant" }, LISTENER);
    const code = new URL(back.url).searchParams.get("code") ?? "";
    const form = { grant_type: "authorization_code", client_id: "sigstore", code, redirect_uri: LISTENER };
    const body = new URLSearchParams({ ...form, code_verifier: VERIFIER });
    const answer = await fetch(`${stack.url}/oidc/token`, { method: "POST", body });
    const { id_token } = await answer.json<{ readonly id_token: string }>();
    const signed = await fetch(`${stack.url}/api/v2/signingCert`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(withToken(id_token, keyRequest(undefined, prove(ALICE)))),
    });
    const pem = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(
      (await signed.text()).replaceAll("\\n", "\n"),
    );
    const certificate = new X509Certificate(pem?.[0] ?? "");
    expect(certificate.subjectAltName).toBe(`email:${ALICE}`);
    // Extensions 1.3.6.1.4.1.57264.1.1, the text, and .8, the same as a DER string.
    const issuer = Buffer.from(STAND_IN_CONNECTORS[slug].id);
    const oid = Buffer.from("060a2b0601040183bf300101", "hex");
    expect(certificate.raw.subarray(certificate.raw.indexOf(oid)).subarray(14, 14 + issuer.length)).toEqual(issuer);
    expect(JSON.stringify(stack.logs)).not.toContain("opaque");
  });
});

describe("a provider that answers wrongly", () => {
  const ANSWERS: readonly (readonly [string, Nastiness])[] = [
    ["redirects", { token: send(302, "text/plain", "", { location: "https://evil.example/" }) }],
    ["sends a mebibyte", { token: send(200, "application/json", `{"a":"${"x".repeat(1 << 20)}"}`) }],
    ["nests too deeply", { token: send(200, "application/json", "[".repeat(1000) + "]".repeat(1000)) }],
    ["sends a page", { token: send(200, "text/html", "<html>") }],
    ["sends half of its JSON", { token: send(200, "application/json", '{"access_token":"opa') }],
    ["fails", { token: send(500, "text/html", "<html>") }],
    ["gives no token", { token: send(200, "application/json", "{}") }],
    ["says an error with 200", { token: send(200, "application/json", '{"error":"bad_verification_code"}') }],
    ["gave the code to another client", { code: "client_id" }],
    ["gave the code for another address", { code: "redirect_uri" }],
    ["gave the code to another browser", { code: "code_challenge" }],
  ];
  it.each(ANSWERS.flatMap(([what, nastiness]) => STAND_IN_SLUGS.map((slug) => [slug, what, nastiness] as const)))(
    "%s %s: a page says so",
    async (slug, _, nastiness) => {
      const { page } = await signIn(slug, nastiness);
      expect([page.status, outcomeOf(page)]).toEqual([502, "upstream_failed"]);
    },
  );

  it("does not answer within ten seconds: a page says so", async () => {
    const outcomes = await Promise.all(
      STAND_IN_SLUGS.map(async (slug) => outcomeOf((await signIn(slug, { token: () => undefined })).page)),
    );
    expect(outcomes).toEqual(STAND_IN_SLUGS.map(() => "upstream_failed"));
  });

  it.each(STAND_IN_SLUGS)("%s does not know this site's secret: the operator must act", async (slug) => {
    const { page } = await signIn(slug, { token: send(401, "application/json", '{"error":"invalid_client"}') });
    expect([page.status, outcomeOf(page)]).toEqual([502, "upstream_refused"]);
  });
});

describe("an identity token that is not the provider's for this sign-in", () => {
  const TOKENS: readonly (readonly [string, Nastiness])[] = [
    ["another nonce", { claims: { nonce: "another" } }],
    ["no nonce", { claims: { nonce: null } }],
    ["another issuer", { claims: { iss: "https://evil.example" } }],
    ["another audience", { claims: { aud: "another" } }],
    ["an audience too many", { claims: { aud: ["client", "another"], azp: "another" } }],
    ["no signature", { signature: "none" }],
    ["a signature of another key", { signature: "foreign" }],
    ["a signature of a key in its own header", { signature: "embedded" }],
    ["a signature by the public key as a secret", { signature: "hmac" }],
    ["an end in the past", { claims: { exp: 1 } }],
  ];
  it.each(TOKENS.flatMap(([what, nastiness]) => OPENID.map((slug) => [slug, what, nastiness] as const)))(
    "%s with %s counts for nobody",
    async (slug, _, nastiness) => {
      const { page } = await signIn(slug, nastiness);
      expect([page.status, outcomeOf(page)]).toEqual([502, "upstream_failed"]);
    },
  );

  it.each(OPENID)("%s may replace its keys at any time", async (slug) => {
    expect(outcomeOf((await signIn(slug)).page)).toEqual([ALICE]);
    expect(outcomeOf((await signIn(slug, { signature: "rotated" })).page)).toEqual([ALICE]);
  });
});

const emails = (...rows: readonly object[]): Nastiness => ({ api: { "/user/emails": rows } });
const bitbucket = (row: object): Nastiness => ({ api: { "/2.0/user/emails": { values: [row] } } });
const UPN = { email: "ceo@example.com", xms_edov: null, upn: ALICE };

describe("a person", () => {
  it.each<readonly [StandInSlug, string, Nastiness, readonly string[] | string]>([
    [
      "github",
      "whose primary address is not verified",
      emails({ email: ALICE, primary: true, verified: false }),
      "address_unverified",
    ],
    ["github", "who has a profile address only", emails(), "address_unverified"],
    [
      "github",
      "with a verified address that is not primary",
      emails({ email: ALICE, primary: false, verified: true }),
      "address_unverified",
    ],
    [
      "github",
      "who changed the address",
      emails({ email: "b@example.com", primary: true, verified: true }),
      ["b@example.com"],
    ],
    [
      "github",
      "with an address outside of ASCII",
      emails({ email: "ä@example.com", primary: true, verified: true }),
      "address_unusable",
    ],
    ["github", "verified by a text", emails({ email: ALICE, primary: true, verified: "true" }), "address_unverified"],
    ["github", "without a number", { api: { "/user": { login: "alice" } } }, "upstream_failed"],
    [
      "github",
      "whose addresses are an object",
      { api: { "/user/emails": { message: "Not Found" } } },
      "upstream_failed",
    ],
    [
      "members",
      "who is only invited",
      { api: { "/user/memberships/orgs": [{ state: "pending", organization: { login: "Acme", id: 42 } }] } },
      "not_admitted",
    ],
    [
      "members",
      "of a team of that name elsewhere",
      { api: { "/user/teams": [{ id: 8, slug: "release", organization: { login: "Acme", id: 43 } }] } },
      "not_admitted",
    ],
    [
      "members",
      "of an organization of another number",
      { api: { "/user/memberships/orgs": [{ state: "active", organization: { login: "Acme", id: 44 } }] } },
      "not_admitted",
    ],
    [
      "ghes",
      "with an address that the operator does not vouch for",
      emails({ email: "a@example.org", primary: true, verified: true }),
      "address_unverified",
    ],
    ["google", "whose address is not verified", { claims: { email_verified: false } }, "address_unverified"],
    ["google", "verified by a text", { claims: { email_verified: "true" } }, "address_unverified"],
    [
      "google",
      "of whose verification nothing is said",
      { claims: { email_verified: null }, userinfo: { email_verified: null, sub: "10769150350006150715113082367" } },
      "address_unverified",
    ],
    ["google", "with a personal account in the domain", { claims: { hd: null } }, "not_admitted"],
    ["google", "of another domain", { claims: { hd: "evil.example.com" } }, "not_admitted"],
    ["google", "who changed the address", { claims: { email: "b@example.com" } }, ["b@example.com"]],
    ["entra", "whose address any administrator could write", { claims: { xms_edov: null } }, "address_unverified"],
    ["entra", "whose address is in a foreign domain", { claims: { xms_edov: false } }, "address_unverified"],
    ["entra", "known by the user principal name", { claims: UPN }, [ALICE]],
    [
      "entra",
      "with a principal name in a domain that nobody listed",
      { claims: { ...UPN, upn: "a@example.org" } },
      "address_unverified",
    ],
    [
      "entra",
      "with a preferred name only",
      { claims: { xms_edov: null, preferred_username: ALICE } },
      "address_unverified",
    ],
    ["entra", "who is a guest by name", { claims: { upn: "a_b.example#EXT#@example.com" } }, "not_admitted"],
    [
      "entra",
      "who is a guest by provider",
      { claims: { idp: `https://sts.windows.net/${OTHER_TENANT}/` } },
      "not_admitted",
    ],
    ["entra", "who is a guest by account type", { claims: { acct: 1 } }, "not_admitted"],
    ["entra", "of another tenant", { claims: { tid: OTHER_TENANT } }, "not_admitted"],
    [
      "entra",
      "of another tenant's issuer",
      { claims: { iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0` } },
      "upstream_failed",
    ],
    [
      "tenants",
      "of another tenant",
      { claims: { tid: OTHER_TENANT, iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0` } },
      "not_admitted",
    ],
    [
      "tenants",
      "of another tenant's issuer",
      { claims: { iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0` } },
      "upstream_failed",
    ],
    ["tenants", "without a tenant", { claims: { tid: null } }, "not_admitted"],
    ["tenants", "whose principal name nobody vouches for", { claims: UPN }, "address_unverified"],
    ["gitlab", "whose address is not verified", { claims: { email_verified: false } }, "address_unverified"],
    ["gitlab", "whom userinfo calls somebody else", { userinfo: { sub: "4712" } }, "upstream_failed"],
    [
      "gitlab",
      "whose verification userinfo claims for another address",
      { claims: { email_verified: null }, userinfo: { email: "b@example.com" } },
      "address_unverified",
    ],
    ["gitlab", "whom userinfo gives another address", { userinfo: { email: "b@example.com" } }, [ALICE]],
    ["gitlab", "of a group above only", { userinfo: { groups: ["acme"] } }, "not_admitted"],
    [
      "bitbucket",
      "whose address is not confirmed",
      bitbucket({ email: ALICE, is_primary: true, is_confirmed: false }),
      "address_unverified",
    ],
    [
      "bitbucket",
      "without a primary address",
      bitbucket({ email: ALICE, is_primary: false, is_confirmed: true }),
      "address_unverified",
    ],
    [
      "bitbucket",
      "of another workspace",
      { api: { "/2.0/user/workspaces": { values: [{ workspace: { slug: "evil" } }] } } },
      "not_admitted",
    ],
    [
      "bitbucket",
      "whose list goes on elsewhere",
      { api: { "/2.0/user/emails": { values: [], next: "https://evil.example/" } } },
      "address_unverified",
    ],
    ["generic", "whose address is not verified", { claims: { email_verified: false } }, "address_unverified"],
    ["generic", "verified by a text", { claims: { email_verified: "true" } }, "address_unverified"],
    ["generic", "who changed the address", { claims: { email: "b@example.com" } }, ["b@example.com"]],
    [
      "access",
      "in a domain that the operator does not vouch for",
      { claims: { email: "a@example.org" } },
      "address_unverified",
    ],
    ["access", "of whom Access says no", { claims: { email_verified: false } }, "address_unverified"],
    ["access", "whose token names the team", { claims: { iss: "https://example.cloudflareaccess.com" } }, [ALICE]],
    [
      "access",
      "without an address",
      { claims: { email: null }, userinfo: { email: null, sub: "7335d417-61da-459d-899c-0a01c76a2f94" } },
      "address_unusable",
    ],
  ])("%s %s", async (slug, _, nastiness, wanted) => {
    const { page } = await signIn(slug, nastiness);
    expect(outcomeOf(page)).toEqual(wanted);
    expect(standIns.asked.filter((asked) => asked.includes("evil.example"))).toEqual([]);
  });
});
