// SPDX-License-Identifier: Apache-2.0

import { afterEach, expect, it, vi } from "vitest";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { adviceForOthers } from "../doctor/advice.ts";
import { runChecks } from "../doctor/finding.ts";
import { publicChecks } from "../doctor/public-checks.ts";
import { openSite } from "../doctor/site.ts";
import { STATUS } from "./command.ts";
import { parsePlainJson, removeControls, toLine } from "./plain-text.ts";

const URL_TEXT = "https://sign.example.com";
/** Clears the screen, sets the title, hides text, goes to the start of the line. */
const HOSTILE = "a\u001b[2Jb\u001b]0;title\u0007c\u009b8md\u202ee\u0000f\u007fg";
const CONTROL = /(?!\n)[\p{Cc}\p{Bidi_Control}]/u;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it("keeps lines, and removes what a terminal would obey", () => {
  expect(removeControls(`${HOSTILE}\nnext é ✓`)).toBe("a[2Jb]0;titlec8mdefg\nnext é ✓");
  expect(toLine("one\r\ntwo\tthree")).toBe("one two three");
  expect(parsePlainJson('{"a":["\\u001b[2J\\n"]}')).toEqual({ a: ["[2J\n"] });
});

it.each([
  ["JSON", JSON.stringify({ status: HOSTILE, problems: [HOSTILE, "x\n✓ everything is fine"], expiries: [] })],
  ["text", HOSTILE],
])("nothing of a hostile server reaches the terminal: %s", async (_, body) => {
  vi.stubEnv("NO_COLOR", "1");
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(body, { status: 503, headers: { "content-type": "x\u0090" } })),
  );
  let printed = "";
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  }
  await STATUS.execute([URL_TEXT]);
  expect(printed).not.toMatch(CONTROL);
  expect(printed).not.toMatch(/^✓/m);
  const publicUrl = valueOf(parsePublicUrl(URL_TEXT));
  for await (const { outcome } of runChecks(publicChecks(openSite(publicUrl, adviceForOthers(publicUrl)))))
    expect(JSON.stringify(outcome)).not.toMatch(CONTROL);
});
