// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { readQuestion } from "./question.ts";

const HEX = "ab".repeat(32);

const read = (query: string): unknown => {
  const question = readQuestion(new URLSearchParams(query));
  return question.kind === "search" ? question.meanings[0] : question.kind;
};

it.each([
  ["", "nothing"],
  ["q=", "nothing"],
  ["kind=&log=&since=&until=", "nothing"],
  ["q=12", "entry"],
  ["logIndex=12", "entry"],
  ["q=abc1234", "unfindable"],
  ["q=alice@example.com", { what: "an e-mail address", query: { identity: "alice@example.com" } }],
  ["email=alice@example.com", { what: "an e-mail address", query: { email: "alice@example.com" } }],
  [`hash=${HEX}`, { what: "a SHA-256 digest", query: { digest: HEX } }],
  [`uuid=${HEX}`, { what: "a UUID of Rekor", query: { leaf: HEX } }],
  [`commitSha=${HEX.slice(0, 40)}`, { what: "a commit", query: { commit: HEX.slice(0, 40) } }],
  ["kind=certificate&since=2026-01-01", { what: "all entries", query: { kind: "certificate", since: "2026-01-01" } }],
  ["q=org/repo&kind=signature", { what: "a GitHub repository", query: { repository: "org/repo", kind: "signature" } }],
  [
    "email=a@b.example&and=org/repo&kind=&log=signature",
    {
      what: "an e-mail address and a GitHub repository",
      query: { email: "a@b.example", repository: "org/repo", log: "signature" },
    },
  ],
  // Two of one kind: the meaning that is left is searched.
  [
    "repository=o/r&and=alice",
    { what: "a repository and a GitHub user or organization", query: { repository: "o/r", owner: "alice" } },
  ],
  ["identity=a@b.example&and=c@d.example", "unfindable"],
  ["identity=a@b.example&and=12", "unfindable"],
  ["identity=a@b.example&and=abc1234", "unfindable"],
  [
    "kind=signature&and=a@b.example",
    { what: "an e-mail address", query: { identity: "a@b.example", kind: "signature" } },
  ],
])("?%s is understood", (query, question) => {
  expect(read(query)).toEqual(question);
});
