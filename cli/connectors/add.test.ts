// SPDX-License-Identifier: Apache-2.0
// `sigedge init --connector` against a provider on this machine: what is written, what is refused, and that a refusal
// writes nothing.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { startUpstreamProvider, type UpstreamProvider } from "../../test/support/process/upstream-provider.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { readDeployment, workerSettings } from "../deployment/deployment.ts";
import { INIT } from "../init/command.ts";
import { ROOT } from "../root.ts";
import { parseWanted } from "./add.ts";
import { CONNECTOR_KINDS } from "./kinds.ts";
import { secretVariable } from "./secret.ts";

const URL_TEXT = "http://localhost:8787";
const SECRET = "correct-secret";

let root: string;
let folder: string;
let upstream: UpstreamProvider;

/** init redirects a bare `wrangler deploy` in this checkout; afterwards the checkout is as it was. */
const REDIRECT = join(ROOT, ".wrangler", "deploy", "config.json");
const redirectBefore = existsSync(REDIRECT) ? readFileSync(REDIRECT, "utf8") : null;
afterAll(() => {
  if (redirectBefore === null) rmSync(REDIRECT, { force: true });
  else writeFileSync(REDIRECT, redirectBefore);
});

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "sigedge-connectors-"));
  upstream = await startUpstreamProvider();
});
afterAll(() => {
  upstream.stop();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  folder = join(mkdtempSync(join(root, "d-")), "deployment");
  upstream.behave({ clientId: "id", clientSecret: SECRET, redirectUri: `${URL_TEXT}/oidc/callback/oidc` });
  // init accepts loopback where Cloudflare itself is a stand-in on this machine.
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", "http://127.0.0.1:9/client/v4");
  vi.stubEnv("SIGEDGE_PASSPHRASE", "correct horse battery");
  vi.stubEnv(secretVariable("oidc"), SECRET);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

async function init(...args: readonly string[]): Promise<Ended> {
  const printed = { out: "", error: "" };
  const take = (stream: "out" | "error") => (text: string | Uint8Array) => {
    printed[stream] += String(text);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(take("out"));
  vi.spyOn(process.stderr, "write").mockImplementation(take("error"));
  const code = await INIT.execute([...args, "--dir", folder, "--issuers", "none"]);
  vi.restoreAllMocks();
  return { code, ...printed };
}

const connector = (...pairs: readonly string[]): readonly string[] => [
  "--connector",
  ["oidc", `issuer=${upstream.url}`, "clientID=id", ...pairs].join(","),
];
const settings = (): Readonly<Record<string, string>> => {
  const { vars, secrets } = valueOf(workerSettings(valueOf(readDeployment(folder)) ?? expect.fail("no deployment")));
  return { ...vars, ...secrets };
};
/** Returns the signed trust root, whose signing config names the addresses at which people sign in. */
const signInUrls = (): string => readFileSync(join(folder, "trust.json"), "utf8");

describe("a new deployment", () => {
  it("has the connector, its secret apart, and a signing config that names it", async () => {
    const { code, out, error } = await init("--url", URL_TEXT, ...connector("name=Example"));
    expect([code, error]).toEqual([0, ""]);
    // Exactly what has to be registered, before the values are asked for.
    expect(out).toContain(`Sign-in redirect URI: ${URL_TEXT}/oidc/callback/oidc`);
    expect(parse(readFileSync(join(folder, "connectors.yaml"), "utf8"))).toEqual({
      connectors: [{ type: "oidc", name: "Example", config: { clientID: "id", issuer: upstream.url } }],
    });
    expect(settings()).toMatchObject({ OIDC_CONNECTOR_SECRETS: expect.stringContaining(SECRET) as unknown });
    expect(settings()["OIDC_CONNECTORS"]).not.toContain(SECRET);
    expect(out).not.toContain(SECRET);
    expect(statSync(join(folder, "keys", "connector-secrets.json")).mode & 0o077).toBe(0);
    expect(decodeTargets(signInUrls())).toContain(`${URL_TEXT}/oidc`);
    expect(out).not.toContain("rotate signing-config");
  });

  it("is not created where the provider refuses", async () => {
    vi.stubEnv(secretVariable("oidc"), "wrong-secret");
    const ended = await init("--url", URL_TEXT, ...connector());
    expect([ended.code, existsSync(folder)]).toEqual([1, false]);
    expect(ended.error).toContain("refuses the client id or the client secret of the connector oidc");
    expect(ended.error).not.toContain("wrong-secret");
    vi.stubEnv(secretVariable("oidc"), SECRET);
    const redirect = await init("--url", "http://localhost:8788", ...connector());
    expect([redirect.code, existsSync(folder)]).toEqual([1, false]);
    expect(redirect.error).toContain(
      "register exactly this redirect URI there: http://localhost:8788/oidc/callback/oidc",
    );
  });

  it("does without the provider on demand", async () => {
    vi.stubEnv(secretVariable("oidc"), "wrong-secret");
    const before = upstream.requests.length;
    expect((await init("--url", URL_TEXT, "--no-check", ...connector())).code).toBe(0);
    expect(upstream.requests.length).toBe(before);
  });
});

describe("an existing deployment", () => {
  it("gets connectors one after another, keeps what the operator wrote, and says what to sign", async () => {
    await init("--url", URL_TEXT);
    expect(decodeTargets(signInUrls())).not.toContain(`${URL_TEXT}/oidc"`);
    const first = await init(...connector());
    expect([first.code, first.error]).toEqual([0, ""]);
    expect(first.out).toContain(`npx sigedge rotate signing-config --dir ${folder}`);
    const file = join(folder, "connectors.yaml");
    writeFileSync(file, `# ours\n${readFileSync(file, "utf8")}`);
    vi.stubEnv(secretVariable("second"), SECRET);
    upstream.behave({ clientId: "id", clientSecret: SECRET, redirectUri: `${URL_TEXT}/oidc/callback/second` });
    const second = await init(...connector("slug=second", "id=https://second.example"), "--json");
    expect(JSON.parse(second.out)).toMatchObject({ connectors: [{ slug: "second", notChecked: [] }] });
    expect(readFileSync(file, "utf8")).toMatch(/^# ours\n/);
    expect(JSON.parse(settings()["OIDC_CONNECTOR_SECRETS"] ?? "")).toEqual({ oidc: SECRET, second: SECRET });
    const again = await init(...connector());
    expect(again.error).toContain("OIDC_CONNECTORS");
    expect(again.error).toContain("has the id of another connector");
  });

  it("needs an address first", async () => {
    expect((await init(...connector())).error).toContain("--connector needs the address of the service");
  });
});

describe("the command line", () => {
  it.each([
    ["twitter", "twitter is unknown; give one of github, google, entra, gitlab, bitbucket, oidc, access"],
    ["constructor", "constructor is unknown"],
    ["oidc,issuer", "oidc has issuer, which is not NAME=VALUE"],
    ["oidc,clientSecret=s", "must not have the secret itself"],
    ["oidc,tenant=s", "oidc has tenant, which is not known; known are clientID, secretFile, issuer, slug, name, id"],
  ])("refuses %s", (text, problem) => {
    expect(parseWanted(text)).toMatchObject({ ok: false, error: expect.stringContaining(problem) as unknown });
  });

  it("names everything that is missing without a terminal", async () => {
    const ended = await init("--url", URL_TEXT, "--connector", "oidc");
    expect(ended.error).toContain("lacks clientID: Client ID; issuer: issuer, as in its discovery document");
    vi.stubEnv(secretVariable("oidc"), "");
    expect((await init("--url", URL_TEXT, ...connector())).error).toContain(
      "the client secret of an OpenID provider is missing: give a file that holds it, or set SIGEDGE_CONNECTOR_SECRET_OIDC",
    );
    expect((await init("--url", URL_TEXT, ...connector("secretFile=/nowhere"))).error).toContain("cannot be read");
  });

  it.each(Object.entries(CONNECTOR_KINDS))("says where to register %s, with the redirect URI once", (_, { steps }) => {
    expect(steps.join("\n").split("%s")).toHaveLength(2);
  });
});

/** Every target of a trust file as text: targets are in base64. */
function decodeTargets(text: string): string {
  const words = text.match(/[A-Za-z0-9+/]{40,}={0,2}/g) ?? [];
  return [text, ...words.map((word) => Buffer.from(word, "base64").toString())].join("\n").replaceAll("\\", "");
}
