// SPDX-License-Identifier: Apache-2.0
// Files of a deployment's folder that are damaged, missing or of something else: the error names the file and says what
// to do.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readPending } from "../rotate/replacing.ts";
import { readJsonFile } from "./json-file.ts";
import { readRetiredKeys } from "./retired-keys.ts";

const folder = mkdtempSync(join(tmpdir(), "sigedge-json-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
};

describe("readJsonFile", () => {
  it("reads an object", () => {
    expect(readJsonFile(write("good.json", '{"a":1}'))).toEqual({ ok: true, value: { a: 1 } });
  });

  it("is null without the file", () => {
    expect(readJsonFile(join(folder, "missing.json"))).toEqual({ ok: true, value: null });
  });

  it.each(["", "{", "[]", "null", '"text"', '{"a":1,"a":2}'])("rejects %j", (text) => {
    const file = write("bad.json", text);
    expect(readJsonFile(file)).toEqual({ ok: false, error: `${file} is not a JSON object; restore it from a backup` });
  });

  it("says why a file cannot be read", () => {
    expect(readJsonFile(folder)).toEqual({ ok: false, error: `cannot read ${folder} (EISDIR)` });
  });
});

describe("next/ca/rotation.json", () => {
  it("says which rotation began, and when", () => {
    write("next/ca/rotation.json", '{"rotation":"ca","at":"2027-01-01T00:00:00Z"}');
    expect(readPending(folder, "ca")).toEqual({ ok: true, value: { rotation: "ca", at: Date.UTC(2027, 0, 1) } });
  });

  it.each(["{", "{}", '{"rotation":1,"at":"2027-01-01T00:00:00Z"}', '{"rotation":"ca","at":"later"}'])(
    "is damaged as %s",
    (text) => {
      const file = write("next/ca/rotation.json", text);
      const read = readPending(folder, "ca");
      expect(read.ok ? "" : read.error).toMatch(/restore it from a backup$/);
      expect(read.ok ? "" : read.error).toContain(file);
    },
  );
});

describe("retired-keys.json", () => {
  const row = { sha256: "ab".repeat(32), retired: "2027-01-01T00:00:00Z" };

  it.each([[[row]], [[{ ...row, compromised: true, what: "ca" }]], [[]]])("%j is read as it is", (rows) => {
    write("retired-keys.json", JSON.stringify(rows));
    expect(readRetiredKeys(folder)).toEqual({ ok: true, value: rows });
  });

  it.each(["{}", "[1]", JSON.stringify([row, row]), JSON.stringify([{ ...row, what: 1 }])])("rejects %s", (text) => {
    const file = write("retired-keys.json", text);
    const read = readRetiredKeys(folder);
    expect(read.ok ? "" : read.error).toContain(`${file} `);
  });
});
