// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { ROOT } from "../root.ts";
import { createDeployment, setUrl } from "./create.ts";
import {
  chooseShape,
  type Deployment,
  forgetShape,
  readDeployment,
  recordShape,
  selectDeployment,
  workerSettings,
} from "./deployment.ts";
import { readIssuersFile } from "./issuers-file.ts";
import { installTrustFile } from "./trust-root.ts";
import { writeConfig } from "./wrangler-config.ts";

const PASSPHRASE = "correct horse battery staple";
let folder: string;
let made: Deployment;
let publicUrl: PublicUrl;

const value = <T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T => {
  if (!result.ok) throw new Error(String(result.error));
  return result.value;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-deployment-"));
  publicUrl = value(parsePublicUrl("https://sign.example.com"));
  const wanted = {
    folder: join(folder, "d"),
    name: "sigedge-test",
    publicUrl: null,
    issuers: "none",
    passphrase: PASSPHRASE,
  } as const;
  made = value(setUrl(value(await createDeployment(wanted)), { publicUrl, issuers: "public", passphrase: PASSPHRASE }));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("bundles its own trust file, and enters no other into the tracked one", async () => {
  const tracked = join(ROOT, "deployment", "trust.json");
  const before = readFileSync(tracked, "utf8");
  expect(installTrustFile(made.folder, publicUrl)).toEqual({ ok: true, value: false });
  expect(readFileSync(tracked, "utf8")).toBe(before);
  const { vars } = value(workerSettings(made));
  const config = JSON.parse(
    readFileSync(await writeConfig({ deployment: made, worker: null, vars }), "utf8"),
  ) as object;
  expect(config).toMatchObject({ alias: { "#trust-file": join(made.folder, "trust.json") } });
});

describe("a new deployment", () => {
  it("encrypts every offline key so that openssl opens it, and writes it to no other file", () => {
    const offline = join(made.folder, "offline");
    const keys = readdirSync(offline).filter((file) => file.endsWith(".pem"));
    expect(keys.toSorted()).toEqual([
      "ca-root.key.pem",
      "operator-issuer.key.pem",
      "tsa-root.key.pem",
      "tuf-root-1.key.pem",
      "tuf-root-2.key.pem",
      "tuf-root-3.key.pem",
      "tuf-targets.key.pem",
    ]);
    for (const key of keys) {
      const path = join(offline, key);
      expect(readFileSync(path, "utf8")).toContain("BEGIN ENCRYPTED PRIVATE KEY");
      const args = ["pkey", "-in", path, "-passin", `pass:${PASSPHRASE}`, "-noout", "-text"];
      expect(execFileSync("openssl", args, { encoding: "utf8" })).toContain("Private-Key");
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(existsSync(join(made.folder, "keys", key))).toBe(false);
    }
    const wrong = ["pkey", "-in", join(offline, "ca-root.key.pem"), "-passin", "pass:another passphrase", "-noout"];
    expect(() => execFileSync("openssl", wrong, { stdio: "ignore" })).toThrow();
  }, 120_000);

  it("is readable by its owner only", () => {
    for (const entry of readdirSync(made.folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
    }
  });

  it("has every setting of the Workers without the offline folder", () => {
    const away = join(folder, "away");
    cpSync(made.folder, away, { recursive: true });
    rmSync(join(away, "offline"), { recursive: true });
    const settings = value(workerSettings({ ...made, folder: away }));
    expect(settings).toEqual(value(workerSettings(made)));
    expect(Object.keys(settings.secrets)).toContain("TUF_KEY");
    expect(settings.vars).toMatchObject({ PUBLIC_URL: "https://sign.example.com", ACCEPT: "own-ca+listed-keys" });
    for (const secret of Object.values(settings.secrets)) expect(secret).toMatch(/PRIVATE KEY|^[A-Za-z0-9_-]{43}$/);
    for (const text of Object.values(settings.vars)) expect(text).not.toContain("PRIVATE KEY");
  });

  it("accepts the operator for one identity, and the issuers of the public instance", () => {
    const file = readIssuersFile(readFileSync(join(made.folder, "issuers.yaml"), "utf8"));
    if (!file.ok) throw new Error(file.error.join());
    const operator = file.value.issuers.find(({ url }) => url === "https://sign.example.com/operator");
    expect(operator).toMatchObject({ identity: { type: "email" }, keys: { kind: "static" } });
    expect(JSON.stringify(operator?.policy)).toContain("operator@sign.example.com");
    expect(file.value.issuers.length).toBeGreaterThan(20);
  });

  it("has no shape before its first Worker is uploaded, and keeps it afterwards", () => {
    const chosen = value(chooseShape(made, "split"));
    expect(value(readDeployment(made.folder))).toMatchObject({ shape: null });
    recordShape(chosen);
    forgetShape(chosen);
    expect(value(readDeployment(made.folder))).toMatchObject({ shape: null });
    const claimed = value(chooseShape(made, "composed"));
    recordShape(claimed);
    expect(chooseShape(claimed, "split")).toMatchObject({ ok: false });
    expect(value(readDeployment(made.folder))).toMatchObject({ shape: "composed", name: "sigedge-test" });
    expect(chooseShape({ ...made, publicUrl: null }, "composed")).toMatchObject({ ok: false });
  });
});

describe("the configuration for wrangler", () => {
  it("has no secret, but its own names, the custom domain, and what a split Worker inherits", async () => {
    const { vars, secrets } = value(workerSettings(made));
    const composed = readFileSync(await writeConfig({ deployment: made, worker: null, vars }), "utf8");
    for (const secret of Object.values(secrets)) expect(composed).not.toContain(secret.split("\n")[1]);
    expect(JSON.parse(composed)).toMatchObject({
      name: "sigedge-test",
      routes: [{ pattern: "sign.example.com", custom_domain: true }],
      workers_dev: false,
      keep_vars: false,
      r2_buckets: [{ bucket_name: "sigedge-test-tiles" }],
      d1_databases: [{ database_name: "sigedge-test-index" }],
    });
    const shard = { name: "signature-2", kind: "signature", url: "https://2027.example.com" };
    const SHARDS = JSON.stringify([shard, { ...shard, name: "certificate-2", kind: "certificate" }]);
    const further = await writeConfig({ deployment: made, worker: "gateway", vars: { SHARDS } });
    expect(JSON.parse(readFileSync(further, "utf8"))).toMatchObject({
      routes: [
        { pattern: "sign.example.com", custom_domain: true },
        { pattern: "2027.example.com", custom_domain: true },
      ],
      workers_dev: false,
    });
    expect(composed).not.toContain("database_id");
    expect(composed).not.toContain("send_email");
    const ca = readFileSync(await writeConfig({ deployment: made, worker: "ca", vars: {} }), "utf8");
    expect(JSON.parse(ca)).toMatchObject({
      name: "sigedge-test-ca",
      compatibility_flags: expect.arrayContaining(["disallow_importable_env", "global_fetch_strictly_public"]),
      preview_urls: false,
      observability: { redact_query_string: true, logs: { invocation_logs: false } },
      workers_dev: false,
      services: [{ service: "sigedge-test-oidc" }],
    });
    expect(JSON.parse(ca)).not.toHaveProperty("r2_buckets");
  });

  it.each([null, "monitor", "ca"] as const)(
    "binds Cloudflare's mail service where a deployment names a sender of mails: %s",
    async (worker) => {
      const MAIL_FROM = "Sigedge <watch@sign.example.com>";
      const readBound = async (mail: Readonly<Record<string, string>>): Promise<unknown> => {
        const { vars } = value(workerSettings(made));
        const path = await writeConfig({
          deployment: made,
          worker,
          vars: worker === "ca" ? {} : { ...vars, ...mail },
        });
        return (JSON.parse(readFileSync(path, "utf8")) as { readonly send_email?: unknown }).send_email;
      };
      const bound = [{ name: "MAIL", allowed_sender_addresses: ["watch@sign.example.com"] }];
      expect(await readBound({ MAIL_FROM })).toEqual(worker === "ca" ? undefined : bound);
      expect(await readBound({ MAIL_FROM, MAIL_URL: "https://api.mail.example.com/" })).toBeUndefined();
      expect(await readBound({})).toBeUndefined();
    },
  );
});

describe("the choice of a deployment", () => {
  it("separates deployments by name and folder", () => {
    expect(value(selectDeployment({ dir: null, env: "staging" }))).toMatchObject({ name: "sigedge-staging" });
    expect(selectDeployment({ dir: null, env: "../x" }).ok).toBe(false);
  });

  it.each([
    "{",
    "[]",
    "{}",
    '{"version":2}',
    '{"version":1,"name":"X","settings":{}}',
    '{"version":1,"name":"ab","url":"http://h","settings":{}}',
  ])("refuses a deployment.json that is %s", (text) => {
    const broken = mkdtempSync(join(folder, "broken-"));
    writeFileSync(join(broken, "deployment.json"), text);
    expect(readDeployment(broken).ok).toBe(false);
  });
});
