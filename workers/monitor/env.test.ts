// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { problemsOf } from "../../shared/http/settings-check.ts";
import { BINDINGS } from "./declaration.ts";
import { type MonitorEnv, readConfig } from "./env.ts";

const MAIL_FROM = "watch@sign.example.com";
const MAIL_URL = "https://api.mail.example.com/";

/** The environment of a Worker with all bindings but these. */
function makeEnv(settings: Readonly<Record<string, string>>, without: readonly string[] = []): MonitorEnv {
  const bound = Object.keys(BINDINGS).filter((name) => !without.includes(name));
  return {
    PUBLIC_URL: "https://sign.example.com",
    ...settings,
    ...Object.fromEntries(bound.map((name) => [name, {}])),
  };
}

it.each([
  ["no mail", {}, ["MAIL"], []],
  ["Cloudflare's mail service", { MAIL_FROM }, [], []],
  ["a mail API", { MAIL_FROM, MAIL_URL }, ["MAIL"], []],
  ["a mail API without a sender", { MAIL_URL }, [], ["MAIL_FROM is missing: MAIL_URL needs a sender"]],
  [
    "a sender and nothing that sends",
    { MAIL_FROM },
    ["MAIL"],
    ["MAIL_FROM needs a mail API (MAIL_URL), or Cloudflare's mail service as the binding MAIL"],
  ],
  [
    "a team that is told by mail, and no mail",
    { WATCHES: JSON.stringify([{ id: "alice", name: "alice@example.com", tell: { mail: "alice@example.com" } }]) },
    [],
    ["WATCHES, in row alice, tells by mail, and MAIL_FROM is missing"],
  ],
  ["no storage", {}, ["MONITOR"], ["MONITOR is missing: wrangler.toml must bind it"]],
] as const)("a Worker with %s", (_, settings, without, problems) =>
  expect(problemsOf(readConfig(makeEnv(settings, without)))).toEqual(problems),
);
