// SPDX-License-Identifier: Apache-2.0
// Probes of a provider on this machine that is right, or wrong in one respect at a time.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import {
  startUpstreamProvider,
  type UpstreamManners,
  type UpstreamProvider,
} from "../../test/support/process/upstream-provider.ts";
import { STAND_IN_ROWS, type StandInSlug } from "../../test/support/upstreams/connectors.ts";
import { CLIENT_SECRET, StandIns } from "../../test/support/upstreams/stand-ins.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { get } from "../status/observe.ts";
import { describeRefusal, listUnknown } from "./describe.ts";
import { askProvider } from "./probe.ts";
import { rowsOf } from "./rows.ts";
import { type AskUpstream, type ConnectorRow, createAsk } from "./upstream.ts";

const REDIRECT = "http://localhost:8787/oidc/callback/oidc";
const MANNERS: UpstreamManners = { clientId: "sigedge", clientSecret: "s&cret:ß", redirectUri: REDIRECT };
const ask = createAsk(valueOf(parsePublicUrl("http://localhost:8787")));

let upstream: UpstreamProvider;
beforeAll(async () => {
  upstream = await startUpstreamProvider();
});
afterAll(() => upstream.stop());
beforeEach(() => upstream.behave(MANNERS));

const row = (changes: Partial<ConnectorRow> = {}, config: object = {}): ConnectorRow => ({
  type: "oidc",
  slug: "oidc",
  name: "Example",
  secret: MANNERS.clientSecret,
  ...changes,
  config: { issuer: upstream.url, clientID: MANNERS.clientId, ...config },
});

describe("a provider that knows the deployment", () => {
  it.each([{}, { basicAuthUnsupported: true }])("accepts both values: %j", async (config) => {
    const probed = valueOf(await askProvider(ask, row({}, config), REDIRECT));
    expect(probed).toMatchObject({ client: "accepted", redirectUri: "accepted" });
    expect([describeRefusal(row(), probed, REDIRECT), listUnknown(probed)]).toEqual([null, []]);
    expect(upstream.bodies.at(-2)?.includes("client_secret=")).toBe("basicAuthUnsupported" in config);
  });

  it("is not believed about a secret if it looks at the code first", async () => {
    upstream.behave({ ...MANNERS, first: "code" });
    for (const secret of [MANNERS.clientSecret, "wrong"]) {
      const probed = valueOf(await askProvider(ask, row({ secret }), REDIRECT));
      expect([probed.client, listUnknown(probed)]).toEqual(["unknown", ["the client secret"]]);
    }
  });

  it("is not believed about a redirect URI if it asks for a login first", async () => {
    upstream.behave({ ...MANNERS, redirects: "login-first" });
    for (const uri of [REDIRECT, `${REDIRECT}/wrong`])
      expect(valueOf(await askProvider(ask, row(), uri))).toMatchObject({ client: "accepted", redirectUri: "unknown" });
  });
});

describe("a provider that does not", () => {
  it.each([
    ["secret", { secret: "wrong" }, {}],
    ["client id", {}, { clientID: "wrong" }],
  ])("refuses a wrong %s, and the redirect URI is not blamed", async (_, changes, config) => {
    const probed = valueOf(await askProvider(ask, row(changes, config), REDIRECT));
    expect(probed).toMatchObject({ client: "refused", redirectUri: "unknown" });
    const problem = describeRefusal(row(), probed, REDIRECT);
    expect(problem?.finding).toBe(
      "Example refuses the client id or the client secret of the connector oidc: it answers 401 invalid_client",
    );
    expect(JSON.stringify(problem)).not.toContain("wrong");
  });

  it.each(["refuse", "error-page"] as const)(
    "refuses a wrong redirect URI (%s), and the secret is not blamed",
    async (redirects) => {
      upstream.behave({ ...MANNERS, redirects });
      const wrong = `${REDIRECT}/`;
      const probed = valueOf(await askProvider(ask, row(), wrong));
      expect(probed).toMatchObject({ client: "accepted", redirectUri: "refused" });
      expect(describeRefusal(row(), probed, wrong)?.fix).toBe(`register exactly this redirect URI there: ${wrong}`);
      expect(valueOf(await askProvider(ask, row(), REDIRECT))).toMatchObject({ redirectUri: "accepted" });
    },
  );
});

it.each<[string, () => ConnectorRow, RegExp]>([
  ["nothing listens", () => row({}, { issuer: "http://localhost:9" }), /^cannot be reached at localhost:9: /],
  [
    "there is no document",
    () => row({}, { issuer: `${upstream.url}/x` }),
    /^has no discovery document at .*: it answers 404/,
  ],
  ["the address is its own", () => row({}, { issuer: "http://localhost:8787" }), /which is this deployment's own$/],
])("a provider cannot be asked where %s", async (_, make, reason) => {
  expect(await askProvider(ask, make(), REDIRECT)).toEqual({
    ok: false,
    error: expect.stringMatching(reason) as unknown,
  });
});

it("a provider must call itself what the connector calls it, byte for byte", async () => {
  upstream.behave({ ...MANNERS, issuer: `${upstream.url}/` });
  expect(await askProvider(ask, row(), REDIRECT)).toMatchObject({
    error: expect.stringContaining(`calls itself "${upstream.url}/" in`) as unknown,
  });
});

it("no loopback provider is asked for a deployment that is not on loopback", async () => {
  const remote = createAsk(valueOf(parsePublicUrl("https://sign.example.com")));
  const before = upstream.requests.length;
  expect(await askProvider(remote, row(), REDIRECT)).toMatchObject({
    error: expect.stringContaining("is a loopback address") as unknown,
  });
  expect(upstream.requests.length).toBe(before);
});

describe("a provider of each type", () => {
  const standIns = new StandIns();
  let askStandIn: AskUpstream;
  beforeAll(async () => {
    const base = await standIns.start();
    askStandIn = (url, sent) => get(url.replace(/^https:\//, base), sent);
    standIns.registered = REDIRECT;
  });
  afterAll(() => standIns.stop());

  const secrets = new Map(STAND_IN_ROWS.map(({ slug }) => [slug, CLIENT_SECRET]));
  const rows = valueOf(
    rowsOf(
      STAND_IN_ROWS.map((one) => one.row),
      secrets,
    ),
  );
  // A person at GitHub is sent to the registered address, whatever was asked for.
  const SILENT: readonly string[] = ["github", "members", "ghes"] satisfies StandInSlug[];

  it.each(rows.map((one) => [one.slug, one] as const))(
    "tells a wrong secret from a wrong URI: %s",
    async (slug, one) => {
      const probe = async (secret: string, uri: string): Promise<readonly string[]> => {
        const { client, redirectUri } = valueOf(await askProvider(askStandIn, { ...one, secret }, uri));
        return [client, redirectUri];
      };
      const wrong = SILENT.includes(slug) ? "unknown" : "refused";
      expect(await probe(CLIENT_SECRET, REDIRECT)).toEqual(["accepted", "accepted"]);
      expect(await probe("wrong", REDIRECT)).toEqual(["refused", "unknown"]);
      expect(await probe(CLIENT_SECRET, `${REDIRECT}/wrong`)).toEqual(["accepted", wrong]);
    },
  );
});
