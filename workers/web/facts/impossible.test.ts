// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { explainNothing } from "./impossible.ts";

const HEX = "ab".repeat(32);
const GITHUB_ACTIONS = "https://token.actions.githubusercontent.com";
const WORKFLOW = "https://github.com/o/r/.github/workflows/w.yml";

it.each([
  [{ email: "a@b.example", issuer: GITHUB_ACTIONS }, /never for an e-mail address/],
  [{ identity: "a@b.example", issuer: `${GITHUB_ACTIONS}/enterprise` }, /never for an e-mail address/],
  [{ identity: "a@b.example", repository: "o/r" }, /names a person or a build/],
  [{ email: "a@b.example", runner: "self-hosted" }, /names a person or a build/],
  [{ identity: WORKFLOW }, /ends in @ and a ref/],
  [{ digest: HEX.slice(0, 40) }, /as long as a SHA-1/],
  [{ digest: `sha1:${HEX.slice(0, 40)}` }, /as long as a SHA-1/],
  [{ digest: HEX, kind: "certificate" }, /Remove the kind/],
  [{ email: "1+a@users.noreply.github.com" }, /in commits, and in no certificate/],
])("a search for %j finds nothing, and is told why", (query, text) => {
  expect(explainNothing(query)).toEqual([expect.stringMatching(text)]);
});

it.each([
  { email: "a@b.example", issuer: "https://accounts.google.com" },
  { identity: `${WORKFLOW}@refs/heads/main`, issuer: GITHUB_ACTIONS },
  { repository: "o/r", runner: "self-hosted" },
  { digest: HEX },
  { digest: `gitCommit:${HEX.slice(0, 40)}` },
  { kind: "certificate", email: "a@b.example" },
])("a search for %j may find something", (query) => {
  expect(explainNothing(query)).toEqual([]);
});
