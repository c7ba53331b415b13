// SPDX-License-Identifier: Apache-2.0
// Everything that shows an operator a running deployment: status, doctor, trust, metrics, alert rules and dashboard.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../../cli/root.ts";
import { waitForHit } from "../../cli/signing/search.ts";
import { logIndexOf, readInstance, sign } from "../../cli/signing/sigstore-js.ts";
import { parseGauges } from "../../cli/status/gauges.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack();
  const data = Buffer.from("something to look at\n");
  const identityToken = await stack.token("alice@example.com");
  const bundle = await sign(await readInstance(stack.url), { identityToken, data, attestationType: null });
  await waitForHit(stack.url, "email=alice@example.com", logIndexOf(bundle));
});
afterAll(() => stack.stop());

const sigedge = (...args: readonly string[]): ReturnType<typeof runCommand>["ended"] =>
  runCommand("cli/sigedge.mjs", { args, env: { NO_COLOR: "1" } }).ended;

describe("sigedge status", () => {
  it("shows a healthy deployment", async () => {
    const { code, stdout } = await sigedge("status", stack.url, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      health: { status: "SERVING", problems: [] },
      logs: [
        { log: "signature", size: 2, running: true, behind: { r2: 0, d1: 0, witnesses: null } },
        { log: "certificate", size: 1, running: true },
        { log: "rekor-v1", size: 1, running: true },
      ],
      expiries: expect.arrayContaining([expect.objectContaining({ what: "ca_certificate" })]) as unknown,
      unreadable: [],
    });
    expect((await sigedge("status", stack.url)).stdout).toContain("serves");
  });

  it("fails if nothing answers, and prints the usage if misused", async () => {
    expect(await sigedge("status", "http://localhost:9")).toMatchObject({ code: 1 });
    expect(await sigedge("status")).toMatchObject({ code: 2 });
    expect(await sigedge("status", "https://HOST/path")).toMatchObject({ code: 2 });
    expect((await sigedge("status", "--help")).stdout).toContain("Exit code");
  });
});

describe("sigedge doctor", () => {
  it("finds nothing wrong with a healthy deployment", async () => {
    const { code, stdout } = await sigedge("doctor", stack.url, "--json");
    expect(JSON.parse(stdout)).toEqual({
      url: stack.url,
      findings: [],
      // Cloudflare adds the header, workerd does not.
      notChecked: [{ check: "clock", reason: "/healthz has no Date header" }],
    });
    expect(code).toBe(0);
  });

  it("reports that the deployment has another address", async () => {
    const { code, stdout } = await sigedge("doctor", stack.url.replace("localhost", "127.0.0.1"), "--json");
    expect(code).toBe(1);
    const finding = expect.stringContaining("is that of another deployment") as unknown;
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ check: "health", finding }] });
  });

  it("names the missing settings, and what to do", async () => {
    const broken = await startStack({ vars: { CA_KEY: "", OIDC_KEY: "" } });
    try {
      const { code, stdout } = await sigedge("doctor", broken.url, "--json");
      expect(code).toBe(1);
      const missing = { check: "health", level: "error", finding: "CA_KEY and OIDC_KEY are missing" };
      expect(JSON.parse(stdout)).toMatchObject({
        findings: expect.arrayContaining([expect.objectContaining(missing)]) as unknown,
      });
    } finally {
      await broken.stop();
    }
  });

  it("finds a trust root with keys other than the running ones", async () => {
    const other = await startStack();
    const mixed = await startStack({ vars: { TSA_CHAIN: other.vars["TSA_CHAIN"] ?? "" } });
    try {
      const { stdout } = await sigedge("doctor", mixed.url, "--json");
      expect((JSON.parse(stdout) as { findings: unknown[] }).findings.length).toBeGreaterThan(0);
    } finally {
      await Promise.all([other.stop(), mixed.stop()]);
    }
  });
});

describe("sigedge trust", () => {
  it("prints a configuration for each client, and writes the files that it names", async () => {
    const { code, stdout } = await sigedge("trust", stack.url, "--json");
    expect(code).toBe(0);
    const { files, configurations } = JSON.parse(stdout) as {
      files: Record<string, string>;
      configurations: Record<string, string>;
    };
    expect(Object.keys(configurations)).toEqual([
      "cosign",
      "sigstore-python",
      "sigstore-js",
      "sigstore-go",
      "gitsign",
      "policy-controller",
      "rekor-cli",
      "npm",
      "rekor_monitor",
      "ct_monitor",
    ]);
    const named =
      Object.values(configurations)
        .join("\n")
        .match(/[\w.-]+\.(?:pem|pub|json|yaml)\b/g) ?? [];
    // A name in capitals stands for a file of the user's.
    for (const name of named.filter((file) => !/^[A-Z]/.test(file))) expect(files).toHaveProperty([name]);
    const documents = files["policy-controller.yaml"]?.split("---\n").map((text): unknown => parse(text));
    expect(documents).toMatchObject([{ kind: "TrustRoot" }, { kind: "ClusterImagePolicy" }]);
    expect(files["fulcio-chain.pem"]).toBe(stack.vars["CA_CHAIN"]);
    expect(files["tsa-chain.pem"]).toBe(stack.vars["TSA_CHAIN"]);
  });
});

describe("metrics", () => {
  /** Gauges that only some deployments have. */
  const CONDITIONAL = ["sigedge_log_witness_lag_entries", "sigedge_expiry_seconds"];

  it("have every gauge that the alert rules and the dashboard name", async () => {
    const page = await (await fetch(`${stack.url}/metrics`)).text();
    const there = new Set([...parseGauges(page).map(({ name }) => name), ...CONDITIONAL]);
    const folder = join(ROOT, "docs", "observability");
    for (const file of ["alerts.yml", "dashboard.json"]) {
      const names = readFileSync(join(folder, file), "utf8").match(/sigedge_\w+/g) ?? [];
      expect(names.length).toBeGreaterThan(5);
      for (const name of names) expect(there, `${name} of ${file}`).toContain(name);
    }
    for (const name of there) expect(readFileSync(join(folder, "README.md"), "utf8")).toContain(name);
  });

  it("have alert rules that say what to do, in Prometheus' format", () => {
    const text = readFileSync(join(ROOT, "docs", "observability", "alerts.yml"), "utf8");
    const { groups } = parse(text) as { groups: { rules: Record<string, unknown>[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    expect(new Set(rules.map((rule) => rule["alert"])).size).toBe(rules.length);
    for (const rule of rules) {
      expect(Object.keys(rule).every((key) => ["alert", "expr", "for", "labels", "annotations"].includes(key))).toBe(
        true,
      );
      expect(rule["labels"]).toMatchObject({ severity: expect.stringMatching(/^(critical|warning)$/) as unknown });
      expect(rule["annotations"]).toMatchObject({
        summary: expect.any(String) as unknown,
        description: expect.any(String) as unknown,
      });
    }
  });
});
