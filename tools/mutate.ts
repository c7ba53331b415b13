// SPDX-License-Identifier: Apache-2.0
// `npm run mutate -- [--fuzz N] [NAME…]`: breaks the code on purpose, one invariant at a time (test/mutations/), in a
// copy of the checkout, and runs the tests that must notice. Exits with 1 unless each is clearly noticed. A NAME is the
// beginning of a mutation's name. With --fuzz, the fuzzer of the service is the only judge, with N changed requests.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { progressBar } from "../cli/progress.ts";
import { ROOT } from "../cli/root.ts";
import { duration, fail, paint, say } from "../cli/terminal.ts";
import { items, member } from "../shared/json/member.ts";
import { applyMutation, type Mutation, readMutations } from "./mutations.ts";

/** A break may make a test hang. */
const TIMEOUT_MS = 300_000;
/** Without a break, the tests of all mutations run at once: those of some 200 take minutes. */
const UNBROKEN_TIMEOUT_MS = 1_800_000;
/** The fuzzer sends each request that costs too much up to twenty times. */
const FUZZ_TIMEOUT_MS = 1_200_000;
const FUZZER = "test/service/fuzz.test.ts";

/** The tests that must notice a mutation. */
interface Judge {
  readonly testsOf: (mutation: Mutation) => readonly string[];
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string>>;
}

const OWN_TESTS: Judge = { testsOf: ({ tests }) => tests, timeoutMs: TIMEOUT_MS, env: {} };

const fuzzer = (requests: number): Judge => ({
  testsOf: () => [FUZZER],
  timeoutMs: FUZZ_TIMEOUT_MS,
  env: { SIGEDGE_FUZZ_REQUESTS: String(requests) },
});

/** A run of tests that did not pass. */
interface Failure {
  /** The first test that failed, and what it says. */
  readonly test: string;
  /** False if a slow machine, or a break that does not run, may be the reason. */
  readonly isClear: boolean;
}

interface Outcome {
  readonly mutation: Mutation;
  /** Null if every test passed. */
  readonly failure: Failure | null;
  readonly milliseconds: number;
}

/** Copies every file that git tracks or would add, and links this checkout's packages. Returns the copy's folder. */
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

/** An error of a break that uses a name which its file does not have. */
const DOES_NOT_RUN = /^(?:ReferenceError|SyntaxError): .*(?:is not defined|has already been declared|export named)/;

/** Runs tests up to the first that fails; null if none does. */
function findFailure(
  copy: string,
  tests: readonly string[],
  { timeoutMs, env }: Omit<Judge, "testsOf">,
): Failure | null {
  const report = join(copy, "vitest-report.json");
  rmSync(report, { force: true });
  const vitest = join(copy, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--bail=1", "--reporter=json", `--outputFile=${report}`, ...tests];
  const { status, signal } = spawnSync(process.execPath, args, {
    cwd: copy,
    stdio: "ignore",
    timeout: timeoutMs,
    env: { ...process.env, ...env },
  });
  if (signal !== null) return { test: `(not finished within ${timeoutMs / 1000} s)`, isClear: false };
  if (status === 0) return null;
  const results = items(JSON.parse(readFileSync(report, "utf8")), "testResults");
  const assertions = results.flatMap((result) => items(result, "assertionResults"));
  const failed = assertions.find((assertion) => member(assertion, "status") === "failed");
  if (failed !== undefined) {
    const message = firstMessage(failed);
    return { test: `${String(member(failed, "fullName"))}: ${message}`, isClear: !DOES_NOT_RUN.test(message) };
  }
  const messages = results.map((result) => member(result, "message"));
  const broken = messages.filter((message) => typeof message === "string").find((message) => message !== "");
  return { test: `(the tests do not run: ${broken ?? "vitest failed without a failed test"})`, isClear: false };
}

function firstMessage(assertion: unknown): string {
  const [message] = items(assertion, "failureMessages");
  const [line = ""] = typeof message === "string" ? message.split("\n") : [];
  return line.slice(0, MAX_MESSAGE);
}

const MAX_MESSAGE = 160;

/** Runs the tests of one mutation on the broken copy, then restores the copy. */
function runMutation(mutation: Mutation, copy: string, judge: Judge): Outcome {
  const started = performance.now();
  const broken = applyMutation(mutation, copy);
  if (!broken.ok) fail(broken.error);
  const whole = new Map([...broken.value.keys()].map((file) => [file, readFileSync(join(copy, file))]));
  for (const [file, text] of broken.value) writeFileSync(join(copy, file), text);
  const failure = findFailure(copy, judge.testsOf(mutation), judge);
  for (const [file, text] of whole) writeFileSync(join(copy, file), text);
  return { mutation, failure, milliseconds: performance.now() - started };
}

function markOf(failure: Failure | null): string {
  if (failure === null) return paint("red", "✗ survived");
  return failure.isClear ? paint("green", "✓ noticed ") : paint("yellow", "? unclear ");
}

function printOutcome({ mutation, failure, milliseconds }: Outcome, judge: Judge): void {
  say(`${markOf(failure)} ${mutation.invariant}  ${mutation.name.padEnd(32)} ${mutation.summary}`);
  const by = failure?.test ?? `every test passed: ${judge.testsOf(mutation).join(" ")}`;
  say(paint("dim", `             ${by} (${duration(milliseconds)})`));
}

function runAll(mutations: readonly Mutation[], copy: string, judge: Judge): readonly Outcome[] {
  const tests = [...new Set(mutations.flatMap(judge.testsOf))];
  const bar = progressBar("mutations");
  bar.show(0, mutations.length);
  const failure = findFailure(copy, tests, { timeoutMs: UNBROKEN_TIMEOUT_MS, env: judge.env });
  if (failure !== null) fail(`a test fails without any mutation: ${failure.test}`);
  const outcomes: Outcome[] = [];
  for (const mutation of mutations) {
    const outcome = runMutation(mutation, copy, judge);
    outcomes.push(outcome);
    bar.end();
    printOutcome(outcome, judge);
    bar.show(outcomes.length, mutations.length);
  }
  bar.end();
  return outcomes;
}

const namesOf = (outcomes: readonly Outcome[]): string => outcomes.map(({ mutation }) => mutation.name).join(" ");

function main(args: readonly string[]): void {
  const options = { fuzz: { type: "string" } } as const;
  const { values, positionals: names } = parseArgs({ args: [...args], options, allowPositionals: true });
  const judge = values.fuzz === undefined ? OWN_TESTS : fuzzer(Number(values.fuzz));
  const wanted = names.length === 0 ? [""] : names;
  const mutations = readMutations(ROOT).filter((mutation) => wanted.some((name) => mutation.name.startsWith(name)));
  if (mutations.length === 0) fail(`no mutation's name begins with ${names.join(" or ")}`);
  const copy = copyCheckout();
  process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
  process.once("SIGINT", () => process.exit(130));
  const outcomes = runAll(mutations, copy, judge);
  const survived = outcomes.filter(({ failure }) => failure === null);
  const unclear = outcomes.filter(({ failure }) => failure?.isClear === false);
  const invariants = new Set(outcomes.map(({ mutation }) => mutation.invariant)).size;
  say(`${outcomes.length} mutations of ${invariants} invariants, ${survived.length} unnoticed`);
  if (unclear.length > 0) say(`run again alone, or mend the break: ${namesOf(unclear)}`);
  process.exitCode = survived.length + unclear.length === 0 ? 0 : 1;
}

main(process.argv.slice(2));
