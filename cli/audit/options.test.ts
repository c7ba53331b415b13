// SPDX-License-Identifier: Apache-2.0

import { homedir } from "node:os";
import { describe, expect, test } from "vitest";
import type { Result } from "../../shared/result.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { parseArguments } from "../command.ts";
import { FLAGS, type Options, readOptions } from "./options.ts";
import { defaultStateFile } from "./state.ts";

function read(args: readonly string[]): Result<Options, string> {
  const parsed = parseArguments({ name: "audit", flags: FLAGS, json: "" }, args);
  return parsed.ok ? readOptions(parsed.value) : parsed;
}

describe("the command line of sigedge audit", () => {
  test("has a default for every option", () => {
    expect(valueOf(read(["https://log.example.com/"]))).toMatchObject({
      url: "https://log.example.com",
      vkeys: [],
      trustedRoot: null,
      witnesses: [],
      kind: null,
      policy: null,
      verifies: true,
      isIncremental: false,
    });
  });

  test("sets every option", () => {
    const args = ["--key", "a", "--key=b", "--witness", "w", "--ct", "--no-signatures", "--incremental", "--jobs", "0"];
    expect(valueOf(read(["http://h:1/a/b//", ...args, "--state", "/s"]))).toEqual({
      url: "http://h:1/a/b",
      vkeys: ["a", "b"],
      trustedRoot: null,
      witnesses: ["w"],
      kind: "certificate",
      policy: null,
      verifies: false,
      isIncremental: true,
      stateFile: "/s",
      jobs: 0,
    });
    const both = parseArguments({ name: "audit", flags: FLAGS, json: "" }, ["--help", "--json"]);
    expect(both).toMatchObject({ ok: true, value: { isHelp: true, isJson: true } });
  });

  test.each<[string, readonly string[], RegExp]>([
    ["no URL", [], /one http or https URL/],
    ["two URLs", ["http://a", "http://b"], /one http or https URL/],
    ["a word that is not a URL", ["log.example.com"], /one http or https URL/],
    ["a file URL", ["file:///tmp/log"], /one http or https URL/],
    ["an unknown flag", ["http://a", "--fast"], /^Unknown option '--fast'; see sigedge audit --help$/],
    ["a flag without its value", ["http://a", "--key"], /--key/],
    ["--key and --trusted-root", ["http://a", "--key", "k", "--trusted-root", "f"], /not both/],
    ["a word for --jobs", ["http://a", "--jobs", "many"], /--jobs/],
    ["too many threads", ["http://a", "--jobs", "65"], /--jobs/],
  ])("%s: says what is wrong", (_, args, line) => {
    expect(read(args)).toMatchObject({ ok: false, error: expect.stringMatching(line) as string });
  });
});

describe("the state file", () => {
  test("is one for each URL, in the user's cache folder", () => {
    const file = (url: string): string => defaultStateFile(url, "audit", { XDG_CACHE_HOME: "/cache" });
    expect(file("https://log.example.com/ct")).toMatch(
      /^\/cache\/sigedge\/audit\/log\.example\.com_ct-[0-9a-f]{8}\.json$/,
    );
    const urls = [
      "http://h/a",
      "https://h/a",
      "https://h/a_",
      "https://h/a/b",
      `https://h/${"x".repeat(300)}`,
      `https://h/${"x".repeat(301)}`,
    ];
    expect(new Set(urls.map(file)).size).toBe(urls.length);
    for (const url of urls) expect(file(url).length).toBeLessThan(160);
    expect(defaultStateFile("https://h", "audit", { XDG_CACHE_HOME: "relative" }).startsWith(homedir())).toBe(true);
  });
});
