// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { findWords } from "./words.ts";

/** A row as it would be written: a dot within a word keeps the row out of a search for that word. */
const asWritten = (row: string): string => row.replaceAll("·", "");

describe("words to avoid", () => {
  it.each([
    ["docs/log.md", "Each ro·om has its own secrets."],
    ["workers/x.ts", "const ROO·M_NAME = 1;"],
    ["docs/log.md", "An ed·ge worker answers."],
    ["docs/log.md", "What is pas·sing comes first."],
    ["docs/log.md", "It must be as·ked again."],
    ["docs/log.md", "The keys of its issuer cannot be h·ad now."],
    ["docs/log.md", "It is to·ld of a new head."],
    ["docs/log.md", "An unknown member is re·ad over."],
    ["docs/log.md", "The entry stands th·ere."],
    ["docs/log.md", "as a stranger's is the de·arer of the two"],
    ["test/x.ts", "const PATI·ENCE_MS = 1000;"],
    ["docs/log.md", "The module is bro·ught by the package."],
    ["docs/trust.md", "The JWK Set ends to li·st the key."],
    ["docs/trust.md", "They belong in·to the policy."],
    ["docs/sign-in.md", "The slug stands in add·resses."],
    ["docs/deploy.md", "First it looks into the acc·ount."],
    ["docs/trust.md", "It verifies for ev·er, by its timestamp."],
    ["docs/audit.md", "A log that was made an·ew is a fork."],
    ["docs/trust.md", "the certificates that were made s·o"],
    ["docs/search.md", "The behavi·our of a log in grey col·ours"],
    ["shared/x.ts", "/** O·f a certificate's names; those of our CA. */"],
    ["shared/x.ts", "  // Wh·at the log knows of it."],
    ["shared/x.ts", "/** Wh·at people read. */"],
    ["shared/x.ts", " * Wh·at a round writes: one row per entry,"],
    ["shared/x.ts", "  /^[a-z]+:$/, // Wh·at is relative"],
    ["web/style/x.css", "/* Wh·at all pages share. */"],
    ["wrangler.toml", "# Wh·at the pages load."],
    ["migrations/x.sql", "-- Wh·at an entry has in many."],
    ["test/vectors/x/make.go", "\t\t// O·f the partial tiles only the last."],
    ["cli/x.ts", '  log: { description: "O·f the logs, watch only this one." },'],
    ["docs/x.md", "| `--log` | O·f the logs, watch only this one. |"],
    ["docs/log.md", "<!-- Wh·at was tried. -->"],
    ["docs/log.md", "# Wh·at would this command print?"],
    ["README.md", "DES·IGN.md says why."],
    ["README.md", "It follows STY·LE.md."],
  ])("%s: %s", (path, line) => expect(findWords(path, asWritten(line))).not.toEqual([]));

  it.each([
    ["docs/log.md", "A service reads its environment."],
    ["docs/trust.md", "It verifies forever, and for every client."],
    ["docs/log.md", "It is tested end to end, and a request ends in an error."],
    ["docs/log.md", "A head that is made so that nobody can fork it."],
    ["docs/log.md", "It stands in for a provider."],
    ["tools/x.ts", "/** Encoded anew on each call. */"],
    ["docs/log.md", "## What it costs"],
    ["shared/x.ts", "/** Says what an operator must do. */"],
    ["LICENSE-note.md", "the Apache License"],
  ])("but not: %s: %s", (path, line) => expect(findWords(path, line)).toEqual([]));
});
