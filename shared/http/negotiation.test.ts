// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { choosePreferred } from "./negotiation.ts";

const TYPES = ["text/html", "application/json", "text/csv"] as const;

it.each([
  ["application/json", "application/json"],
  ["application/json, text/html;q=0.9", "application/json"],
  ["text/html;q=0.1, application/json;q=0.2", "application/json"],
  ["APPLICATION/JSON ; Q=0.5", "application/json"],
  ["text/csv, application/json;q=0.5", "text/csv"],
  ["text/csv;q=0.5, application/json;q=0.5", "application/json"],
  ["text/html, application/json", "text/html"],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"],
  ["*/*", "text/html"],
  ["application/json;q=0", "text/html"],
  ["application/json;q=x", "text/html"],
  ["", "text/html"],
])("Accept: %s prefers %s", (accept, preferred) => {
  expect(choosePreferred(new Request("http://localhost/", { headers: { accept } }), TYPES)).toBe(preferred);
});
