// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { prefersJson } from "./respond.ts";

it.each([
  ["application/json", true],
  ["application/json, text/html;q=0.9", true],
  ["text/html;q=0.1, application/json;q=0.2", true],
  ["APPLICATION/JSON ; Q=0.5", true],
  ["text/html, application/json", false],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false],
  ["*/*", false],
  ["application/json;q=0", false],
  ["application/json;q=x", false],
  ["", false],
])("Accept: %s prefers JSON: %s", (accept, isJson) => {
  expect(prefersJson(new Request("http://localhost/", { headers: { accept } }))).toBe(isJson);
});
