// SPDX-License-Identifier: Apache-2.0
// `npm run mutate -- [NAME…]`: breaks the log on purpose, one invariant at a time (test/mutations/*.patch), in a copy of the
// checkout, and runs the tests that have to notice. Ends with exit code 1 when a break goes unnoticed.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { progressBar } from "../cli/progress.ts";
import { ROOT } from "../cli/root.ts";
import { duration, fail, say, styled } from "../cli/terminal.ts";

const FOLDER = "test/mutations";
/** A break may well hang a test. */
const TIMEOUT_MS = 300_000;

interface Mutation {
  readonly name: string;
  readonly path: string;
  readonly invariant: string;
  readonly what: string;
  readonly tests: readonly string[];
}

interface Outcome {
  readonly mutation: Mutation;
  /** The test that failed, or why there is none. */
  readonly killedBy: string | null;
  readonly milliseconds: number;
}

function readMutation(name: string): Mutation {
  const path = join(ROOT, FOLDER, name);
  const [head = ""] = readFileSync(path, "utf8").split("\n\n");
  const field = (key: string): string =>
    head
      .split("\n")
      .find((line) => line.startsWith(`${key}: `))
      ?.slice(key.length + 2) ?? fail(`${FOLDER}/${name} has no line "${key}: "`);
  const tests = field("Tests").split(" ");
  return { name: basename(name, ".patch"), path, invariant: field("Invariant"), what: field("Break"), tests };
}

/** A copy of everything that git would take, committed or not, with this checkout's packages. */
function copyCheckout(): string {
  const copy = mkdtempSync(join(tmpdir(), "sigedge-mutate-"));
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  const deleted = execFileSync("git", ["ls-files", "-z", "--deleted"], { cwd: ROOT });
  const gone = new Set(String(deleted).split("\0"));
  for (const file of new Set(String(files).split("\0"))) {
    if (file !== "" && !gone.has(file)) cpSync(join(ROOT, file), join(copy, file));
  }
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  return copy;
}

function patch(copy: string, path: string, ...options: readonly string[]): void {
  const { status, stderr } = spawnSync("git", ["apply", ...options, path], { cwd: copy, encoding: "utf8" });
  if (status !== 0) fail(`${basename(path)} does not fit the code any more: ${stderr.trim().split("\n")[0] ?? ""}`);
}

interface VitestReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** The first test that fails, null if none does. A file that cannot be loaded is no test that failed. */
function firstFailure(copy: string, tests: readonly string[]): string | null {
  const report = join(copy, "vitest-report.json");
  rmSync(report, { force: true });
  const vitest = join(copy, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--bail=1", "--reporter=json", `--outputFile=${report}`, ...tests];
  const { status, signal } = spawnSync(process.execPath, args, { cwd: copy, stdio: "ignore", timeout: TIMEOUT_MS });
  if (signal !== null) return `(no end within ${TIMEOUT_MS / 1000} s)`;
  if (status === 0) return null;
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as VitestReport;
  const failed = testResults.flatMap(({ assertionResults }) => assertionResults).find((r) => r.status === "failed");
  if (failed !== undefined) return failed.fullName;
  const broken = testResults.find(({ message }) => message !== "")?.message ?? "vitest failed without a failed test";
  return fail(`the tests do not run at all: ${broken}`);
}

function tell({ mutation, killedBy, milliseconds }: Outcome): void {
  const mark = killedBy === null ? styled("red", "✗ survived") : styled("green", "✓ noticed ");
  say(`${mark} ${mutation.invariant}  ${mutation.name.padEnd(32)} ${mutation.what}`);
  say(
    styled("dim", `             ${killedBy ?? `by none of ${mutation.tests.join(" ")}`} (${duration(milliseconds)})`),
  );
}

function run(mutations: readonly Mutation[], copy: string): readonly Outcome[] {
  const tests = [...new Set(mutations.flatMap((mutation) => mutation.tests))];
  const bar = progressBar("breaks");
  bar.show(0, mutations.length);
  const failure = firstFailure(copy, tests);
  if (failure !== null) fail(`without any break a test fails: ${failure}`);
  const outcomes: Outcome[] = [];
  for (const mutation of mutations) {
    const started = performance.now();
    patch(copy, mutation.path);
    const killedBy = firstFailure(copy, mutation.tests);
    patch(copy, mutation.path, "--reverse");
    const outcome = { mutation, killedBy, milliseconds: performance.now() - started };
    outcomes.push(outcome);
    bar.end();
    tell(outcome);
    bar.show(outcomes.length, mutations.length);
  }
  bar.end();
  return outcomes;
}

function main(names: readonly string[]): void {
  const wanted = names.length === 0 ? [""] : names;
  const files = readdirSync(join(ROOT, FOLDER)).filter((file) => file.endsWith(".patch"));
  const mutations = files
    .toSorted()
    .filter((file) => wanted.some((name) => file.startsWith(name)))
    .map(readMutation);
  if (mutations.length === 0) fail(`no break is called ${names.join(" or ")}`);
  const copy = copyCheckout();
  process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
  process.once("SIGINT", () => process.exit(130));
  const outcomes = run(mutations, copy);
  const survived = outcomes.filter(({ killedBy }) => killedBy === null);
  const invariants = new Set(outcomes.map(({ mutation }) => mutation.invariant)).size;
  say(`${outcomes.length} breaks of ${invariants} invariants, ${survived.length} unnoticed`);
  process.exitCode = survived.length === 0 ? 0 : 1;
}

main(process.argv.slice(2));
