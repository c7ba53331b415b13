// SPDX-License-Identifier: Apache-2.0
// The workflow of docs/monitoring.md, as GitHub runs it: actionlint accepts it, and its steps run as printed, each run
// on a new machine that has what the cache has kept. `gh` only says what it was asked.

import { execFile, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join, matchesGlob } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { keepEvidenceBeside } from "../../cli/monitor/evidence.ts";
import { ROOT } from "../../cli/root.ts";
import { listFiles } from "../../tools/docs/repository.ts";
import { interopTool } from "../../tools/interop-tools.ts";
import { signingKey } from "../support/authority/signing-keys.ts";
import { addEntry, bareVerifier, base64, makeHashedRequest, requestOwnCertificate } from "../support/logs/entries.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly with?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly jobs: { readonly monitor: { readonly steps: readonly Step[] } };
}

const readText = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const yamlBlocks = (page: string): readonly string[] =>
  [...readText(page).matchAll(/^ *```yaml\n([\s\S]*?)^ *```$/gm)].map(([, text = ""]) => text);
const isWorkflow = (text: string): boolean => /^jobs:$/m.test(text);

const PAGE = "docs/monitoring.md";
const [CONFIG = ""] = yamlBlocks(PAGE).map((text) => text.replaceAll(/^ {3}/gm, ""));
const [STEPS = []] = yamlBlocks(PAGE)
  .filter(isWorkflow)
  .map((text) => (parse(text) as Workflow).jobs.monitor.steps);

const folders: string[] = [];
const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-guide-"));
  folders.push(folder);
  return folder;
};

let stack: TestStack;
let programs: string;

beforeAll(async () => {
  stack = await startStack();
  programs = makeFolder();
  const write = (name: string, lines: readonly string[]): void => {
    writeFileSync(join(programs, name), ["#!/bin/bash", ...lines, ""].join("\n"));
    chmodSync(join(programs, name), 0o755);
  };
  // npm would fetch the package that this is.
  write("npx", [
    '[ "$1 $2" = "--yes sigedge" ] || exit 9',
    `exec "${process.execPath}" "${ROOT}/cli/sigedge.mjs" "\${@:3}"`,
  ]);
  write("gh", ['if [ "$2" = list ]; then printf %s "$OPEN_ISSUE"; else printf "%s\\n" "$*" >gh.txt; fi']);
});
afterAll(async () => {
  await stack.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const withPrograms = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: programs + delimiter + (process.env["PATH"] ?? ""),
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** With the errors. */
  readonly output: string;
}

/** Runs bash. Not synchronously: the connections to the stack would end unseen. */
const runBash = (args: readonly string[], cwd: string, env = withPrograms()): Promise<Ended> =>
  new Promise((resolve) => {
    execFile("bash", args, { cwd, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, output: stdout + stderr }),
    );
  });

/** Runs a step as GitHub does. @param openIssue the number that `gh issue list` prints */
function runStep(name: string, machine: string, openIssue = ""): Promise<Ended> {
  const step = STEPS.find((one) => one.name === name);
  const options = step?.shell === "bash" ? ["--noprofile", "--norc", "-eo", "pipefail"] : ["-e"];
  const script = (step?.run ?? "exit 9").replaceAll("https://sign.example.com", stack.url);
  return runBash([...options, "-c", script], machine, { ...withPrograms(), OPEN_ISSUE: openIssue });
}

/** A new machine with the repository, and what the cache kept of the last one. */
function nextMachine(last: string | null): string {
  const machine = makeFolder();
  writeFileSync(join(machine, "monitor.yaml"), CONFIG);
  const cached = STEPS.find(({ uses }) => uses?.startsWith("actions/cache/restore@"))?.with?.["path"] ?? "";
  if (last !== null) cpSync(join(last, cached), join(machine, cached));
  return machine;
}

async function sign(email: string): Promise<void> {
  const key = signingKey("ecdsa-p256");
  const rawBytes = base64(await requestOwnCertificate(stack, email, key));
  const verifier = { x509Certificate: { rawBytes }, keyDetails: bareVerifier(key).keyDetails };
  await addEntry(stack, makeHashedRequest(key, Buffer.from(email), verifier));
}

describe("actionlint", () => {
  const printed = listFiles("*.md").flatMap((path) =>
    yamlBlocks(path)
      .filter(isWorkflow)
      .map((text) => [path, text]),
  );
  const own = readdirSync(join(ROOT, ".github/workflows")).map((file) => [file, readText(`.github/workflows/${file}`)]);
  const lint = (text: string): { readonly status: number | null; readonly stdout: string } =>
    spawnSync(interopTool("actionlint"), ["-no-color", "-"], { input: text, encoding: "utf8" });

  it("accepts every workflow that is printed or run", () => {
    expect(printed.map(([path]) => path)).toContain(PAGE);
    for (const [path = "", text = ""] of [...printed, ...own]) {
      const { status, stdout } = lint(text);
      expect(`${path}: ${stdout}${status}`).toBe(`${path}: 0`);
    }
    expect(lint((printed[0]?.[1] ?? "").replace("runs-on", "run-on")).status).toBe(1);
  });
});

it("hadolint accepts the container file", () => {
  const [, printed = ""] = /^```dockerfile\n([\s\S]*?)^```$/m.exec(readText(PAGE)) ?? [];
  const lint = (input: string): object =>
    spawnSync(interopTool("hadolint"), ["--failure-threshold", "warning", "-"], { input, encoding: "utf8" });
  expect(lint(printed)).toMatchObject({ status: 0 });
  expect(lint(printed.replace(/^FROM .*$/m, "FROM node:latest"))).toMatchObject({ status: 1 });
});

describe("the page's steps", () => {
  const section = readText(PAGE).split("## Be warned")[1]?.split(/^## /m)[0] ?? "";
  const blocks = [...section.matchAll(/^ {3}```(\w*)\n([\s\S]*?)^ {3}```$/gm)].map(([, kind = "", text = ""]) => ({
    kind,
    text: text.replaceAll(/^ {3}/gm, ""),
  }));
  const textsOf = (wanted: string): readonly string[] =>
    blocks.flatMap(({ kind, text }) => (kind === wanted ? text : []));

  it("say what the command says, line by line", async () => {
    const [watch = "", another = ""] = textsOf("yaml");
    const [pass = "", lint = ""] = textsOf("");
    const machine = makeFolder();
    const say = async (command: string): Promise<string> => {
      const script = command.replace("npx", "npx --yes").replace("https://sign.example.com", stack.url);
      const { stdout } = await runBash(["-c", script], machine);
      return stdout
        .replaceAll(`localhost:${stack.port}`, "sign.example.com")
        .replaceAll("localhost", "sign.example.com");
    };
    const isSame = (output: string, printed = ""): void => {
      const untimed = (text: string): readonly string[] =>
        text
          .trim()
          .replaceAll(/\d{4}-\S+Z/g, "TIME")
          .replaceAll(/(?<=log sign\.example\.com - )\d+/g, "TREE")
          .split("\n");
      expect(untimed(output)).toEqual(untimed(printed));
    };
    const printed = textsOf("text");
    expect([blocks.length, printed.length]).toEqual([7, 3]);
    writeFileSync(join(machine, "monitor.yaml"), watch);
    await sign("bob@example.com");
    isSame(await say(pass), printed[0]);
    await sign("alice@example.com");
    isSame(await say(pass), printed[1]);
    writeFileSync(join(machine, "monitor.yaml"), watch + another);
    isSame(await say(lint), printed[2]);
    for (const [path] of section.matchAll(/(?<=sign\.example\.com|…)\/entry\/\w+\/\d+/g)) {
      expect(await (await fetch(stack.url + path)).text()).toContain("alice@example.com");
    }
  });
});

describe("the workflow", () => {
  let machine = "";

  it("is green when nothing is unexpected, and reads only what is new", async () => {
    machine = nextMachine(null);
    // The page's steps have signed.
    expect(await runStep("Read the logs", machine)).toMatchObject({ code: 1 });
    machine = nextMachine(machine);
    const again = await runStep("Read the logs", machine);
    expect([again.code, again.output]).toEqual([0, expect.stringContaining("scanned [3, 3) of log")]);
  });

  it("fails when somebody signs, and opens an issue or comments on the open one", async () => {
    await sign("alice@example.com");
    machine = nextMachine(machine);
    expect(await runStep("Read the logs", machine)).toMatchObject({ code: 1 });
    expect(readFileSync(join(machine, "monitor.txt"), "utf8")).toContain("Unexpected certificate by alice@example.com");
    const askWith = async (issue: string): Promise<string> => {
      expect(await runStep("Open an issue", machine, issue)).toMatchObject({ code: 0 });
      return readFileSync(join(machine, "gh.txt"), "utf8").trim();
    };
    expect(await askWith("")).toBe("issue create --title The monitor warns --body-file monitor.txt");
    expect(await askWith("7")).toBe("issue comment 7 --body-file monitor.txt");
    machine = nextMachine(machine);
    expect(await runStep("Read the logs", machine)).toMatchObject({ code: 0 });
  });

  it("reads everything again if the cache was lost", async () => {
    machine = nextMachine(null);
    const { code, output } = await runStep("Read the logs", machine);
    expect([code, output]).toEqual([1, expect.stringContaining("Unexpected certificate by alice@example.com")]);
  });

  it("keeps evidence, and not what the TUF client keeps", () => {
    const pattern = STEPS.find(({ uses }) => uses?.startsWith("actions/upload-artifact@"))?.with?.["path"] ?? "";
    const evidence = keepEvidenceBeside(join(machine, "monitor.json"))("log.example.com/ct", "fork", "{}") ?? "";
    const kept = readdirSync(machine).filter((name) => matchesGlob(name, pattern));
    expect(kept).toEqual([basename(evidence)]);
  });
});
