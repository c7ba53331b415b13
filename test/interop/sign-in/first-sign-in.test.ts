// SPDX-License-Identifier: Apache-2.0
// From `init --connector` to the first signature: the commands of docs/sign-in.md, with the unmodified wrangler against
// a stand-in for Cloudflare, and a stand-in for GitHub. The deployment runs what wrangler uploaded, under its public
// name; operator, Worker, cosign and Chromium reach it and GitHub over TLS.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetch as fetchNode } from "miniflare";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ROOT } from "../../../cli/root.ts";
import { interopPath } from "../../../tools/interop-tools.ts";
import { type Chromium, startChromium } from "../../browser/chromium.ts";
import { type StandIn, startStandIn } from "../../support/cloudflare/stand-in.ts";
import { type Checkout, createCheckout } from "../../support/process/checkout.ts";
import { type PublicNames, servePublicNames } from "../../support/process/public-names.ts";
import { type Program, startProgram } from "../../support/sign-in/program.ts";
import { ALICE } from "../../support/upstreams/people.ts";
import { CLIENT_SECRET, StandIns } from "../../support/upstreams/stand-ins.ts";

vi.setConfig({ testTimeout: 600_000 });

const FIVE_MINUTES_MS = 300_000;

let checkout: Checkout;
let cloud: StandIn;
let names: PublicNames;
let chromium: Chromium;
let state: string;
const github = new StandIns();

beforeAll(async () => {
  checkout = createCheckout();
  state = mkdtempSync(join(tmpdir(), "sigedge-cloud-"));
  const standIns = await github.start();
  cloud = await startStandIn({
    state,
    front: () => "sigedge",
    outside: ({ url, method, headers, body }) =>
      fetchNode(url.replace(/^https:\//, standIns), { method, headers, body, duplex: "half", redirect: "manual" }),
  });
  names = await servePublicNames(
    {
      "sign.example.com": cloud.url,
      "github.com": `${standIns}/github.com`,
      "api.github.com": `${standIns}/api.github.com`,
    },
    join(state, "certificate.pem"),
  );
  chromium = await startChromium(names.port);
});
afterAll(async () => {
  await chromium?.stop();
  names?.stop();
  await cloud?.stop();
  github.stop();
  checkout?.remove();
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

/** The operator types a line in the clone. */
async function operate(line: string): Promise<string> {
  const { code, stdout, stderr } = await checkout.run(line, { ...cloud.env, ...names.env });
  expect(code, `${line}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** Somebody who signs types a line. Without a terminal, cosign would ask for a code by itself. */
const type = (folder: string, line: string): Promise<Program> =>
  startProgram(["sh", "-c", line.replace("cosign sign-blob", "$& -y --fulcio-auth-flow normal")], {
    folder,
    path: interopPath("cosign"),
    env: { ...names.env },
  });

async function run(folder: string, line: string): Promise<string> {
  const { code, output } = await (await type(folder, line)).ended;
  expect(code, `${line}\n${output}`).toBe(0);
  return output;
}

it("takes less than five minutes, and doctor finds nothing wrong", async () => {
  const started = performance.now();
  const secret = join(state, "secret");
  writeFileSync(secret, `${CLIENT_SECRET}\n`);
  const [init = "", deploy = "", doctor = "", ...others] = linesOf("For operators");
  expect(others).toEqual([]);
  const told = await operate(init.replace("--connector github", `$&,clientID=client,secretFile=${secret}`));
  const [, redirectUri = ""] = /Authorization callback URL: (\S+)/.exec(told) ?? [];
  expect(redirectUri).toBe("https://sign.example.com/oidc/callback/github");
  github.registered = redirectUri;
  await operate(deploy);

  const folder = mkdtempSync(join(state, "alice-"));
  writeFileSync(join(folder, "FILE"), "what alice signs\n");
  const [documents = "", sign = "", verify = ""] = linesOf("For those who sign");
  await run(folder, documents);
  const signing = await type(folder, sign);
  const alice = await chromium.invite();
  await alice.open(await signing.opened);
  expect(new URL(alice.page.url()).origin).toBe("https://sign.example.com");
  expect(await alice.text()).toContain(ALICE);
  await alice.grant();
  const { code, output } = await signing.ended;
  expect(code, output).toBe(0);
  expect(await run(folder, verify)).toContain("Verified OK");
  const took = performance.now() - started;
  console.info(`verified after ${Math.round(took / 1000)} s`);

  expect(await operate(doctor)).not.toMatch(/^✗/m);
  expect(github.asked.filter((one) => !one.startsWith("GET https://github.com/"))).not.toEqual([]);
  expect([alice.complaints, cloud.unknownCalls]).toStrictEqual([[], []]);
  expect(took).toBeLessThan(FIVE_MINUTES_MS);
});
