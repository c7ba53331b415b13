// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { parseDecimal } from "./decimal.ts";

test.each([
  ["0", 0],
  ["7", 7],
  ["1234067", 1_234_067],
  ["9007199254740991", 9_007_199_254_740_991],
])("%s is a number", (text, number) => expect(parseDecimal(text)).toBe(number));

test.each([
  "",
  " 1",
  "1 ",
  "01",
  "00",
  "-1",
  "+1",
  "1.0",
  "1e3",
  "0x1",
  "1n",
  "one",
  "٣",
  "9007199254740992",
  "1".repeat(17),
])("%j is not a number", (text) => expect(parseDecimal(text)).toBeNull());
