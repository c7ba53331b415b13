// SPDX-License-Identifier: Apache-2.0
// The project's own lint rules, run by oxlint on lines that they accept and lines that they reject.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { items, member } from "../../shared/json/member.ts";

const REJECTED = {
  "no-kind-comparison": [
    `log.kind === "certificate"`,
    `"signature" !== kind`,
    `kind == "signature"`,
    `is ? "certificate" : "signature"`,
    `(() => { switch (kind) { case "signature": return 1; default: return 2; } })()`,
    `list(isCertificateLog)`,
    `{ isSignatureLog: true }`,
  ],
  "no-json-cast": [
    `JSON.parse(text) as Row`,
    `(JSON.parse(text)) as { readonly a: string }`,
    `(await response.json()) as Row`,
    `(JSON.parse(text) as Row).a`,
    `parsePlainJson(text) as Row`,
    `json.value as Row`,
    `(json.value as Row).a`,
    `row as Hit | null`,
    `rows[0] as Hit`,
    `(found[0]?.results ?? []) as Hit[]`,
    `sql.exec(query).toArray() as Hit[]`,
    `sql.exec(query)[0] as Hit`,
    `db.batch<Hit>(statements)`,
    `sql.exec<{ rows: number }>(query)`,
  ],
} as const;

const ACCEPTED = [
  `LOG_KINDS[kind].writer === "ca"`,
  `log.kind === other.kind`,
  `writableLogs(logs, "certificate", now)`,
  `is ? "certificate" : null`,
  `isCertificate(der)`,
  `decode(JSON.parse(text))`,
  `decode(await response.json())`,
  `Object.keys(rows) as readonly Row[]`,
  `parseJson(bytes)`,
  `isRow(json.value) ? json.value : null`,
  `db.batch<Row>(statements)`,
  `text(row, "log")`,
  `pattern.exec(text)`,
] as const;

/** One folder and one run for all lines: a run takes a third of a second. */
const folder = mkdtempSync(join(tmpdir(), "sigedge-lint-"));
let found: ReadonlyMap<string, readonly string[]>;

beforeAll(() => {
  const lines = [...Object.values(REJECTED).flat(), ...ACCEPTED];
  for (const [i, line] of lines.entries()) writeFileSync(join(folder, `${i}.ts`), `export const value = ${line};\n`);
  const rules = Object.fromEntries(Object.keys(REJECTED).map((rule) => [`sigedge/${rule}`, "error"]));
  const config = { jsPlugins: [join(ROOT, "tools/lint/plugin.ts")], categories: { correctness: "off" }, rules };
  writeFileSync(join(folder, ".oxlintrc.json"), JSON.stringify(config));
  const oxlint = join(ROOT, "node_modules/oxlint/bin/oxlint");
  const { stdout } = spawnSync(process.execPath, [oxlint, "--format=json", "."], { cwd: folder, encoding: "utf8" });
  const problems = items(JSON.parse(stdout), "diagnostics").map((problem) => {
    const file = String(member(problem, "filename")).replace(/^.*?(\d+)\.ts$/, "$1");
    return [lines[Number(file)] ?? file, String(member(problem, "code"))] as const;
  });
  found = new Map(lines.map((line) => [line, problems.flatMap(([at, code]) => (at === line ? [code] : []))]));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(Object.entries(REJECTED))("%s", (rule, lines) => {
  it.each(lines)("rejects %s", (line) => expect(found.get(line)).toContain(`sigedge(${rule})`));
});

describe("the rules", () => {
  it.each(ACCEPTED)("accept %s", (line) => expect(found.get(line)).toEqual([]));
});
