// SPDX-License-Identifier: Apache-2.0

import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { encodeDexSubject, hashSubject, parseSubjectEncoding } from "./subject.ts";

const KEY = new Uint8Array(32).fill(7);

it("is an HMAC that node:crypto computes as well, and differs for every account", async () => {
  const account = { connectorId: "https://github.com/login/oauth", userId: "42" };
  const expected = createHmac("sha256", KEY)
    .update(["https://github.com/login/oauth", "42"].join("\0"))
    .digest("base64url");
  expect(await hashSubject(KEY, account)).toBe(expected);
  const others = [
    { connectorId: "https://github.com/login/oauth4", userId: "2" },
    { connectorId: "https://github.com/login/oauth", userId: "43" },
  ];
  for (const other of others) expect(await hashSubject(KEY, other)).not.toBe(expected);
});

it("is dex's encoding where that is wanted: the example of its documentation", () => {
  // https://dexidp.io/docs/configuration/tokens/: sub of user 08a8684b-db88-4b73-90a9-3cd1661f5466 of connector local
  const subject = "CiQwOGE4Njg0Yi1kYjg4LTRiNzMtOTBhOS0zY2QxNjYxZjU0NjYSBWxvY2Fs";
  const account = { connectorId: "local", userId: "08a8684b-db88-4b73-90a9-3cd1661f5466" };
  expect(encodeDexSubject(account)).toBe(subject);
  expect(encodeDexSubject({ connectorId: "c".repeat(200), userId: "" })).toBe(
    Buffer.concat([Buffer.from([0x12, 0xc8, 0x01]), Buffer.from("c".repeat(200))]).toString("base64url"),
  );
});

it.each(["private", "dex"])("may be %s", (text) =>
  expect(parseSubjectEncoding(text)).toEqual({ ok: true, value: text }),
);
it("is nothing else", () => expect(parseSubjectEncoding("plain").ok).toBe(false));
