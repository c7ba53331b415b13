// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import type { SearchAnswer } from "../../../shared/search/answer.ts";
import { renderBadge } from "./badge.ts";

const answerOf = (times: readonly string[], nextCursor: string | null = null): SearchAnswer =>
  ({ hits: times.map((time) => ({ time })), nextCursor }) as unknown as SearchAnswer;

const titleOf = (svg: string): string | undefined => /<title>([^<]*)<\/title>/.exec(svg)?.[1];

it.each([
  [[], null, "no entry"],
  [[], "more", "entries"],
  [["2026-11-29T11:52:00Z"], null, "1 entry, newest 29 Nov 2026"],
  [["2026-11-29T11:52:00Z", "2026-11-28T11:52:00Z"], "more", "2+ entries, newest 29 Nov 2026"],
])("a badge of %j says %s", (times, cursor, text) => {
  expect(titleOf(renderBadge("sign.example", answerOf(times, cursor)))).toBe(`sign.example: ${text}`);
});

it("repeats no text as markup", () => {
  const svg = renderBadge(`"><script>alert(1)</script>&`, answerOf([`<img src=x onerror=alert(1)>`]));
  expect(svg.match(/<[a-z]+/g)).toEqual(["<svg", "<title", "<rect", "<rect", "<text", "<text"]);
  expect(svg).not.toMatch(/\son\w+="/);
});
