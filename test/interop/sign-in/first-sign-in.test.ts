// SPDX-License-Identifier: Apache-2.0
// From `init --connector` to the first token: the commands of docs/sign-in.md, with the unmodified wrangler against a
// stand-in for Cloudflare, then a person at the connector's provider. Well under five minutes.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ROOT } from "../../../cli/root.ts";
import { requestCertificate } from "../../support/authority/request-certificate.ts";
import { type StandIn, startStandIn } from "../../support/cloudflare/stand-in.ts";
import { clientKey } from "../../support/logs/log-client.ts";
import { makeAuthorizationUrl } from "../../support/oauth/authorization-request.ts";
import { Browser } from "../../support/oauth/browser.ts";
import { startUpstream, type Upstream } from "../../support/oauth/upstream.ts";
import { type Checkout, createCheckout } from "../../support/process/checkout.ts";
import { ALICE } from "../../support/upstreams/people.ts";

vi.setConfig({ testTimeout: 600_000 });

const FIVE_MINUTES_MS = 300_000;
const NOWHERE = "nowhere:";
const REQUEST = { redirectUri: "http://localhost:43119/", verifier: "v".repeat(43) };

let checkout: Checkout;
let cloud: StandIn;
let upstream: Upstream;
let state: string;
beforeAll(async () => {
  checkout = createCheckout();
  state = mkdtempSync(join(tmpdir(), "sigedge-cloud-"));
  cloud = await startStandIn({ state, front: () => "sigedge" });
  upstream = await startUpstream();
});
afterAll(async () => {
  upstream.stop();
  await cloud.stop();
  checkout.remove();
  rmSync(state, { recursive: true, force: true });
});

const page = readFileSync(join(ROOT, "docs", "sign-in.md"), "utf8");

/** The lines of the first block of a section of docs/sign-in.md. */
function linesOf(section: string): readonly string[] {
  const [, block] = new RegExp(`## ${section}\\n[\\s\\S]*?\`\`\`sh\\n([^\`]*)\`\`\``).exec(page) ?? [];
  return (block ?? expect.fail(`docs/sign-in.md has no commands in ${section}`))
    .split("\n")
    .filter((line) => line !== "");
}

async function run(line: string): Promise<string> {
  const { code, stdout, stderr } = await checkout.run(line, cloud.env);
  expect(code, `${line}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** The person opens the address, is signed in at the provider, and grants. Returns the token that the client gets. */
async function signIn(): Promise<string> {
  const browser = new Browser();
  const shown = await browser.open(makeAuthorizationUrl(cloud.url, REQUEST), NOWHERE);
  expect(shown.html).toContain(`Sign as ${ALICE}?`);
  const back = await browser.submit(shown, { answer: "grant" }, REQUEST.redirectUri);
  const code = new URL(back.url).searchParams.get("code") ?? "";
  const form = { grant_type: "authorization_code", client_id: "sigstore", code, redirect_uri: REQUEST.redirectUri };
  const body = new URLSearchParams({ ...form, code_verifier: REQUEST.verifier });
  const answer = await fetch(`${cloud.url}/oidc/token`, { method: "POST", body });
  return (await answer.json<{ readonly id_token: string }>()).id_token;
}

it("takes less than five minutes", async () => {
  const started = performance.now();
  const secret = join(state, "secret");
  writeFileSync(secret, `${upstream.clientSecret}\n`);
  const values = `oidc,issuer=${upstream.url},clientID=sigedge,secretFile=${secret}`;
  const [init = "", deploy = "", doctor = "", ...others] = linesOf("For operators");
  expect(others).toEqual([]);
  await run(init.replace("https://sign.example.com", cloud.url).replace("--connector github", `--connector ${values}`));
  await run(deploy);
  const token = await signIn();
  expect(performance.now() - started).toBeLessThan(FIVE_MINUTES_MS);
  expect(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())).toMatchObject({
    iss: `${cloud.url}/oidc`,
    aud: "sigstore",
    email: ALICE,
    federated_claims: { connector_id: upstream.url },
  });
  // A deployed CA takes no token of a loopback address, as the stand-in's is; nothing else is wrong.
  const refused = await requestCertificate(
    { url: cloud.url, token: () => Promise.resolve(token) },
    { email: ALICE, key: clientKey() },
  );
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("loopback")]);
  const { stdout } = await checkout.run(doctor, cloud.env);
  expect(stdout).toContain("✓ providers at which people sign in");
  expect(stdout.match(/^✗ .*/gm)).toEqual(["✗ sign-in: CA, signing config and discovery"]);
  expect(cloud.unknownCalls).toEqual([]);
});
