// SPDX-License-Identifier: Apache-2.0
// The identity provider over HTTP, with a certified client as relying party, a browser of fetch, and a provider that
// can be wrong on purpose. Every attack has a test.

import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { requestCertificate } from "../support/authority/request-certificate.ts";
import { clientKey } from "../support/logs/log-client.ts";
import { Browser, linksOf, type Shown } from "../support/oauth/browser.ts";
import { startUpstream, type Upstream } from "../support/oauth/upstream.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const LISTENER = "http://localhost:43117/auth/callback";
const OOB = "urn:ietf:wg:oauth:2.0:oob";
const CLIENT: oauth.Client = { client_id: "sigstore" };
const INSECURE = { [oauth.allowInsecureRequests]: true } as const;
const ALICE = "alice@example.com";

let stack: TestStack;
let upstream: Upstream;
let server: oauth.AuthorizationServer;
beforeAll(async () => {
  upstream = await startUpstream();
  const config = { issuer: upstream.url, clientID: "sigedge", allowedDomains: ["example.com", "example.org"] };
  stack = await startStack({
    vars: {
      OIDC_CONNECTORS: JSON.stringify([{ type: "oidc", name: "Work", slug: "work", config }]),
      OIDC_CONNECTOR_SECRETS: JSON.stringify({ work: upstream.clientSecret }),
      OIDC_CLIENTS: JSON.stringify([{ id: "page", name: "A page", redirectURIs: ["https://page.example/in?a=b"] }]),
    },
  });
  const issuer = new URL(`${stack.url}/oidc`);
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, INSECURE));
});
afterAll(async () => {
  upstream.stop();
  await stack.stop();
});
beforeEach(() => {
  upstream.nastiness = {};
  upstream.asked.length = 0;
});

/** One authorization request of a client. */
class Request {
  readonly verifier = oauth.generateRandomCodeVerifier();
  readonly state = oauth.generateRandomState();
  readonly nonce = oauth.generateRandomNonce();

  async url(changes: Readonly<Record<string, string | null>> = {}): Promise<string> {
    const parameters = {
      client_id: "sigstore",
      redirect_uri: LISTENER,
      response_type: "code",
      scope: "openid email",
      state: this.state,
      nonce: this.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(this.verifier),
      code_challenge_method: "S256",
      connector_id: upstream.url,
      ...changes,
    };
    const present = Object.entries(parameters).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
    return `${server.authorization_endpoint}?${new URLSearchParams(present).toString()}`;
  }

  /** Redeems what came back, with every check of the client. */
  async redeem(back: Shown): Promise<oauth.IDToken> {
    const answer = oauth.validateAuthResponse(server, CLIENT, new URL(back.url), this.state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      CLIENT,
      oauth.None(),
      answer,
      LISTENER,
      this.verifier,
      INSECURE,
    );
    const checks = { expectedNonce: this.nonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(server, CLIENT, response, checks);
    await oauth.validateApplicationLevelSignature(server, response, INSECURE);
    expect(tokens.access_token).toBe(tokens.id_token);
    return oauth.getValidatedIdTokenClaims(tokens) ?? expect.fail("no claims");
  }
}

const grant = { answer: "grant" } as const;
/** The headers of a browser that a program opened. */
const OPENED = { "sec-fetch-site": "none" };
const errorOf = (shown: Shown): string | undefined => /runs this site: <[^>]*>(\w+)</.exec(shown.html)?.[1];
const token = async (
  form: Readonly<Record<string, string>>,
  headers = {},
): Promise<[number, Record<string, unknown>]> => {
  const body = new URLSearchParams(form);
  const response = await fetch(`${stack.url}/oidc/token`, { method: "POST", body, headers });
  return [response.status, await response.json<Record<string, unknown>>()];
};

describe("a sign-in in the browser", () => {
  it("yields a token that says who has vouched", async () => {
    const [browser, request] = [new Browser(), new Request()];
    const page = await browser.open(await request.url(), LISTENER);
    expect(page.html).toContain(`Sign as ${ALICE}?`);
    expect(page.html).toContain("port 43117");
    const back = await browser.submit(page, grant, LISTENER);
    const claims = await request.redeem(back);
    const { sub, jti, iat, exp } = claims;
    expect(claims).toStrictEqual({
      iss: `${stack.url}/oidc`,
      sub,
      aud: "sigstore",
      iat,
      exp: iat + 330,
      jti,
      nonce: request.nonce,
      email: ALICE,
      email_verified: true,
      federated_claims: { connector_id: upstream.url, user_id: sub },
    });
    expect(exp).toBeGreaterThan(Date.now() / 1000 + 250);
    expect(sub).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new URL(back.url).searchParams.get("code")).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  it("offers all connectors, of which the development one takes any address", async () => {
    const [browser, request] = [new Browser(), new Request()];
    const choice = await browser.open(await request.url({ connector_id: null }), LISTENER);
    const [work = "", development = "", cancel = ""] = linksOf(choice);
    expect(work).toContain("/oidc/auth/work?ticket=");
    const typing = await browser.open(development, LISTENER);
    const page = await browser.submit(typing, { address: "bob@example.net" }, LISTENER);
    const back = await browser.submit(page, grant, LISTENER);
    expect(await request.redeem(back)).toMatchObject({
      email: "bob@example.net",
      federated_claims: { connector_id: `${stack.url}/oidc` },
    });
    expect(new URL(cancel).searchParams.get("error")).toBe("access_denied");
  });

  it("asks the provider with PKCE, a nonce of its own and the address that is registered", async () => {
    const request = new Request();
    await new Browser().open(await request.url({ login_hint: ALICE, prompt: "login" }), LISTENER);
    const [asked = new URLSearchParams()] = upstream.asked;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: "code",
      response_mode: "query",
      client_id: "sigedge",
      redirect_uri: `${stack.url}/oidc/callback/work`,
      code_challenge_method: "S256",
      login_hint: ALICE,
      prompt: "login",
    });
    expect(asked.get("nonce")).not.toBe(request.nonce);
    expect(asked.get("state")?.length).toBeLessThan(700);
  });

  it("works without state and nonce, and keeps an address without a path as it is", async () => {
    const [browser, request] = [new Browser(), new Request()];
    const uri = "http://localhost:43117";
    const page = await browser.open(await request.url({ state: null, nonce: null, redirect_uri: uri }), uri);
    const back = await browser.submit(page, grant, `${uri}?`);
    const { searchParams } = new URL(back.url);
    expect([searchParams.has("state"), searchParams.get("iss")]).toEqual([false, `${stack.url}/oidc`]);
    const code = searchParams.get("code") ?? "";
    const form = { grant_type: "authorization_code", code, redirect_uri: uri, code_verifier: request.verifier };
    expect(await token({ ...form, redirect_uri: `${uri}/`, client_id: "sigstore" })).toMatchObject([
      400,
      { error: "invalid_grant" },
    ]);
    const [status, { id_token }] = await token({ ...form, client_id: "sigstore" });
    expect(status).toBe(200);
    expect(Buffer.from(String(id_token).split(".")[1] ?? "", "base64url").toString()).not.toContain("nonce");
  });

  it("tells the client that the person cancelled", async () => {
    const [browser, request] = [new Browser(), new Request()];
    const page = await browser.open(await request.url(), LISTENER);
    const back = await browser.submit(page, { answer: "refuse" }, LISTENER);
    expect(() => oauth.validateAuthResponse(server, CLIENT, new URL(back.url), request.state)).toThrow(
      expect.objectContaining({ error: "access_denied" }) as Error,
    );
  });

  it("may begin twice at once in a browser without a cookie: both end", async () => {
    const [browser, one, two] = [new Browser(OPENED), new Request(), new Request()];
    const begun = await Promise.all(
      [one, two].map(async (request) => ({ request, at: await browser.open(await request.url(), upstream.url) })),
    );
    for (const { request, at } of begun) {
      const page = await browser.open(at.url, LISTENER);
      const back = await browser.submit(page, { ...grant, remember: request === two ? "yes" : "" }, LISTENER);
      expect(await request.redeem(back)).toMatchObject({ email: ALICE });
    }
    // Later requests have one of the two cookies, and the confirmation counts under either.
    const third = new Request();
    expect(await third.redeem(await browser.open(await third.url(), LISTENER))).toMatchObject({ email: ALICE });
  });

  it("is remembered in this browser for loopback clients, if the person says so", async () => {
    const browser = new Browser();
    const opened = { headers: OPENED };
    const page = await browser.open(await new Request().url(), LISTENER, opened);
    await browser.submit(page, { ...grant, remember: "yes" }, LISTENER);
    const next = new Request();
    const back = await browser.open(await next.url(), LISTENER, opened);
    expect(await next.redeem(back)).toMatchObject({ email: ALICE });
    const asks = async (changes: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>) =>
      (await browser.open(await next.url(changes), LISTENER, { headers })).html.includes(`Sign as ${ALICE}?`);
    for (const site of ["cross-site", "same-site", "same-origin"])
      expect(await asks({}, { "sec-fetch-site": site })).toBe(true);
    // A browser that does not say where it came from.
    expect(await asks({}, {})).toBe(true);
    expect(await asks({ redirect_uri: OOB }, OPENED)).toBe(true);
    // A site that a program has opened sends the browser on, to a service of the same computer that redirects.
    for (const path of ["open?to=https://evil.example/", "auth/callback?to=x"])
      expect(await asks({ redirect_uri: `http://localhost:43117/${path}` }, OPENED)).toBe(true);
  });

  it("shows a code to copy for a terminal without a browser", async () => {
    const [browser, request] = [new Browser(), new Request()];
    const page = await browser.open(await request.url({ redirect_uri: OOB }), LISTENER);
    const shown = await browser.submit(page, grant, LISTENER);
    const [, code = ""] = /class="huge">([^<]+)</.exec(shown.html) ?? [];
    const form = { grant_type: "authorization_code", code, redirect_uri: OOB, code_verifier: request.verifier };
    expect((await token({ ...form, client_id: "sigstore", client_secret: "" }))[0]).toBe(200);
  });
});

describe("the token endpoint", () => {
  const begin = async (): Promise<{ code: string; request: Request }> => {
    const [browser, request] = [new Browser(), new Request()];
    const page = await browser.open(await request.url(), LISTENER);
    const back = await browser.submit(page, grant, LISTENER);
    return { code: new URL(back.url).searchParams.get("code") ?? "", request };
  };
  const BASIC = { authorization: `Basic ${Buffer.from("sigstore:").toString("base64")}` };

  it("takes a code once, from whoever has its verifier, and leaves it alone otherwise", async () => {
    const { code, request } = await begin();
    const form = { grant_type: "authorization_code", code, redirect_uri: LISTENER, code_verifier: request.verifier };
    const refused = { error: "invalid_grant" };
    expect(await token({ ...form, code_verifier: oauth.generateRandomCodeVerifier() }, BASIC)).toMatchObject([
      400,
      refused,
    ]);
    expect(await token({ ...form, code_verifier: "" }, BASIC)).toMatchObject([400, refused]);
    expect(await token({ ...form, redirect_uri: "http://localhost:1/" }, BASIC)).toMatchObject([400, refused]);
    expect(await token({ ...form, client_id: "page" })).toMatchObject([400, refused]);
    expect((await token(form, BASIC))[0]).toBe(200);
    expect(await token(form, BASIC)).toMatchObject([400, refused]);
  });

  it("gives one token to many who redeem at once", async () => {
    const { code, request } = await begin();
    const form = { grant_type: "authorization_code", code, redirect_uri: LISTENER, code_verifier: request.verifier };
    const answers = await Promise.all(Array.from({ length: 8 }, () => token(form, BASIC)));
    expect(answers.filter(([status]) => status === 200)).toHaveLength(1);
  });

  it("revokes the token of a code that is used again: the CA refuses it", async () => {
    const { code, request } = await begin();
    const form = { grant_type: "authorization_code", code, redirect_uri: LISTENER, code_verifier: request.verifier };
    const [, { id_token }] = await token(form, BASIC);
    const ask = (): Promise<Response> =>
      requestCertificate(
        { url: stack.url, token: () => Promise.resolve(String(id_token)) },
        { email: ALICE, key: clientKey() },
      );
    expect((await ask()).status).toBe(200);
    expect((await token({ ...form, code_verifier: oauth.generateRandomCodeVerifier() }, BASIC))[0]).toBe(400);
    expect((await ask()).status).toBe(200);
    expect((await token(form, BASIC))[0]).toBe(400);
    const refused = await ask();
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("it is revoked")]);
  });

  it("says in the browser's stead what an empty code means", async () => {
    const form = { grant_type: "authorization_code", code: "", redirect_uri: LISTENER, client_id: "sigstore" };
    const [status, body] = await token(form);
    expect([status, body["error"], body["error_description"]]).toEqual([
      400,
      "invalid_grant",
      "there is no code: the sign-in was refused or cancelled in the browser",
    ]);
  });

  it.each([
    [{ grant_type: "password" }, {}, [400, "unsupported_grant_type"]],
    [{ grant_type: "authorization_code", code: "x" }, {}, [401, "invalid_client"]],
    [{ grant_type: "authorization_code", code: "x", client_id: "nobody" }, {}, [401, "invalid_client"]],
    [
      { grant_type: "authorization_code", code: "x", client_id: "sigstore", client_secret: "s" },
      {},
      [401, "invalid_client"],
    ],
    [{ grant_type: "authorization_code", code: "x", client_id: "page" }, BASIC, [401, "invalid_client"]],
    [{ grant_type: "authorization_code", code: "x" }, { authorization: "Bearer x" }, [401, "invalid_client"]],
    [{ grant_type: "authorization_code", code: "x" }, BASIC, [400, "invalid_grant"]],
  ] as const)("refuses %j", async (form, headers, expected) => {
    const [status, { error }] = await token(form, headers);
    expect([status, error]).toEqual(expected);
  });
});

describe("a request that is wrong", () => {
  it.each([
    [{ client_id: "nobody" }, "client_unknown"],
    [{ redirect_uri: "https://evil.example/" }, "redirect_refused"],
    [{ redirect_uri: "http://localhost:1@evil.example/" }, "redirect_refused"],
    [{ redirect_uri: "http://127.1:80/" }, "redirect_refused"],
    [{ client_id: "page", redirect_uri: "https://page.example/in" }, "redirect_refused"],
    [{ client_id: "page", redirect_uri: LISTENER }, "redirect_refused"],
    [{ redirect_uri: OOB, response_type: "token" }, "request_unanswerable"],
  ])("is told to the person alone: %j", async (changes, code) => {
    const shown = await new Browser().open(await new Request().url(changes), LISTENER);
    expect([shown.status, errorOf(shown), shown.headers.get("location")]).toEqual([400, code, null]);
  });

  it.each([
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ response_mode: "fragment" }, "invalid_request"],
    [{ code_challenge: null }, "invalid_request"],
    [{ code_challenge: "short" }, "invalid_request"],
    [{ code_challenge_method: "plain" }, "invalid_request"],
    [{ code_challenge_method: null }, "invalid_request"],
    [{ scope: "email" }, "invalid_scope"],
    [{ prompt: "none" }, "login_required"],
    [{ request: "x" }, "request_not_supported"],
    [{ request_uri: "https://x.example" }, "request_uri_not_supported"],
    [{ connector_id: "https://nobody.example" }, "invalid_request"],
    [{ nonce: "x".repeat(129) }, "invalid_request"],
    [
      { state: "x".repeat(256), nonce: "x".repeat(128), redirect_uri: `${LISTENER}?${"x".repeat(200)}` },
      "invalid_request",
    ],
  ])("is told to the client: %j", async (changes, error) => {
    const back = await new Browser().open(await new Request().url(changes), "http://localhost:43117");
    const { searchParams } = new URL(back.url);
    expect([searchParams.get("error"), searchParams.get("iss")]).toEqual([error, `${stack.url}/oidc`]);
    expect(upstream.asked).toHaveLength(0);
  });

  it("is told to the person alone if a parameter appears twice", async () => {
    const url = `${await new Request().url()}&redirect_uri=https%3A%2F%2Fevil.example`;
    expect(errorOf(await new Browser().open(url, LISTENER))).toBe("parameter_repeated");
  });
});

describe("an attack", () => {
  it("in which another browser ends a sign-in yields nothing", async () => {
    const url = await new Request().url();
    const attacker = new Browser();
    const atUpstream = await attacker.open(url, upstream.url);
    const victim = new Browser();
    expect(errorOf(await victim.open(atUpstream.url, LISTENER))).toBe("browser_changed");
    await victim.open(await new Request().url(), LISTENER);
    expect(errorOf(await victim.open(atUpstream.url, LISTENER))).toBe("browser_changed");
  });

  it("in which another browser or another site sends the confirmation yields nothing", async () => {
    const browser = new Browser();
    const page = await browser.open(await new Request().url(), LISTENER);
    expect(errorOf(await new Browser().submit(page, grant, LISTENER))).toBe("browser_changed");
    for (const origin of ["https://evil.example", "null"])
      expect(errorOf(await browser.submit(page, grant, LISTENER, { origin }))).toBe("origin_foreign");
    expect(errorOf(await browser.submit(page, { ...grant, address: "eve@example.com" }, LISTENER))).toBe(
      "form_invalid",
    );
  });

  it("that passes one sealed text for another yields nothing", async () => {
    const browser = new Browser();
    const choice = await browser.open(await new Request().url({ connector_id: null }), LISTENER);
    const ticket = new URL(linksOf(choice)[0] ?? "").searchParams.get("ticket") ?? "";
    const page = await browser.open(await new Request().url(), LISTENER);
    const state = upstream.asked.at(-1)?.get("state") ?? "";
    for (const text of [ticket, state, `${ticket.slice(0, -1)}A`, ""])
      expect(errorOf(await browser.submit(page, { ...grant, ticket: text }, LISTENER))).toBe("sign_in_broken");
    const callback = `${stack.url}/oidc/callback/work?code=x&state=`;
    expect(errorOf(await browser.open(`${callback}${ticket}`, LISTENER))).toBe("sign_in_broken");
    expect(errorOf(await browser.open(`${stack.url}/oidc/auth/work?ticket=${state}`, LISTENER))).toBe("sign_in_broken");
  });

  it("in which another browser chooses the connector yields nothing", async () => {
    const choice = await new Browser().open(await new Request().url({ connector_id: null }), LISTENER);
    expect(errorOf(await new Browser().open(linksOf(choice)[0] ?? "", LISTENER))).toBe("browser_changed");
    expect(upstream.asked).toHaveLength(0);
  });

  it("that adds to the way back, or goes it twice, yields nothing", async () => {
    const browser = new Browser();
    const back = await browser.open(await new Request().url(), `${stack.url}/oidc/callback`);
    for (const [added, code] of [
      ["code=x", "upstream_failed"],
      ["iss=https://evil.example", "upstream_failed"],
      ["state=x", "parameter_repeated"],
      ["id_token=x", "upstream_failed"],
      ["response=x", "upstream_failed"],
    ] as const)
      expect([added, errorOf(await browser.open(`${back.url}&${added}`, LISTENER))]).toEqual([added, code]);
    expect((await browser.open(back.url, LISTENER)).html).toContain(`Sign as ${ALICE}?`);
    expect(errorOf(await browser.open(back.url, LISTENER))).toBe("upstream_failed");
  });

  it("by cookies that another page has set disturbs nothing", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `sigedge-browser-AAAAAA${i + 10}`);
    const cookies = [...names, "sigedge-confirmed", ""].map((name) => `${name}=${"A".repeat(22)}`);
    const [browser, request] = [new Browser({ ...OPENED, cookie: cookies.join("; ") }), new Request()];
    const page = await browser.open(await request.url(), LISTENER);
    expect(await request.redeem(await browser.submit(page, grant, LISTENER))).toMatchObject({ email: ALICE });
  });

  it("by text in a parameter stays text: in a header, in a page, in an address", async () => {
    const [browser, request] = [new Browser(), new Request()];
    const text = '"><script>alert(1)</script>\r\nset-cookie: a=b\0';
    const changes = { state: text, login_hint: text, connector_id: null };
    const choice = await browser.open(await request.url(changes), LISTENER);
    const typing = await browser.open(linksOf(choice)[1] ?? "", LISTENER);
    const page = await browser.submit(typing, { address: ALICE }, LISTENER);
    const back = await browser.submit(page, grant, LISTENER);
    const refused = await browser.open(await request.url({ ...changes, prompt: "none" }), LISTENER);
    for (const { searchParams } of [new URL(back.url), new URL(refused.url)])
      expect(searchParams.get("state")).toBe(text);
    const unknown = await browser.open(await request.url({ client_id: text }), LISTENER);
    for (const { html, headers } of [choice, typing, page, unknown])
      expect([html.includes("<script"), headers.getSetCookie().join().includes("a=b")]).toEqual([false, false]);
  });

  it("by size is answered before anything is done", async () => {
    const [browser, long] = [new Browser(), "x".repeat(12_000)];
    const back = await browser.open(await new Request().url({ state: long }), LISTENER);
    expect(Object.fromEntries(new URL(back.url).searchParams)).toMatchObject({ error: "invalid_request" });
    expect(errorOf(await browser.open(await new Request().url({ client_id: long }), LISTENER))).toBe("client_unknown");
    expect(errorOf(await browser.open(`${stack.url}/oidc/callback/work?state=${long}`, LISTENER))).toBe(
      "sign_in_broken",
    );
    const form = { method: "POST", body: new URLSearchParams({ ticket: "x".repeat(33_000), user_code: long }) };
    for (const path of ["confirm", "device", "auth"])
      expect(errorOf(await browser.open(`${stack.url}/oidc/${path}`, LISTENER, form))).toBe("form_invalid");
    for (const path of ["token", "device/code"]) {
      const answer = await fetch(`${stack.url}/oidc/${path}`, form);
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: "invalid_request" }]);
    }
  });

  it("that makes a browser send its form on fails: the server answers a form with a page", async () => {
    const browser = new Browser();
    const page = await browser.open(await new Request().url(), LISTENER);
    const ticket = /name="ticket" value="([^"]*)"/.exec(page.html)?.[1] ?? "";
    const body = new URLSearchParams({ ticket, address: ALICE, answer: "grant" });
    const answer = await browser.fetch(`${stack.url}/oidc/confirm`, { method: "POST", body });
    expect([answer.status, answer.headers.get("location"), answer.html.includes("refresh")]).toEqual([200, null, true]);
  });

  it("that mixes up connectors yields nothing", async () => {
    const browser = new Browser();
    await browser.open(await new Request().url(), LISTENER);
    const state = upstream.asked.at(-1)?.get("state") ?? "";
    const other = `${stack.url}/oidc/callback/development?address=eve@example.com&state=${state}`;
    expect(errorOf(await browser.open(other, LISTENER))).toBe("sign_in_broken");
  });

  it.each([
    ["another nonce", { claims: { nonce: "x" } }, "upstream_failed"],
    ["no nonce", { claims: { nonce: undefined } }, "upstream_failed"],
    ["another issuer", { claims: { iss: "https://evil.example" } }, "upstream_failed"],
    ["another audience", { claims: { aud: "other" } }, "upstream_failed"],
    ["an expired token", { claims: { exp: 1 } }, "upstream_failed"],
    ["a foreign key", { foreignKey: true }, "upstream_failed"],
    ["no signature", { unsigned: true }, "upstream_failed"],
    ["an unverified address", { claims: { email_verified: false } }, "address_unverified"],
    ["an address of which it says nothing", { claims: { email_verified: undefined } }, "address_unverified"],
    ["a verification that is no boolean", { claims: { email_verified: "true" } }, "address_unverified"],
    ["no address", { claims: { email: undefined } }, "address_unusable"],
    ["an address that is none", { claims: { email: "alice" } }, "address_unusable"],
    ["an address in another domain", { claims: { email: "alice@evil.example" } }, "not_admitted"],
    ["an iss parameter of another issuer", { back: { iss: "https://evil.example" } }, "upstream_failed"],
    ["a refusal", { back: { code: null, error: "access_denied" } }, "upstream_denied"],
    ["a refusal of this client", { back: { code: null, error: "unauthorized_client" } }, "upstream_refused"],
    ["a redirect", { answer: { "/token": (r) => r.writeHead(307, { location: "/x" }).end() } }, "upstream_failed"],
    ["a huge answer", { answer: { "/token": (r) => r.end(Buffer.alloc(300_000)) } }, "upstream_failed"],
    ["no JSON", { answer: { "/token": (r) => r.end("<html>") } }, "upstream_failed"],
    [
      "a wrong secret",
      {
        answer: {
          "/token": (r) => r.writeHead(401, { "content-type": "application/json" }).end('{"error":"invalid_client"}'),
        },
      },
      "upstream_refused",
    ],
  ] as readonly (readonly [string, Upstream["nastiness"], string])[])(
    "by %s of the provider yields nothing",
    async (_, nastiness, code) => {
      upstream.nastiness = nastiness;
      const shown = await new Browser().open(await new Request().url(), LISTENER);
      expect(errorOf(shown)).toBe(code);
      expect(shown.html).not.toContain('value="grant"');
    },
  );

  it("leaves no code, token or address in the log", () => {
    const lines = stack.logs.map(({ message }) => message);
    // Certificates are public, and the CA logs whose they are.
    const text = lines.filter((line) => !line.includes("certificate_issued")).join("\n");
    expect(text).toContain("upstream_failed");
    expect(text).not.toMatch(/alice|eyJ|state=|code=/);
  });
});

describe("a sign-in for another device", () => {
  interface Started {
    readonly device: oauth.DeviceAuthorizationResponse;
    readonly verifier: string;
  }
  async function startDevice(headers: Record<string, string> = {}): Promise<Started> {
    const verifier = oauth.generateRandomCodeVerifier();
    const body = new URLSearchParams({
      client_id: "sigstore",
      scope: "openid email",
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const response = await fetch(`${stack.url}/oidc/device/code`, { method: "POST", body, headers });
    return { device: await oauth.processDeviceAuthorizationResponse(server, CLIENT, response), verifier };
  }
  const poll = ({ device, verifier }: Started, changes = {}): Promise<[number, Record<string, unknown>]> =>
    token({
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      client_id: "sigstore",
      device_code: device.device_code,
      code_verifier: verifier,
      ...changes,
    });
  async function confirmPage(browser: Browser, { device }: Started): Promise<Shown> {
    const typing = await browser.open(device.verification_uri_complete ?? "", LISTENER);
    const choice = await browser.submit(typing, {}, LISTENER);
    return browser.open(linksOf(choice)[0] ?? "", LISTENER);
  }

  it("is granted after the person has seen the code, once", async () => {
    const started = await startDevice();
    expect(started.device.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(await poll(started)).toMatchObject([400, { error: "authorization_pending" }]);
    expect(await poll(started)).toMatchObject([400, { error: "slow_down" }]);
    const browser = new Browser();
    const page = await confirmPage(browser, started);
    expect(page.html).toContain(started.device.user_code);
    expect(page.html.indexOf('value="refuse"')).toBeLessThan(page.html.indexOf('value="grant"'));
    const done = await browser.submit(page, grant, LISTENER);
    expect(done.html).toContain("Go back to your terminal");
    expect(await poll({ ...started, verifier: "" })).toMatchObject([400, { error: "invalid_grant" }]);
    expect(await poll(started, { client_id: "page" })).toMatchObject([400, { error: "invalid_grant" }]);
    const answers = await Promise.all(Array.from({ length: 8 }, () => poll(started)));
    const [[, { id_token }] = [0, {}], ...others] = answers.filter(([status]) => status === 200);
    expect(others).toEqual([]);
    expect(JSON.parse(Buffer.from(String(id_token).split(".")[1] ?? "", "base64url").toString())).toMatchObject({
      email: ALICE,
    });
    expect(await poll(started)).toMatchObject([400, { error: "expired_token" }]);
    expect(errorOf(await browser.submit(page, grant, LISTENER))).toBe("device_over");
  });

  it("is refused", async () => {
    const started = await startDevice();
    const browser = new Browser();
    await browser.submit(await confirmPage(browser, started), { answer: "refuse" }, LISTENER);
    expect(await poll(started)).toMatchObject([400, { error: "access_denied" }]);
  });

  it("is told by the person that the provider vouches for nobody, and a ticket for nobody grants nothing", async () => {
    const started = await startDevice();
    const browser = new Browser();
    upstream.nastiness = { claims: { email_verified: false } };
    const page = await confirmPage(browser, started);
    expect(errorOf(page)).toBe("address_unverified");
    expect(page.headers.get("referrer-policy")).toBe("same-origin");
    expect(errorOf(await browser.submit(page, { answer: "grant", address: ALICE }, LISTENER))).toBe("form_invalid");
    expect(errorOf(await new Browser().submit(page, { answer: "refuse" }, LISTENER))).toBe("browser_changed");
    expect(await poll(started)).toMatchObject([400, { error: "authorization_pending" }]);
    expect((await browser.submit(page, { answer: "refuse" }, LISTENER)).html).toContain("refused");
    expect(await poll({ ...started })).toMatchObject([400, { error: "access_denied" }]);
  });

  it("knows no other code", async () => {
    expect(await poll({ ...(await startDevice()), device: { device_code: "x" } as never })).toMatchObject([
      400,
      { error: "expired_token" },
    ]);
  });

  it("waits for at most ten of one network, and takes five wrong codes a minute from it", async () => {
    const from = { "cf-connecting-ip": "192.0.2.9" };
    for (let i = 0; i < 10; i++) await startDevice(from);
    const body = new URLSearchParams({ client_id: "sigstore" });
    const full = await fetch(`${stack.url}/oidc/device/code`, { method: "POST", body, headers: from });
    expect([full.status, await full.json()]).toMatchObject([429, { error: "slow_down" }]);
    const browser = new Browser({ "cf-connecting-ip": "192.0.2.10" });
    const typing = await browser.open(`${stack.url}/oidc/device`, LISTENER);
    for (let i = 0; i < 5; i++) {
      const shown = await browser.submit(typing, { user_code: "bcdf bcdf" }, LISTENER);
      expect([shown.status, shown.html.includes("No program waits")]).toEqual([400, true]);
    }
    expect((await browser.submit(typing, { user_code: "BCDFBCDF" }, LISTENER)).html).toContain("Too many wrong codes");
  });
});

it("every page loads nothing, runs nothing and is kept nowhere", async () => {
  const browser = new Browser();
  const choice = await browser.open(await new Request().url({ connector_id: null }), LISTENER);
  const page = await browser.open(linksOf(choice)[0] ?? "", LISTENER);
  for (const [shown, hasForm] of [
    [choice, false],
    [page, true],
  ] as const) {
    const policy = shown.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain(`form-action ${hasForm ? "'self'" : "'none'"}`);
    expect(shown.headers.get("referrer-policy")).toBe(hasForm ? "same-origin" : "no-referrer");
    expect(shown.headers.get("cache-control")).toBe("no-store");
    expect(shown.headers.get("access-control-allow-origin")).toBeNull();
    expect(shown.html).not.toContain("<script");
  }
});
