// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { readTrustHealth } from "./health.ts";

const URL_TEXT = "https://sigstore.example.com";
const EXPIRY = { what: "tuf_root", expires: "2027-01-01T00:00:00Z", secondsLeft: -5 };
const read = (body: unknown, status = 200): Promise<unknown> =>
  readTrustHealth(URL_TEXT, () => Response.json(body, { status }));

test("asks the trust service under its own path", async () => {
  const asked: string[] = [];
  await readTrustHealth(URL_TEXT, ({ url }) => {
    asked.push(url);
    return Response.json({ problems: [], expiries: [] });
  });
  expect(asked).toEqual([`${URL_TEXT}/trust/health`]);
});

test.each([
  ["nothing to report", { problems: [], expiries: [] }],
  ["problems and expiries", { problems: ["a", "b"], expiries: [EXPIRY] }],
])("accepts %s", async (_what, health) => {
  expect(await read(health)).toEqual(health);
});

test.each<[string, unknown]>([
  ["null", null],
  ["a list", []],
  ["an object without members", {}],
  ["no expiries", { problems: [] }],
  ["a problem that is not a string", { problems: [1], expiries: [] }],
  ["problems that are not a list", { problems: "a", expiries: [] }],
  ["an expiry without a time", { problems: [], expiries: [{ ...EXPIRY, expires: undefined }] }],
  ["an expiry with a text for the seconds", { problems: [], expiries: [{ ...EXPIRY, secondsLeft: "5" }] }],
  ["an expiry that is null", { problems: [], expiries: [null] }],
])("rejects %s", async (_what, body) => {
  await expect(read(body)).rejects.toThrow("the trust service answers with something other than its health");
});

test("rejects an error response with its status and message", async () => {
  await expect(read({ message: "not configured" }, 503)).rejects.toThrow("503: not configured");
  await expect(read("x", 500)).rejects.toThrow("500: no reason");
});
