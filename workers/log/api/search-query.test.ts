// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatCursor, parseSearchQuery, type SearchQuery } from "./search-query.ts";

const HEX = "ab".repeat(32);
/** All logs of a deployment: the first two and a shard. */
const ALL = ["signature", "certificate", "sig-2027"];
const parse = (query: string, all = ALL): ReturnType<typeof parseSearchQuery> =>
  parseSearchQuery(new URLSearchParams(query), all);
const accepted = (query: string): SearchQuery => {
  const parsed = parse(query);
  if (!parsed.ok) throw new Error(parsed.error.parameter);
  return parsed.value;
};

describe("parseSearchQuery accepts", () => {
  test.each([
    [`digest=sha256:${HEX}`, { terms: [`digest:sha256:${HEX}`] }],
    [`digest=SHA256:${HEX.toUpperCase()}`, { terms: [`digest:sha256:${HEX}`] }],
    [`digest=sha384:${"0".repeat(96)}`, { terms: [`digest:sha384:${"0".repeat(96)}`] }],
    [`digest=sha512:${"f".repeat(128)}`, { terms: [`digest:sha512:${"f".repeat(128)}`] }],
    [`digest=sha1:${"1".repeat(40)}`, { terms: [`digest:sha1:${"1".repeat(40)}`] }],
    [`digest=gitCommit:${"2".repeat(40)}`, { terms: [`digest:gitcommit:${"2".repeat(40)}`] }],
    ["email=Alice%40Example.COM", { terms: ["email:alice@example.com"] }],
    ["email=a%2Bb@c", { terms: ["email:a+b@c"] }],
    [`digest=${HEX}`, { terms: [`digest:sha256:${HEX}`] }],
    ["email=a+b@c", { terms: ["email:a+b@c"] }],
    [
      "identity=https://github.com/O/r/w.yml@refs/heads/main",
      {
        terms: [
          "email:https://github.com/o/r/w.yml@refs/heads/main",
          "uri:https://github.com/O/r/w.yml@refs/heads/main",
          "username:https://github.com/O/r/w.yml@refs/heads/main",
        ],
      },
    ],
    ["email=a@b&issuer=https://issuer.test", { issuer: "https://issuer.test" }],
    ["issuer=https://issuer.test", { terms: [], issuer: "https://issuer.test" }],
    [`publicKey=sha256:${HEX}`, { terms: [`key:${HEX}`] }],
    [`publicKey=${HEX.toUpperCase()}`, { terms: [`key:${HEX}`] }],
    ["email=a@b&limit=1", { limit: 1 }],
    ["email=a@b&limit=64", { limit: 64 }],
    ["email=a@b&log=signature", { logs: ["signature"] }],
    ["email=a@b&log=certificate", { logs: ["certificate"] }],
    ["email=a@b&log=sig-2027", { logs: ["sig-2027"] }],
  ])("%s", (query, expected) => {
    expect(accepted(query)).toStrictEqual({
      logs: ALL,
      limit: 20,
      bounds: null,
      terms: ["email:a@b"],
      issuer: null,
      ...expected,
    });
  });
});

describe("parseSearchQuery rejects", () => {
  test.each([
    ["", "term"],
    ["limit=3", "term"],
    [`email=a@b&digest=sha256:${HEX}`, "term"],
    [`publicKey=${HEX}&digest=sha256:${HEX}`, "term"],
    ["email=a@b&email=a@b", "repeated"],
    ["email=a@b&limit=1&limit=1", "repeated"],
    ["email=a@b&since=2026", "unknown"],
    ["Email=a@b", "unknown"],
    [`digest=sha-256:${HEX}`, "digest"],
    [`digest=md5:${"0".repeat(32)}`, "digest"],
    [`digest=sha1:${HEX}`, "digest"],
    [`digest=sha256:${HEX}0`, "digest"],
    [`digest=sha256:${HEX.slice(1)}`, "digest"],
    [`digest=sha256:${"g".repeat(64)}`, "digest"],
    [`digest=%20sha256:${HEX}`, "digest"],
    [`digest=sha256:${HEX}%0A`, "digest"],
    ["digest=", "digest"],
    ["email=", "email"],
    ["email=alice", "email"],
    ["email=@b", "email"],
    ["email=a@", "email"],
    ["email=a@b@c", "email"],
    ["email=a@b%0A", "email"],
    ["email=https://a@b", "email"],
    ["email=*@example.com", "email"],
    ["identity=", "identity"],
    ["identity=*@example.com", "identity"],
    ["issuer=", "issuer"],
    ["issuer=https://*.example.com", "issuer"],
    ["email=a@b&identity=a@b", "term"],
    ["subject=a@b", "unknown"],
    [`email=${"a".repeat(253)}@b`, "email"],
    [`publicKey=${HEX.slice(2)}`, "publicKey"],
    ["email=a@b&limit=0", "limit"],
    ["email=a@b&limit=65", "limit"],
    ["email=a@b&limit=-1", "limit"],
    ["email=a@b&limit=1.0", "limit"],
    ["email=a@b&limit=%201", "limit"],
    ["email=a@b&limit=01", "limit"],
    ["email=a@b&limit=", "limit"],
    ["email=a@b&log=", "log"],
    ["email=a@b&log=rekor", "log"],
    ["email=a@b&cursor=", "cursor"],
    ["email=a@b&cursor=AAAA", "cursor"],
    ["email=a@b&cursor=%00", "cursor"],
  ])("%s", (query, parameter) => {
    expect(parse(query)).toStrictEqual({ ok: false, error: { code: "search_query_invalid", parameter } });
  });
});

describe("the cursor", () => {
  const question = accepted("email=a@b");
  const bounds = new Map([
    ["signature", 70_001],
    ["certificate", 2 ** 53 - 1],
    ["sig-2027", 0],
  ]);
  const cursor = formatCursor(question, bounds, ALL);

  test("round-trips for any bounds", () => {
    const index = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(index, index, index, (...indexes) => {
        const any = new Map(ALL.map((log, i) => [log, indexes[i] ?? 0]));
        const made = formatCursor(question, any, ALL);
        expect(made).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(accepted(`email=a@b&cursor=${made}`).bounds).toStrictEqual(any);
      }),
    );
  });

  test("is valid with any limit", () => {
    expect(accepted(`email=A@B&limit=3&cursor=${cursor}`).bounds).toStrictEqual(bounds);
  });

  test.each([
    ["another address", `email=a@c&cursor=${cursor}`],
    ["another issuer", `email=a@b&issuer=x&cursor=${cursor}`],
    ["other logs", `email=a@b&log=signature&cursor=${cursor}`],
    ["another kind of term", `publicKey=${HEX}&cursor=${cursor}`],
    ["padding", `email=a@b&cursor=${cursor}=`],
    ["a shorter one", `email=a@b&cursor=${cursor.slice(0, -1)}`],
    ["a longer one", `email=a@b&cursor=${cursor}A`],
    ["another version", `email=a@b&cursor=Ag${cursor.slice(2)}`],
  ])("is rejected with %s", (_, query) => {
    expect(parse(query)).toMatchObject({ ok: false, error: { parameter: "cursor" } });
  });

  test("is rejected once another log exists, because its bounds are for the previous list of logs", () => {
    for (const all of [[...ALL, "sig-2028"], ALL.slice(0, 2), ["certificate", "signature", "sig-2027"]]) {
      expect(parse(`email=a@b&cursor=${cursor}`, all)).toMatchObject({ ok: false, error: { parameter: "cursor" } });
    }
  });

  test("is rejected in any other spelling", () => {
    fc.assert(
      fc.property(fc.nat(cursor.length - 1), fc.constantFrom(..."AZaz09-_+/= ".split("")), (at, character) => {
        const changed = cursor.slice(0, at) + character + cursor.slice(at + 1);
        const parsed = parse(new URLSearchParams({ email: "a@b", cursor: changed }).toString());
        if (parsed.ok) expect(formatCursor(question, parsed.value.bounds ?? bounds, ALL)).toBe(changed);
      }),
    );
  });
});
