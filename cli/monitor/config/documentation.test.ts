// SPDX-License-Identifier: Apache-2.0
// Every example of the documentation loads, and its tables name every member.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FIELDS } from "../../../shared/monitor/selectors/fields.ts";
import { valueOf } from "../../../test/support/value-of.ts";
import { ROOT } from "../../root.ts";
import { LIMITS, MEMBERS } from "./own-form.ts";
import { readMonitorConfig } from "./read.ts";

const PAGE = readFileSync(join(ROOT, "docs/monitoring-configuration.md"), "utf8");
const EXAMPLES = [...PAGE.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = ""]) => text);

/** A value for every variable that an example names. */
const ENVIRONMENT = Object.fromEntries(
  EXAMPLES.flatMap((text) => [...text.matchAll(/env:([A-Z_]+)/g)]).map(([, name = ""]) => [
    name,
    name === "HOOK_SECRET" ? `whsec_${Buffer.alloc(32).toString("base64")}` : "https://receiver.example/x",
  ]),
);

describe("docs/monitoring-configuration.md", () => {
  test.each(EXAMPLES.map((text, i) => [i, text] as const))("example %i loads without a warning", (_, text) => {
    expect(valueOf(readMonitorConfig(text, ENVIRONMENT)).warnings).toEqual([]);
  });

  test("has an example of every part", () => {
    const configs = EXAMPLES.map((text) => valueOf(readMonitorConfig(text, ENVIRONMENT)));
    const kinds = new Set(configs.flatMap(({ channels }) => channels.map(({ target }) => target.kind)));
    expect([...kinds].toSorted()).toEqual(
      ["command", "github-issue", "mail", "mailgun", "sendgrid", "slack", "webhook"].toSorted(),
    );
    expect(configs.filter(({ rekorMonitor }) => rekorMonitor !== null)).toHaveLength(1);
  });

  test("names every condition, every member and every limit", () => {
    for (const name of [...Object.keys(FIELDS), ...MEMBERS, ...LIMITS]) expect(PAGE).toContain(`\`${name}\``);
  });
});
