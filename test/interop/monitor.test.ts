// SPDX-License-Identifier: Apache-2.0
// `sigedge monitor` as a real process beside a real deployment: it learns the logs by TUF, warns of a certificate and
// an entry in a watched name, and shows what a configuration would have matched.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { signingKey } from "../support/authority/signing-keys.ts";
import { addEntry, bareVerifier, base64, makeHashedRequest, requestOwnCertificate } from "../support/logs/entries.ts";
import { type MonitorRun, runMonitor } from "../support/monitor/run-monitor.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const ALICE = "alice@example.com";
const key = signingKey("ecdsa-p256");
let folder: string;
let stack: TestStack;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-monitor-"));
  stack = await startStack();
  writeFileSync(join(folder, "monitor.yaml"), `watch:\n  - name: mine\n    identity: ${ALICE}\n`);
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function signKeyless(email: string): Promise<void> {
  const certificate = await requestOwnCertificate(stack, email, key);
  const verifier = { x509Certificate: { rawBytes: base64(certificate) }, keyDetails: bareVerifier(key).keyDetails };
  await addEntry(stack, makeHashedRequest(key, Buffer.from(`signed by ${email}`), verifier));
}

const monitor = (...args: readonly string[]): Promise<MonitorRun> =>
  runMonitor(stack.url, "--config", join(folder, "monitor.yaml"), "--state", join(folder, "state.json"), ...args);

it("reads every log by TUF, and finds nothing unexpected", async () => {
  await signKeyless("bob@example.com");
  const { code, kinds, lines, stderr } = await monitor();
  expect(stderr).toBe("");
  expect(kinds).toEqual([]);
  const covered = lines.filter(({ type }) => type === "coverage");
  expect(covered.map(({ from, to, isWhole }) => [from, to, isWhole])).toEqual([
    [0, 2, true],
    [0, 1, true],
    // The log of Rekor v1, in which nobody has signed.
    [0, 1, true],
  ]);
  expect(covered[0]?.text).toMatch(/^scanned \[0, 2\) of log [\d.a-z]+ at \S+Z, no gap$/);
  expect(lines.at(-1)).toMatchObject({ type: "verdict", exitCode: 0 });
  expect(code).toBe(0);
});

it("warns of every certificate and every entry in a watched name, once", async () => {
  await signKeyless(ALICE);
  await signKeyless("bob@example.com");
  const found = await monitor();
  expect(found.kinds).toEqual(["match.unexpected", "match.unexpected"]);
  expect(found.code).toBe(1);
  expect(await monitor()).toMatchObject({ code: 0, kinds: [] });
});

it("shows what a configuration would have matched, and keeps and tells nothing", async () => {
  const before = readFileSync(join(folder, "state.json"), "utf8");
  const { code, kinds, lines } = await monitor("--lint");
  expect(lines.filter(({ type }) => type === "preview")).toMatchObject([
    { selector: "mine", days: 30, unexpected: 2, expected: 0, examples: [{ identity: ALICE }, { identity: ALICE }] },
  ]);
  expect([code, kinds]).toEqual([0, []]);
  const file = join(folder, "nobody.yaml");
  writeFileSync(file, "watch:\n  - name: nobody\n    identity: nobody@example.com\n");
  const doubtful = await monitor("--lint", "--config", file);
  expect(doubtful.lines.at(-1)).toMatchObject({ type: "warning", selector: "nobody" });
  expect(doubtful.code).toBe(1);
  expect(readFileSync(join(folder, "state.json"), "utf8")).toBe(before);
});

it("says an event again with its code until its channel took it, or is no channel any longer", async () => {
  const file = join(folder, "channel.yaml");
  const watch = `watch:\n  - name: mine\n    identity: ${ALICE}\n`;
  writeFileSync(file, `${watch}notify:\n  - name: broken\n    command: { run: [/bin/false] }\n`);
  const mine = ["--config", file, "--state", join(folder, "channel.json")];
  expect((await monitor(...mine)).code).toBe(1);
  const again = await monitor(...mine);
  expect([again.code, again.kinds]).toEqual([1, ["delivery.failed"]]);
  writeFileSync(file, watch);
  const dropped = await monitor(...mine);
  expect(dropped.stderr).toMatch(/drops 2 events for broken/);
  expect(dropped.code).toBe(0);
});

it("takes no state but its own, and no two monitors share one", async () => {
  const file = join(folder, "state.json");
  const good = readFileSync(file, "utf8");
  for (const bad of ["", "{", "{}", good.slice(0, -40), good.replace(/"size":\d/, '"size":9')]) {
    writeFileSync(file, bad);
    const { code, lines, stderr } = await monitor();
    expect([code, lines]).toEqual([3, []]);
    expect(stderr).toMatch(/^sigedge monitor: .*(damaged|is not the state of a monitor).*--state/);
    expect(readFileSync(file, "utf8")).toBe(bad);
  }
  writeFileSync(file, good);
  writeFileSync(
    `${file}.lock`,
    JSON.stringify({ pid: process.pid, host: (await import("node:os")).hostname(), started: "" }),
  );
  const { code, stderr } = await monitor();
  expect(code).toBe(3);
  expect(stderr).toContain("another monitor uses this state");
  writeFileSync(
    `${file}.lock`,
    JSON.stringify({ pid: 2 ** 22 + 1, host: (await import("node:os")).hostname(), started: "" }),
  );
  expect((await monitor()).code).toBe(0);
  expect(existsSync(`${file}.lock`)).toBe(false);
});
