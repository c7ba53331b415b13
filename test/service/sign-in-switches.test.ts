// SPDX-License-Identifier: Apache-2.0
// The switches of the identity provider, and a change of the key that seals sign-ins.

import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAuthorizationUrl } from "../support/oauth/authorization-request.ts";
import { Browser, type Shown } from "../support/oauth/browser.ts";
import { startUpstream } from "../support/oauth/upstream.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { makeConnectorSettings } from "../support/upstreams/connectors.ts";

const LISTENER = "http://localhost:43117/auth/callback";
const OOB = "urn:ietf:wg:oauth:2.0:oob";
const ADDRESS = "alice@example.com";
const HOME = { "cf-connecting-ip": "192.0.2.1" };
const ELSEWHERE = { "cf-connecting-ip": "198.51.100.1" };
const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const grant = { answer: "grant" } as const;

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const errorOf = (shown: Shown): string | undefined => /runs this site: <[^>]*>(\w+)</.exec(shown.html)?.[1];

/** One authorization request, with the verifier of its challenge. */
function makeRequest(redirectUri = LISTENER): { readonly url: string; readonly verifier: string } {
  const verifier = randomBytes(32).toString("base64url");
  return { url: makeAuthorizationUrl(stack.url, { redirectUri, verifier }), verifier };
}

async function post(
  path: string,
  form: Readonly<Record<string, string>>,
  headers = {},
): Promise<[number, Record<string, unknown>]> {
  const body = new URLSearchParams({ client_id: "sigstore", ...form });
  const response = await fetch(`${stack.url}${path}`, { method: "POST", body, headers });
  return [response.status, await response.json<Record<string, unknown>>()];
}

/** Redeems the code in an address. */
const redeem = (back: Shown, verifier: string): ReturnType<typeof post> =>
  post("/oidc/token", {
    grant_type: "authorization_code",
    code: new URL(back.url).searchParams.get("code") ?? "",
    redirect_uri: LISTENER,
    code_verifier: verifier,
  });

/** Starts a device at home, and grants it in this browser. */
async function grantDevice(browser: Browser): Promise<{ readonly shown: Shown; readonly poll: () => unknown }> {
  const [, started] = await post("/oidc/device/code", { scope: "openid email" }, HOME);
  const typing = await browser.open(String(started["verification_uri_complete"]), LISTENER);
  const atConnector = await browser.submit(typing, {}, LISTENER);
  const page = await browser.submit(atConnector, { address: ADDRESS }, LISTENER);
  const shown = await browser.submit(page, grant, LISTENER);
  const form = { grant_type: DEVICE_GRANT, device_code: String(started["device_code"]) };
  return { shown, poll: () => post("/oidc/token", form) };
}

describe("OIDC_DEVICE=same-network", () => {
  beforeAll(() => stack.restart({ OIDC_DEVICE: "same-network" }));

  it("grants in the network of the device", async () => {
    const { shown, poll } = await grantDevice(new Browser(HOME));
    expect(errorOf(shown)).toBeUndefined();
    expect(await poll()).toMatchObject([200, { token_type: "Bearer" }]);
  });

  it("grants in no other network, and the device waits on", async () => {
    const { shown, poll } = await grantDevice(new Browser(ELSEWHERE));
    expect(errorOf(shown)).toBe("device_network_differs");
    expect(await poll()).toMatchObject([400, { error: "authorization_pending" }]);
  });
});

describe("OIDC_DEVICE=off and OIDC_OOB=off", () => {
  const before = new Browser();
  let underWay: Shown;
  beforeAll(async () => {
    await stack.restart();
    const atConnector = await before.open(makeRequest(OOB).url, LISTENER);
    underWay = await before.submit(atConnector, { address: ADDRESS }, LISTENER);
    await stack.restart({ OIDC_DEVICE: "off", OIDC_OOB: "off" });
  });

  it("end a sign-in that is under way", async () => {
    expect(underWay.html).toContain(ADDRESS);
    expect(errorOf(await before.submit(underWay, grant, LISTENER))).toBe("out_of_band_off");
  });

  it("give no code to a device, and take none from a person", async () => {
    expect(await post("/oidc/device/code", { scope: "openid email" }, HOME)).toMatchObject([
      400,
      { error: "unauthorized_client" },
    ]);
    expect(errorOf(await new Browser().open(`${stack.url}/oidc/device`, LISTENER))).toBe("device_off");
    const body = new URLSearchParams({ user_code: "BCDF-BCDF" });
    const init = { method: "POST", body };
    expect(errorOf(await new Browser().open(`${stack.url}/oidc/device`, LISTENER, init))).toBe("device_off");
  });

  it("are what the metadata say", async () => {
    const response = await fetch(`${stack.url}/oidc/.well-known/openid-configuration`);
    const metadata = await response.json<Record<string, unknown>>();
    expect(metadata["grant_types_supported"]).toEqual(["authorization_code"]);
    expect(metadata["device_authorization_endpoint"]).toBeUndefined();
  });

  it("show no code to copy, and leave the browser on the same computer as it is", async () => {
    expect(errorOf(await new Browser().open(makeRequest(OOB).url, LISTENER))).toBe("out_of_band_off");
    const [browser, { url, verifier }] = [new Browser(), makeRequest()];
    const page = await browser.submit(await browser.open(url, LISTENER), { address: ADDRESS }, LISTENER);
    const back = await browser.submit(page, grant, LISTENER);
    expect((await redeem(back, verifier))[0]).toBe(200);
  });
});

describe("a new OIDC_SEAL_KEY", () => {
  interface Begun {
    readonly verifier: string;
    /** Goes on to the page on which to confirm. */
    readonly identify: () => Promise<Shown>;
    readonly confirm: (page: Shown) => Promise<Shown>;
  }
  async function begin(): Promise<Begun> {
    const [browser, { url, verifier }] = [new Browser(), makeRequest()];
    const atConnector = await browser.open(url, LISTENER);
    return {
      verifier,
      identify: () => browser.submit(atConnector, { address: ADDRESS }, LISTENER),
      confirm: (page) => browser.submit(page, grant, LISTENER),
    };
  }

  it("ends what began under the former one, for as long as that one is listed", async () => {
    await stack.restart();
    const [first, second, third] = [await begin(), await begin(), await begin()];
    const former = stack.vars["OIDC_SEAL_KEY"] ?? expect.fail("no seal key");
    const next = randomBytes(32).toString("base64url");
    await stack.restart({ OIDC_SEAL_KEY: `${next} ${former}` });
    const back = await first.confirm(await first.identify());
    expect((await redeem(back, first.verifier))[0]).toBe(200);
    const sealedAnew = await second.identify();
    await stack.restart({ OIDC_SEAL_KEY: next });
    // The second's confirmation was sealed under the new key; what the former one sealed is over.
    expect((await second.confirm(sealedAnew)).url).toContain("code=");
    expect(errorOf(await third.identify())).toBe("sign_in_broken");
  });
});

it("a connector that takes over a slug during a sign-in has vouched for nobody", async () => {
  const upstream = await startUpstream();
  const settingsOf = (id: string): Readonly<Record<string, string>> => {
    const row = { type: "oidc", id, slug: "work", config: { issuer: upstream.url, clientID: "sigedge" } };
    return makeConnectorSettings([{ slug: "work", secret: upstream.clientSecret, row }]);
  };
  await stack.restart(settingsOf("https://one.example"));
  const browser = new Browser();
  const request = { redirectUri: LISTENER, verifier: "v".repeat(43) };
  const url = makeAuthorizationUrl(stack.url, request, { connector_id: "https://one.example" });
  const page = await browser.open(url, LISTENER);
  expect(page.html).toContain(`Sign as ${ADDRESS}?`);
  await stack.restart(settingsOf("https://two.example"));
  expect(errorOf(await browser.submit(page, grant, LISTENER))).toBe("connector_unknown");
  upstream.stop();
});
