// SPDX-License-Identifier: Apache-2.0
// Two folders and one account, as the API of the stand-in for Cloudflare shows it.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok } from "../../shared/result.ts";
import { unixMs } from "../../shared/time.ts";
import { Account, Refusal } from "../../test/support/cloudflare/account.ts";
import { answerCall } from "../../test/support/cloudflare/api.ts";
import { valueOf } from "../../test/support/value-of.ts";
import type { CloudflareAccount } from "../deployment/account.ts";
import { workerName } from "../deployment/wrangler-config.ts";
import { makeKeyFiles } from "../keys/keys.ts";
import { checkAccountFirst, type Target } from "./preflight.ts";

const root = mkdtempSync(join(tmpdir(), "sigedge-preflight-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let account: Account;
let records: Set<string>;
beforeEach(() => {
  account = new Account();
  records = new Set();
});

const api: CloudflareAccount = {
  fingerprint: "an account",
  read: async (path) => {
    const url = new URL(`https://api.example/client/v4/accounts/1/${path}`);
    const query = (): never => {
      throw new Error("not in this test");
    };
    try {
      const request = { method: "GET", url, headers: new Headers(), body: new Uint8Array() };
      return ok(await answerCall({ account, accountId: "1", subdomain: "x", query }, request));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // A call that the stand-in does not know must not pass for nothing found.
      return error.status === 404 && error.code !== 7003 ? ok(null) : err(error.message);
    }
  },
  resolves: (hostname) => Promise.resolve(records.has(hostname)),
};

const chainOf = (hostname: string): string =>
  makeKeyFiles({ hostname, now: unixMs(Date.now()) }).get("ca-chain.pem") ?? "";

/** A fresh folder that wants an address. */
function target(hostname: string, change: Partial<Target> = {}): Target {
  const publicUrl = valueOf(parsePublicUrl(`https://${hostname}`));
  const folder = mkdtempSync(join(root, "d-"));
  return {
    deployment: { folder, name: "sigedge", publicUrl, settings: {}, environment: null, shape: null },
    workers: [null],
    vars: { PUBLIC_URL: publicUrl.href, CA_CHAIN: chainOf(hostname) },
    isFirst: true,
    adopts: false,
    takesDomain: false,
    ...change,
  };
}

/** Changes the account as `wrangler deploy` does. */
function deploy({ deployment, workers, vars }: Target): void {
  for (const worker of workers) {
    const name = workerName(deployment, worker);
    const bindings = Object.entries(vars).map(([key, text]) => ({ name: key, type: "plain_text", text }));
    const modules = [{ name: "w.mjs", type: "application/javascript+module", contents: "" }];
    account.putScript(name, { metadata: { main_module: "w.mjs", bindings }, modules });
    account.worker(name).domains.add(deployment.publicUrl?.hostname ?? "");
  }
  account.buckets.add(`${deployment.name}-tiles`);
  if (account.databases.size === 0) account.createDatabase(`${deployment.name}-index`);
}

const refusal = async (of: Target): Promise<string> => {
  const checked = await checkAccountFirst(api, of);
  return checked.ok ? "" : checked.error;
};

it("lets a first deployment into an empty account, and every later one of the same folder", async () => {
  const own = target("a.example");
  expect(await checkAccountFirst(api, own)).toEqual(ok("nothing in the way"));
  deploy(own);
  records.add("a.example");
  expect(await checkAccountFirst(api, own)).toEqual(ok("as this folder left it"));
  // A new checkout of the same folder, or an older one that has kept no record.
  const copy = { ...own, deployment: { ...own.deployment, folder: mkdtempSync(join(root, "copy-")) } };
  expect(await refusal(copy)).toBe("");
  expect(await refusal({ ...copy, isFirst: false })).toBe("");
});

it.each([[[null]], [["sequencer", "ca", "gateway"]]] as const)(
  "stops a folder of another address or CA before it replaces the Workers %j",
  async (workers) => {
    deploy(target("a.example", { workers }));
    const other = target("b.example", { workers });
    const line = await refusal(other);
    expect(line).toContain("answers for https://a.example");
    expect(line).toContain("nothing was sent");
    expect(existsSync(join(other.deployment.folder, "deployed.json"))).toBe(false);
    expect(await refusal(target("a.example", { workers }))).toContain("has the certificate of another CA");
    // Also where the folder was deployed before: somebody has replaced it since.
    expect(await refusal({ ...other, isFirst: false })).not.toBe("");
    expect(await refusal({ ...other, adopts: true })).toBe("");
  },
);

it("stops at a Worker that is no Sigedge", async () => {
  deploy({ ...target("a.example"), vars: {} });
  expect(await refusal(target("a.example"))).toContain("the Worker sigedge, which is not a deployment of Sigedge");
});

it.each(["bucket", "database"])("stops at a %s of another owner, but not at its own after a failure", async (what) => {
  const own = target("a.example");
  expect(await refusal(own)).toBe("");
  if (what === "bucket") account.createBucket("sigedge-tiles");
  else account.createDatabase("sigedge-index");
  expect(await refusal(own)).toBe("");
  expect(await refusal(target("a.example"))).toContain(`the ${what} sigedge-`);
});

it("accepts the CA before and after a rotation", async () => {
  const own = target("a.example");
  deploy(own);
  const vars = { ...own.vars, CA_CHAIN: chainOf("a.example"), OTHER_CA_CHAINS: own.vars["CA_CHAIN"] ?? "" };
  expect(await refusal({ ...own, vars })).toBe("");
});

it("takes neither the domain of another Worker nor a DNS record, unless it is told to", async () => {
  deploy({ ...target("a.example"), deployment: { ...target("a.example").deployment, name: "other" } });
  account.buckets.clear();
  account.databases.clear();
  const own = target("a.example");
  expect(await refusal(own)).toContain("a.example belongs to the Worker other; nothing was sent");
  expect(await refusal({ ...own, takesDomain: true })).toBe("");
  records.add("b.example");
  expect(await refusal(target("b.example"))).toContain("b.example has a DNS record already");
});

it("stops if the account cannot be read", async () => {
  const unreadable: CloudflareAccount = { ...api, read: () => Promise.resolve(err("403")) };
  expect(await checkAccountFirst(unreadable, target("a.example"))).toEqual(err("403"));
});
