// SPDX-License-Identifier: Apache-2.0
// Runs `sigedge audit` over both logs of a real stack: exit codes, state files, output.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEY_KINDS, signingKey } from "../support/authority/signing-keys.ts";
import {
  addEntry,
  bareVerifier,
  dsseRequest,
  makeHashedRequest,
  requestOwnCertificate,
} from "../support/logs/entries.ts";
import { ecdsaSigner, entryRecord, makeRekordBody, ServedLog } from "../support/logs/served-log.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

/** With the genesis entry and an entry for each kind of key, both logs have one full bundle and one open bundle. */
const KEYLESS = 270;
const AT_ONCE = 30;

let stack: TestStack;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-audit-"));
  stack = await startStack({ vars: { ACCEPT: "open" } });
  const key = signingKey("ecdsa-p256");
  for (let at = 0; at < KEYLESS; at += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => signKeyless(`person-${at + i}@example.com`)));
  }
  for (const kind of KEY_KINDS) await addEntry(stack, makeHashedRequest(signingKey(kind), Buffer.from(`by ${kind}`)));
  await addEntry(stack, dsseRequest(key, "application/vnd.in-toto+json", Buffer.from("{}")));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stack.stop();
});

async function signKeyless(email: string): Promise<void> {
  const key = signingKey("ecdsa-p256");
  const certificate = await requestOwnCertificate(stack, email, key);
  const { keyDetails } = bareVerifier(key);
  const verifier = { x509Certificate: { rawBytes: Buffer.from(certificate).toString("base64") }, keyDetails };
  await addEntry(stack, makeHashedRequest(key, Buffer.from(`signed by ${email}`), verifier));
}

const SIGNATURE_ENTRIES = 1 + KEYLESS + KEY_KINDS.length + 1;

interface Audited {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const sigedge = async (...args: readonly string[]): Promise<Audited> =>
  await runCommand("cli/sigedge.mjs", { args: ["audit", ...args], env: { XDG_CACHE_HOME: folder, NO_COLOR: "1" } })
    .ended;

interface ReportJson {
  readonly verdict: string;
  readonly log: object;
  readonly keys: object;
  readonly checks: object;
  readonly checkpoint: {
    readonly treeSize: number;
    readonly signatures: readonly { readonly type: number | null }[];
  } | null;
  readonly previous: { readonly size: number } | null;
  readonly entries: object;
  readonly findings: readonly { readonly code: string; readonly severity: string; readonly message: string }[];
}

async function sigedgeJson(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly report: ReportJson }> {
  const { code, stdout } = await sigedge(...args, "--json");
  return { code, report: JSON.parse(stdout) as ReportJson };
}

describe("sigedge audit of a signature log", () => {
  test("finds it good and verifies a signature by every kind of key", async () => {
    const { code, stdout } = await sigedge(stack.url);
    expect(code).toBe(0);
    expect(stdout).toContain(`checkpoint of ${SIGNATURE_ENTRIES} entries`);
    expect(stdout).toContain(`${SIGNATURE_ENTRIES} signatures of entries verified`);
    expect(stdout).toContain("keys taken from the log's own server on first use");
    // The trusted root has the ECDSA key; /api/logs lists the Ed25519 key as well.
    expect(stdout).toMatch(/^ {2}and by localhost\+[0-9a-f]{8}, which only the log's own service lists$/m);
    expect(stdout).not.toMatch(/unknown keys|not a log of Sigedge/);
    expect(stdout).toMatch(/^Good\. /m);
  });

  test("remembers the tree and its keys, and continues from there", async () => {
    const [file = ""] = readdirSync(join(folder, "sigedge", "audit"));
    expect(file).toMatch(/^localhost_\d+-[0-9a-f]{8}\.json$/);
    await addEntry(stack, makeHashedRequest(signingKey("ecdsa-p256"), Buffer.from("one more")));
    const again = await sigedgeJson(stack.url);
    expect(again).toMatchObject({ code: 0, report: { keys: { trust: "first-use", isPinned: true } } });
    expect(again.report.previous?.size).toBe(SIGNATURE_ENTRIES);
    expect(again.report.checkpoint?.treeSize).toBe(SIGNATURE_ENTRIES + 1);
    const newer = await sigedgeJson(stack.url, "--incremental");
    expect(newer.report.entries).toMatchObject({ startedAt: 256, read: SIGNATURE_ENTRIES + 1 - 256 });
  });

  test("finds it good with its trusted root, and under the path of Rekor v2", async () => {
    const trustedRoot = join(folder, "trusted_root.json");
    writeFileSync(trustedRoot, await (await fetch(`${stack.url}/trusted_root.json`)).text());
    const state = ["--state", join(folder, "by-root.json")];
    for (const url of [stack.url, `${stack.url}/api/v2`, `${stack.url}/`]) {
      const { code, report } = await sigedgeJson(url, "--trusted-root", trustedRoot, "--no-signatures", ...state);
      expect([code, report.verdict]).toEqual([0, "good"]);
      expect(report.keys).toMatchObject({ trust: "trusted-root" });
    }
  });

  test("finds it bad if another key is trusted", async () => {
    const { code, report } = await sigedgeJson(
      stack.url,
      "--key",
      ecdsaSigner("localhost").vkey,
      "--state",
      join(folder, "other.json"),
    );
    expect([code, report.verdict]).toEqual([1, "bad"]);
    expect(report.findings.map(({ code: found }) => found)).toEqual(["checkpoint_unsigned"]);
    expect(readdirSync(folder)).not.toContain("other.json");
  });
});

describe("sigedge audit with a write policy", () => {
  const audited = async (policy: object, ...args: readonly string[]): ReturnType<typeof sigedgeJson> => {
    const file = join(folder, "policy.json");
    writeFileSync(file, JSON.stringify(policy));
    return sigedgeJson(...args, "--policy", file, "--no-signatures", "--state", join(folder, "by-policy.json"));
  };

  test("finds what an open log took good under that policy", async () => {
    const { code, report } = await audited({ ACCEPT: "open" }, stack.url);
    expect([code, report.verdict]).toEqual([0, "good"]);
    expect(report.checks).toEqual({ signatures: false, order: true, policy: true });
  });

  test("names each entry that a stricter one forbids", async () => {
    const { code, report } = await audited({ ACCEPT: "own-ca" }, stack.url);
    expect([code, report.verdict]).toEqual([1, "bad"]);
    const refused = report.findings.map(({ code: found, message }) => [found, message.replace(/^entry \d+: /, "")]);
    const bareEntries = KEY_KINDS.length + 2;
    expect(refused).toEqual(
      Array.from({ length: bareEntries }, () => [
        "entry_refused",
        "the write policy forbids it: its key is not listed",
      ]),
    );
  });

  test("says what is wrong with the file", async () => {
    const file = join(folder, "wrong-policy.json");
    writeFileSync(file, '{"ACCEPT":"all"}');
    const { code, stderr } = await sigedge(stack.url, "--policy", file, "--state", join(folder, "none.json"));
    expect([code, stderr]).toEqual([
      2,
      `sigedge audit: ${file}: ACCEPT must be one of own-ca, own-ca+listed-keys, open\n`,
    ]);
  });
});

describe("sigedge audit of a certificate log", () => {
  test("finds it good and verifies the chain of every certificate", async () => {
    const { code, report } = await sigedgeJson(`${stack.url}/ct`);
    expect([code, report.verdict]).toEqual([0, "good"]);
    expect(report).toMatchObject({
      log: { kind: "certificate", origin: `localhost:${stack.port}/ct` },
      checkpoint: { treeSize: KEYLESS, signatures: [{ type: 5 }] },
      entries: { verified: KEYLESS },
    });
  });

  test("finds it from the service's URL", async () => {
    const { code, report } = await sigedgeJson(stack.url, "--ct", "--no-signatures", "--jobs", "0");
    expect(code).toBe(0);
    expect(report.log).toMatchObject({ url: `${stack.url}/ct` });
  });
});

describe("an interrupted audit", () => {
  test("continues where it was, even after kill -9", async () => {
    const origin = "slow.example.com";
    const log = new ServedLog(origin, "entries", [ecdsaSigner(origin)]);
    const { privateObject, spki } = signingKey("ecdsa-p256");
    const body = makeRekordBody(privateObject, spki, "again and again");
    log.append(Array.from({ length: 6_000 }, () => entryRecord(body)));
    // A permanent 503 delays the audit: it retries for some seconds.
    log.answers.set("tile/0/020", 503);
    const url = await log.serve();
    const args = [url, "--key", log.signers[0]?.vkey ?? "", "--state", join(folder, "slow.json")];
    const first = runCommand("cli/sigedge.mjs", { args: ["audit", ...args] });
    const progress = (): number => savedSize(join(folder, "slow.json"));
    await until(() => progress() > 0);
    first.process.kill("SIGKILL");
    await first.ended;
    const saved = progress();
    log.answers.clear();
    const { code, report } = await sigedgeJson(...args);
    await log.stop();
    expect([code, report.verdict]).toEqual([0, "good"]);
    expect(report.entries).toMatchObject({ startedAt: saved, read: 6_000 - saved, verified: 6_000 });
  });
});

function savedSize(file: string): number {
  try {
    const state = JSON.parse(readFileSync(file, "utf8")) as { readonly progress: { readonly treeSize: number } | null };
    return state.progress?.treeSize ?? 0;
  } catch {
    return 0;
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the condition never became true");
}

describe("a forked log", () => {
  test("is bad, and the report shows both contradicting notes", async () => {
    const origin = "fork.example.com";
    const log = new ServedLog(origin, "entries", [ecdsaSigner(origin)]);
    const { privateObject, spki } = signingKey("ecdsa-p256");
    const made = new Map(
      "aBbcd".split("").map((name) => [name, entryRecord(makeRekordBody(privateObject, spki, name))]),
    );
    const record = (name: string): ReturnType<typeof entryRecord> => made.get(name) ?? expect.fail(name);
    log.append(["a", "b", "c"].map(record));
    const url = await log.serve();
    const args = [url, "--key", log.signers[0]?.vkey ?? "", "--state", join(folder, "fork.json")];
    expect((await sigedge(...args)).code).toBe(0);
    const before = log.files.get("checkpoint")?.toString() ?? "";
    log.rewrite(1, ["B", "c", "d"].map(record));
    const after = log.files.get("checkpoint")?.toString() ?? "";
    const { code, stdout } = await sigedge(...args);
    expect(code).toBe(1);
    expect(stdout).toContain("history was rewritten");
    expect(stdout).toContain("If you know that it was recreated, for example as a local stack, remove that file.");
    const file = `${join(folder, "fork.json")}.fork-3-4.json`;
    expect(stdout).toContain(file);
    const evidence = JSON.parse(readFileSync(file, "utf8")) as { readonly older: string; readonly newer: string };
    expect(evidence).toMatchObject({ older: before, newer: after, vkeys: [log.signers[0]?.vkey] });
    for (const note of [before, after]) for (const line of note.trim().split("\n")) expect(stdout).toContain(line);
    expect((await sigedge(...args)).code).toBe(1);
    log.rewrite(0, ["a", "b"].map(record));
    expect((await sigedge(...args)).stdout).toContain("entries are gone");
    log.rewrite(0, ["a", "b", "c", "d"].map(record));
    expect((await sigedge(...args)).code).toBe(0);
    await log.stop();
  });
});

describe("an audit that cannot tell", () => {
  test.each<[string, readonly string[], RegExp]>([
    ["an unknown flag", ["http://a", "--fast"], /--fast/],
    ["a malformed key", ["http://a", "--key", "k"], /k is not a verifier key/],
    ["a missing trusted root", ["http://a", "--trusted-root", "/nowhere"], /\/nowhere cannot be read \(ENOENT\)/],
    ["no reachable keys", ["http://127.0.0.1:9"], /trusted_root\.json cannot be read .* --key or --trusted-root/],
  ])("%s: one line, exit code 2", async (_, args, line) => {
    const { code, stdout, stderr } = await sigedge(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(line);
    expect(stderr.trim().split("\n").length).toBe(1);
  });

  test("rejects the state file of another log, and a malformed one", async () => {
    const state = join(folder, "state.json");
    writeFileSync(state, "{");
    expect(await sigedge("http://a", "--state", state)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is damaged: it is not JSON/) as string,
    });
    mkdirSync(join(folder, "folder"));
    expect((await sigedge("http://a", "--state", join(folder, "folder"))).stderr).toMatch(/cannot be read \(EISDIR\)/);
    const [own = ""] = readdirSync(join(folder, "sigedge", "audit"));
    const other = await sigedge(
      stack.url,
      "--key",
      ecdsaSigner("other").vkey,
      "--state",
      join(folder, "sigedge", "audit", own),
    );
    expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/remembers another log/) as string });
  });
});

test("--help prints the usage", async () => {
  const help = await sigedge("--help");
  expect(help).toMatchObject({ code: 0, stderr: "" });
  for (const flag of [
    "--key",
    "--trusted-root",
    "--witness",
    "--ct",
    "--policy",
    "--no-signatures",
    "--incremental",
    "--state",
    "--jobs",
    "--json",
  ]) {
    expect(help.stdout).toContain(`  ${flag}`);
  }
  const all = await runCommand("cli/sigedge.mjs", { args: ["--help"] }).ended;
  expect(all.stdout).toMatch(/audit .*\n[\s\S]*reindex /);
  expect((await runCommand("cli/sigedge.mjs", { args: ["nothing"] }).ended).code).toBe(2);
});
