// SPDX-License-Identifier: Apache-2.0
// The frame that every command shares, and what it asks of each of them.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { err, ok } from "../shared/result.ts";
import { type Command, defineCommand } from "./command.ts";
import { helpPage } from "./help/page.ts";
import { loadCommands, main, renderOverview } from "./sigedge.ts";

let out: string;
let error: string;
beforeEach(() => {
  out = "";
  error = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    error += String(text);
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());

const PAGE = {
  name: "weigh",
  summary: "weigh a fruit",
  usage: ["weigh FRUIT [options]"],
  description: ["Weighs a fruit."],
  arguments: [{ name: "FRUIT", description: "The fruit:", choices: { apple: "Round.", banana: "Not round." } }],
  flags: {
    unit: { value: "UNIT", default: "g", choices: ["g", "kg"], description: "The unit." },
    label: { value: "TEXT", multiple: true, description: "A label." },
    box: { value: "DIR", description: "The box." },
    fast: { description: "Do not wait." },
  },
  json: "Print JSON.",
  examples: [
    { title: "Weigh an apple", command: "sigedge weigh apple" },
    { title: "In kilograms", command: "sigedge weigh apple --unit kg" },
  ],
  exitCodes: { 0: "Weighed.", 1: "Too heavy.", 2: "Wrong arguments." },
} as const;

const weigh = (codes: { readonly failureCode?: 1 | 2 } = {}): Command =>
  defineCommand({
    ...PAGE,
    ...codes,
    read: ({ values, positionals: [fruit] }) => (fruit === undefined ? err("name a fruit") : ok({ fruit, ...values })),
    run: (options, output) => {
      if (options.fruit === "melon") return Promise.resolve(err("melon is too heavy"));
      if (options.fruit === "lost") readFileSync("/nowhere/scales");
      if (options.fruit === "rotten") throw new TypeError("it fell apart");
      output.say("weighing");
      output.result(options, `${options.fruit} weighs 100 ${options.unit}`);
      return Promise.resolve(ok(0));
    },
  });

describe("a command", () => {
  it.each([1, 2] as const)(
    "ends with %i where it could not do its work, for a bug and for a file too",
    async (code) => {
      const command = weigh({ failureCode: code });
      expect(await command.execute(["rotten"])).toBe(code);
      expect(error).toMatch(/^sigedge weigh: a bug: TypeError: it fell apart\n {4}at /);
      error = "";
      expect(await command.execute(["lost"])).toBe(code);
      expect(error).toBe("sigedge weigh: open /nowhere/scales: ENOENT\n");
    },
  );

  it("ends with its own code for an error that nothing awaits", () => {
    const script = `
      import { defineCommand } from "./cli/command.ts";
      const run = () => new Promise(() => setTimeout(() => { throw new Error("in a timer"); }, 1));
      const command = defineCommand({ name: "weigh", flags: {}, failureCode: 3, read: () => ({ ok: true }), run });
      process.exitCode = await command.execute([]);`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect([status, stderr.split("\n")[0]]).toEqual([3, "sigedge weigh: a bug: Error: in a timer"]);
  });

  it("gets the values of its flags, and prints text", async () => {
    expect(await weigh().execute(["apple"])).toBe(0);
    expect([out, error]).toEqual(["weighing\napple weighs 100 g\n", ""]);
  });

  it("prints its result as one line of JSON with --json, and nothing else", async () => {
    const args = ["apple", "--json", "--label", "a", "--label=b", "--unit", "kg", "--fast"];
    expect(await weigh().execute(args)).toBe(0);
    expect(JSON.parse(out)).toEqual({ fruit: "apple", unit: "kg", label: ["a", "b"], box: null, fast: true });
    expect(out.split("\n")).toHaveLength(2);
  });

  it("prints flags, defaults, examples and exit codes with --help", async () => {
    expect(await weigh().execute(["--help"])).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "sigedge weigh FRUIT [options]

      Weighs a fruit.

      Arguments
        FRUIT     The fruit:
          apple   Round.
          banana  Not round.

      Options
        --unit UNIT   The unit. Default: g.
        --label TEXT  A label. May be repeated.
        --box DIR     The box.
        --fast        Do not wait.
        --json        Print JSON.
        --help        Print this page.

      Examples
        # Weigh an apple
        sigedge weigh apple
        # In kilograms
        sigedge weigh apple --unit kg

      Exit codes
        0  Weighed.
        1  Too heavy.
        2  Wrong arguments.
      "
    `);
  });

  it.each<[readonly string[], string, number]>([
    [[], "name a fruit", 2],
    [["apple", "--color"], "Unknown option '--color'; see sigedge weigh --help", 2],
    [["apple", "--unit"], "Option '--unit <value>' argument missing; see sigedge weigh --help", 2],
    // An unset variable of a script.
    [["apple", "--box", ""], "--box is empty; give a value, or leave the flag out", 2],
    [["apple", "--label", "a", "--label="], "--label is empty; give a value, or leave the flag out", 2],
    [["melon"], "melon is too heavy", 1],
  ])("%j: says in one line what is wrong, and exits with its code", async (args, line, code) => {
    expect(await weigh().execute(args)).toBe(code);
    expect([out, error]).toEqual(["", `sigedge weigh: ${line}\n`]);
  });

  it("may have another code for failure", async () => {
    expect(await weigh({ failureCode: 2 }).execute(["melon"])).toBe(2);
  });
});

/** Where 2 says that a log misbehaved, a wrong argument must not say it. */
const MISUSE_CODES = new Map([["monitor", 3]]);

describe.each(await loadCommands())("wrong arguments of sigedge $name", ({ name, execute, exitCodes }) => {
  const misuse = MISUSE_CODES.get(name) ?? 2;

  it.each([[["--nonsense"]], [["a", "b", "c", "d", "e"]]])("%j: its exit code, and one line", async (args) => {
    expect(await execute(args)).toBe(misuse);
    expect([out, error]).toEqual(["", expect.stringMatching(new RegExp(`^sigedge ${name}: [^\\n]+\\n$`))]);
  });

  it("have their exit code in its help", () => {
    expect(exitCodes[misuse]).toMatch(/the arguments are wrong/i);
  });
});

describe("the help of every command", () => {
  const pages = async (columns: number): Promise<readonly string[]> => [
    await renderOverview(columns),
    ...(await loadCommands()).map((command) => helpPage(command, columns)),
  ];

  it.each([80, 100, 120])("fits into a terminal of %i columns", async (columns) => {
    const wide = (await pages(columns)).flatMap((page) => page.split("\n")).filter((line) => line.length > columns);
    // A line that a person copies stays one line.
    const commands = await loadCommands();
    const usage = commands.flatMap((page) => page.usage.map((line) => `sigedge ${line}`));
    const examples = commands.flatMap((page) => page.examples.map(({ command }) => `  ${command}`));
    const titles = commands.flatMap((page) => page.examples.map(({ title }) => `  # ${title}`));
    const copied = new Set(usage.concat(examples, titles));
    expect(wide.filter((line) => !copied.has(line))).toEqual([]);
  });

  it("has the summaries of all commands in one column", async () => {
    const [overview = ""] = await pages(100);
    const summaries = (await loadCommands()).map(({ name, summary }) => {
      const line = overview.split("\n").find((text) => text.startsWith(`  ${name} `)) ?? "";
      return line.indexOf(summary.split(" ")[0] ?? "", name.length + 2);
    });
    expect(new Set(summaries).size).toBe(1);
  });
});

describe("sigedge", () => {
  it("names every command in its overview", async () => {
    expect(await main(["--help"])).toBe(0);
    for (const { name, summary } of await loadCommands())
      expect(out).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
  });

  it("prints the page of a command with help, as with --help", async () => {
    expect(await main(["help", "audit"])).toBe(0);
    const page = out;
    out = "";
    expect(await main(["audit", "--help"])).toBe(0);
    expect(out).toBe(page);
  });

  it("prints its version", async () => {
    expect(await main(["--version"])).toBe(0);
    expect(out).toMatch(/^sigedge \d+\.\d+\.\d+\n$/);
  });

  it.each<[readonly string[], string]>([
    [["rotat"], "there is no command rotat; did you mean rotate?"],
    [["statsu"], "there is no command statsu; did you mean status?"],
    [["help", "deplyo"], "there is no command deplyo; did you mean deploy?"],
    [["frobnicate"], "there is no command frobnicate; see sigedge --help"],
    [["constructor"], "there is no command constructor; see sigedge --help"],
    [[], "a command is missing"],
  ])("%j: says what is wrong, exit code 2", async (args, line) => {
    expect(await main(args)).toBe(2);
    expect([out, error.split("\n")[0]]).toEqual(["", `sigedge: ${line}`]);
  });
});

describe("every command", () => {
  it("has two examples, its exit codes, and complete sentences", async () => {
    for (const page of await loadCommands()) {
      expect(page.examples.length, page.name).toBeGreaterThanOrEqual(2);
      expect(Object.keys(page.exitCodes).length, page.name).toBeGreaterThanOrEqual(2);
      expect(page.summary).toMatch(/^[a-z].*[^.]$/);
      for (const line of page.usage) expect(line.split(" ")[0]).toBe(page.name);
      const sentences = [
        ...page.description,
        ...Object.values(page.exitCodes),
        ...Object.values(page.flags).map(({ description }) => description),
      ];
      for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z-].*\.$/);
    }
  });
});
