// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendParameters, isClientAddress, parseProgramRedirect } from "./redirect-uri.ts";

it.each([
  ["http://localhost:43117/auth/callback", true],
  ["http://localhost:8080", true],
  ["http://localhost:8080/", true],
  ["http://127.0.0.1:1/callback", true],
  ["http://[::1]:65535/Callback", true],
  ["http://localhost:1?x=y", false],
  ["http://localhost:1/auth/callback?x=y", false],
  ["http://localhost:1/auth/callback/", false],
  ["http://localhost:1/open/auth/callback", false],
  ["http://localhost:1/redirect?to=https://evil.example/auth/callback", false],
])("%s is the address of a client: %s", (uri, isOne) => expect(isClientAddress(uri)).toBe(isOne));

describe("the address of a program", () => {
  it.each([
    ["http://localhost:43117/auth/callback", "43117"],
    ["http://localhost:8080", "8080"],
    ["http://localhost", "80"],
    ["http://localhost/", "80"],
    ["http://127.0.0.1:1/callback", "1"],
    ["http://[::1]:65535/Callback?a=b", "65535"],
    ["http://localhost:1?x=y", "1"],
  ])("may be %s", (uri, port) => {
    expect(parseProgramRedirect(uri)).toEqual({ kind: "loopback", uri, port });
  });

  it("may be the out-of-band URN", () => {
    expect(parseProgramRedirect("urn:ietf:wg:oauth:2.0:oob")).toEqual({ kind: "out_of_band" });
  });

  it.each([
    "",
    "https://localhost:1/",
    "HTTP://localhost:1/",
    "http://LOCALHOST:1/",
    "http://localhost@evil.example/",
    "http://localhost:1@evil.example/",
    "http://user@localhost:1/",
    "http://localhost.evil.example/",
    "http://localhost./",
    "http://127.1/",
    "http://127.0.0.2/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://[::ffff:127.0.0.1]/",
    "http://localhost:99999/",
    "http://localhost:1/#fragment",
    "http://localhost:1\\@evil.example/",
    "http://localhost:1/\r\nset-cookie:x",
    " http://localhost:1/",
    "http://localhost:1/ä",
    "http://localhost:1/<x>",
    "//localhost:1/",
    "urn:ietf:wg:oauth:2.0:oob:auto",
    "URN:ietf:wg:oauth:2.0:oob",
    `http://localhost:1/${"x".repeat(256)}`,
  ])("is never %j", (uri) => {
    expect(parseProgramRedirect(uri)).toBeNull();
  });

  it("is on this machine for every parser, whatever is accepted", () => {
    const part = fc.oneof(
      fc.constantFrom(
        "http://",
        "localhost",
        "127.0.0.1",
        "[::1]",
        ":1",
        "@",
        "\\",
        "/",
        "?",
        "#",
        ".",
        "evil.example",
      ),
      fc.string({ maxLength: 3 }),
    );
    const text = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((rest) => `http://localhost${rest}`),
        ),
        (uri) => {
          const target = parseProgramRedirect(uri);
          if (target?.kind !== "loopback") return;
          const url = new URL(uri);
          expect(["localhost", "127.0.0.1", "[::1]"]).toContain(url.hostname);
          expect([url.protocol, url.username, url.password, url.hash]).toEqual(["http:", "", "", ""]);
          const answer = new URL(appendParameters(uri, { code: "c&d", state: null }));
          expect([answer.host, answer.pathname]).toEqual([url.host, url.pathname]);
          expect(answer.searchParams.getAll("code").at(-1)).toBe("c&d");
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["http://localhost:1", "http://localhost:1?code=x"],
    ["http://localhost:1/?a=b", "http://localhost:1/?a=b&code=x"],
  ])("keeps its spelling: %s", (uri, answer) => {
    expect(appendParameters(uri, { code: "x" })).toBe(answer);
  });
});
