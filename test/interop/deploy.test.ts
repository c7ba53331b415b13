// SPDX-License-Identifier: Apache-2.0
// Checks what `wrangler deploy` would upload, and a Worker that was deployed without its settings.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DryRun, environments, MAX_COMPOSED_GZIP_BYTES, runDry } from "../../cli/deploy/dry-run.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

describe("wrangler deploy --dry-run", () => {
  const runs = new Map<string | null, DryRun>();

  beforeAll(async () => {
    const queue = [...environments()];
    // Two at a time: each bundler uses one core.
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) runs.set(next, await runDry(next));
    };
    await Promise.all([work(), work()]);
  }, 180_000);

  it.each(environments())("succeeds for -e %s", (environment) => {
    const run = runs.get(environment);
    expect(run?.output).toContain("--dry-run: exiting now");
    expect(run?.passed).toBe(true);
  });

  it("covers every service", () => {
    expect(environments()).toEqual([
      null,
      "dev",
      "gateway",
      "ca",
      "tsa",
      "log",
      "sequencer",
      "trust",
      "oidc",
      "witness",
      "monitor",
      "web",
    ]);
  });

  it("keeps the composed Worker within its budget", () => {
    const { gzipBytes = 0 } = runs.get(null) ?? {};
    expect(gzipBytes).toBeGreaterThan(10_000);
    expect(gzipBytes).toBeLessThanOrEqual(MAX_COMPOSED_GZIP_BYTES);
  });

  it.each(["oidc/dev/token", "oidc/dev/login", "Anyone (development)"])(
    "finds %j, of the development issuer and connector, in [env.dev] only",
    (text) => {
      const having = [...runs.values()].filter(({ bundle }) => bundle.includes(text));
      expect(having.map(({ environment }) => environment)).toEqual(["dev"]);
    },
  );

  it("gives the gateway no key, and names no log key outside the sequencer", () => {
    const naming = (setting: string): Set<string | null> =>
      new Set(
        [...runs.values()].filter(({ bundle }) => bundle.includes(setting)).map(({ environment }) => environment),
      );
    expect(runs.get("gateway")?.bundle).not.toMatch(/[A-Z]_KEY\b/);
    expect(naming("CERTIFICATE_LOG_KEY")).toEqual(new Set([null, "dev", "sequencer"]));
    expect(naming("CA_KEY")).toEqual(new Set([null, "dev", "ca"]));
  });
});

describe("a Worker without settings", () => {
  let stack: TestStack;
  const settings = [
    "PUBLIC_URL",
    "CA_CHAIN",
    "CA_KEY",
    "TSA_CHAIN",
    "TSA_KEY",
    "SIGNATURE_LOG_KEY",
    "SIGNATURE_LOG_ED25519_KEY",
    "CERTIFICATE_LOG_KEY",
    "OIDC_KEY",
  ];
  beforeAll(async () => {
    stack = await startStack({ vars: Object.fromEntries(settings.map((name) => [name, ""])) });
  });
  afterAll(() => stack.stop());

  it.each(["/", "/checkpoint", "/trusted_root.json", "/api/v2/trustBundle", "/oidc/dev/token", "/metrics"])(
    "names on %s everything that it misses, with 503",
    async (path) => {
      const response = await fetch(`${stack.url}${path}`);
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("60");
      const { code, message } = (await response.json()) as { code: number; message: string };
      expect(code).toBe(14);
      for (const name of settings) expect(message).toContain(`${name} is missing`);
      expect(message).not.toContain("ISSUERS");
    },
  );

  it("still answers /healthz, which names the missing settings", async () => {
    const response = await fetch(`${stack.url}/healthz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: "NOT_SERVING",
      problems: expect.arrayContaining(settings.map((name) => `${name} is missing`)) as unknown,
      expiries: [],
    });
  });
});
