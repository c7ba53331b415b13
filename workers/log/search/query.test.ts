// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosignerKey, termKey } from "../../../shared/search/terms.ts";
import type { SearchQuery } from "./conjunction.ts";
import { formatCursor } from "./cursor.ts";
import { parseSearchQuery } from "./query.ts";

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

const NONE = { digests: [], predicateTypes: [], marks: [], signer: [] };
const ofDigest = (digest: string): object => ({ alternatives: [{ ...NONE, digests: [termKey("digest", digest)] }] });
interface Asked {
  readonly alternatives: readonly object[];
}
const ofSigner = (...signer: readonly (readonly object[])[]): Asked => ({ alternatives: [{ ...NONE, signer }] });
const exact = (attribute: string, value: string): object => ({ attribute, value, isPrefix: false });
const prefix = (attribute: string, value: string): object => ({ attribute, value, isPrefix: true });
const names = (address: string): readonly object[] =>
  [`email:${address}`, `uri:${address}`, `username:${address}`].map((value) => exact("name", value));

/** The same question of a signer after an entry's first one. */
const orCosigner = (asked: Asked, ...digests: readonly string[]): object => ({
  alternatives: [...asked.alternatives, { ...NONE, digests }],
});

describe("parseSearchQuery accepts", () => {
  test.each([
    [`digest=SHA256:${HEX.toUpperCase()}`, ofDigest(`sha256:${HEX}`)],
    [`digest=sha384:${"0".repeat(96)}`, ofDigest(`sha384:${"0".repeat(96)}`)],
    [`digest=${HEX}`, ofDigest(`sha256:${HEX}`)],
    [
      "email=Alice%40Example.COM",
      orCosigner(ofSigner([exact("name", "email:alice@example.com")]), cosignerKey("name", "alice@example.com")),
    ],
    ["email=a+b@c", orCosigner(ofSigner([exact("name", "email:a+b@c")]), cosignerKey("name", "a+b@c"))],
    ["identity=a@b", orCosigner(ofSigner(names("a@b")), cosignerKey("name", "a@b"))],
    [
      "issuer=https://i.test/&identity=a@b",
      orCosigner(
        ofSigner(names("a@b"), [exact("issuer", "https://i.test")]),
        cosignerKey("name", "a@b"),
        cosignerKey("issuer", "https://i.test"),
      ),
    ],
    [
      `publicKey=sha256:${HEX}`,
      orCosigner(
        { alternatives: [{ ...NONE, marks: [{ name: "publicKey", key: termKey("publicKey", HEX) }] }] },
        cosignerKey("publicKey", termKey("publicKey", HEX)),
      ),
    ],
    ["repository=O/r", ofSigner([exact("repository", "https://github.com/o/r/")])],
    ["repository=https://gitlab.com/g/s/p.git", ofSigner([exact("repository", "https://gitlab.com/g/s/p/")])],
    ["owner=@octo-org", ofSigner([prefix("repository", "https://github.com/octo-org/")])],
    ["ref=refs/tags/", ofSigner([prefix("ref", "refs/tags/")])],
    ["runner=Self-Hosted", ofSigner([exact("runner", "self-hosted")])],
    ["visibility=public", ofSigner([exact("visibility", "public")])],
    ["ref=main", ofSigner(["refs/heads/main", "refs/tags/main", "main"].map((ref) => exact("ref", ref)))],
    ["repositoryId=74&ownerId=65", ofSigner([exact("repositoryId", "74")], [exact("ownerId", "65")])],
    [
      "workflow=https://github.com/o/r/.github/workflows/w.yml@refs/heads/main",
      ofSigner([exact("workflow", "https://github.com/o/r/.github/workflows/w.yml")]),
    ],
    [
      "under=https://github.com/Octo/",
      ofSigner([prefix("repository", "https://github.com/octo/"), prefix("name", "uri:https://github.com/Octo/")]),
    ],
    [
      `publicKey=sha256:${HEX}&leaf=${"0".repeat(16)}${HEX}`,
      {
        alternatives: [
          {
            ...NONE,
            marks: [
              { name: "publicKey", key: termKey("publicKey", HEX) },
              { name: "leaf", key: termKey("leaf", HEX) },
            ],
          },
        ],
      },
    ],
    [
      "run=https://github.com/o/r/actions/runs/7/attempts/2",
      {
        alternatives: [
          { ...NONE, marks: [{ name: "run", key: termKey("run", "https://github.com/o/r/actions/runs/7") }] },
        ],
      },
    ],
    ["log=signature&limit=1", { alternatives: [NONE], logs: ["signature"], limit: 1 }],
    ["kind=attestation&limit=64", { alternatives: [NONE], kind: "attestation", limit: 64 }],
    ["since=2026-01-31", { alternatives: [NONE], since: Date.UTC(2026, 0, 31) }],
    ["until=2026-01-31", { alternatives: [NONE], until: Date.UTC(2026, 1, 1) - 1 }],
    ["until=2026-01-31T00:00:00.5+01:00", { alternatives: [NONE], until: Date.UTC(2026, 0, 30, 23) + 500 }],
    ["log=sig-2027&format=csv", { alternatives: [NONE], logs: ["sig-2027"] }],
  ])("%s", (query, expected) => {
    const others = { kind: null, since: null, until: null, logs: ALL, limit: 20, bounds: null };
    expect(accepted(query)).toStrictEqual({ ...others, ...expected });
  });

  test("two readings of a digest and of a commit, as alternatives", () => {
    const commit = "1a".repeat(20);
    const { alternatives } = accepted(`commit=${commit}&digest=${commit}`);
    const [build, signed] = [
      { digests: 1, marks: 1 },
      { digests: 2, marks: 0 },
    ];
    expect(alternatives.map(({ digests, marks }) => ({ digests: digests.length, marks: marks.length }))).toEqual([
      build,
      signed,
      build,
      signed,
    ]);
  });
});

describe("parseSearchQuery rejects", () => {
  test.each([
    ["", "term"],
    ["limit=3", "term"],
    ["format=csv", "term"],
    ["kind=entry", "kind"],
    ["since=2026", "since"],
    ["since=2026-01-31T00:00", "since"],
    ["until=yesterday", "until"],
    ["repository=o", "repository"],
    ["repository=o/*", "repository"],
    ["owner=o/r", "owner"],
    ["workflow=w.yml", "workflow"],
    ["repositoryId=", "repositoryId"],
    ["ownerId=a%20b", "ownerId"],
    ["ref=refs/heads/*", "ref"],
    ["ref=refs/", "ref"],
    ["ref=v1/", "ref"],
    ["runner=a machine", "runner"],
    ["visibility=", "visibility"],
    ["under=https://github.com", "under"],
    ["under=https://*/", "under"],
    ["commit=1a2b3c4", "commit"],
    ["run=77", "run"],
    ["predicateType=", "predicateType"],
    ["certificate=00", "certificate"],
    ["signature=AAAA", "signature"],
    ["leaf=00", "leaf"],
    ["email=a@b&email=a@b", "repeated"],
    ["email=a@b&limit=1&limit=1", "repeated"],
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
    ["another version", `email=a@b&cursor=Aw${cursor.slice(2)}`],
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
