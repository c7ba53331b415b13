// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { err, ok } from "../result.ts";
import { joinParts, partNames, splitSetting } from "./parts.ts";
import type { SettingRows } from "./setting.ts";
import { Settings } from "./settings.ts";

const ROWS = {
  COUNT: {
    need: "required",
    parse: (text: string) => (/^\d+$/.test(text) ? ok(Number(text)) : err("must be a number")),
  },
  LONG: { need: "optional", isSplit: true },
  SHORT: { need: "optional" },
} as const satisfies SettingRows;

const problemsOf = (env: object, read: (settings: Settings<typeof ROWS>) => unknown): readonly string[] => {
  const settings = new Settings(env, ROWS);
  read(settings);
  const config = settings.finish(() => null);
  return config.ok ? [] : config.error.problems;
};

describe("a setting in parts", () => {
  it("joins the parts of any setting whose row says that it is split, in order", () => {
    const env = { LONG_3: "c", LONG: "a", LONG_2: "b", SHORT: "a", SHORT_2: "b" };
    const settings = new Settings(env, ROWS);
    expect([settings.read("LONG"), settings.read("SHORT")]).toEqual(["abc", "a"]);
  });

  it("is missing if all its parts are missing or empty", () => {
    expect(new Settings({ LONG: "", LONG_2: "" }, ROWS).read("LONG")).toBeNull();
  });

  it("is read back as it was written, in parts of at most 5000 bytes of valid UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 5000 }), (text) => {
        const parts = splitSetting("NAME", text);
        if (!parts.ok) throw new Error(parts.error);
        expect(joinParts(parts.value, "NAME")).toBe(text);
        for (const [name, part] of Object.entries(parts.value)) {
          expect(partNames("NAME")).toContain(name);
          expect(Buffer.byteLength(part)).toBeLessThanOrEqual(5000);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("Settings", () => {
  it("parses with the row's parser, and reports what is wrong under the setting's name", () => {
    const settings = new Settings({ COUNT: "3" }, ROWS);
    const count = settings.parse("COUNT");
    expect(settings.finish(() => count() + 1)).toEqual(ok(4));
    expect(problemsOf({ COUNT: "x" }, (read) => read.parse("COUNT"))).toEqual(["COUNT must be a number"]);
    expect(problemsOf({ COUNT: "" }, (read) => read.parse("COUNT"))).toEqual(["COUNT is missing"]);
  });

  it("accepts that an optional setting is missing, but not that it is wrong", () => {
    const settings = new Settings({}, ROWS);
    const count = settings.parseIfSet("COUNT");
    expect(settings.finish(() => count())).toEqual(ok(null));
    expect(problemsOf({ COUNT: "x" }, (read) => read.parseIfSet("COUNT"))).toEqual(["COUNT must be a number"]);
  });

  it("names every binding that is missing", () => {
    const rows = { TILES: { kind: "r2", bucketName: "tiles" }, OTHER: { kind: "r2", bucketName: "other" } } as const;
    expect(problemsOf({ TILES: {} }, (read) => read.readBindings(rows))).toEqual([
      "OTHER is missing: wrangler.toml must bind it",
    ]);
  });
});
