// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { findWords } from "./words.ts";

describe("words to avoid", () => {
  it.each([
    ["docs/log.md", "Each room has its own secrets."],
    ["docs/log.md", "An edge worker answers."],
    ["docs/log.md", "What is passing is asked again first."],
    ["docs/log.md", "The keys of its issuer cannot be had now."],
    ["docs/log.md", "as a stranger's is the dearer of the two"],
    ["docs/trust.md", "The JWK Set ends to list the key."],
    ["docs/trust.md", "They belong into the policy."],
    ["docs/sign-in.md", "The slug stands in addresses."],
    ["docs/deploy.md", "First it looks into the account."],
    ["docs/trust.md", "It verifies for ever, by its timestamp."],
    ["docs/audit.md", "A log that was made anew is a fork."],
    ["docs/trust.md", "the certificates that were made so"],
    ["docs/search.md", "The behaviour of a log in grey colours"],
    ["shared/x.ts", "/** Of a certificate's names; those of our CA. */"],
    ["shared/x.ts", "  // What the log knows of it."],
    ["README.md", "DESIGN.md says why."],
  ])("%s: %s", (path, line) => expect(findWords(path, line)).not.toEqual([]));

  it.each([
    ["docs/log.md", "A service reads its environment."],
    ["docs/trust.md", "It verifies forever, and for every client."],
    ["docs/log.md", "It is tested end to end, and a request ends in an error."],
    ["docs/log.md", "A head that is made so that nobody can fork it."],
    ["docs/log.md", "It stands in for a provider."],
    ["tools/x.ts", "/** Encoded anew on each call. */"],
    ["docs/log.md", "# What it costs"],
    ["LICENSE-note.md", "the Apache License"],
  ])("but not: %s: %s", (path, line) => expect(findWords(path, line)).toEqual([]));
});
