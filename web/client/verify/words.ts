// SPDX-License-Identifier: Apache-2.0
// The verdict in words: a sentence, what it rests on, and what to do.

import type { Check } from "../../../shared/bundle/check.ts";
import type { Report } from "../../../shared/bundle/verify.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { type Group, groupChecks } from "./groups.ts";

/** A part of a sentence: plain, a name or phrase that stands out, or a time. */
export type Piece = string | { readonly strong: string } | { readonly time: UnixMs };

/** The verdict. */
export interface Verdict {
  readonly kind: "good" | "bad" | "open";
  /** `6 of 7 checks passed, 1 not checked`. */
  readonly count: string;
  /** For the title of the document. */
  readonly title: string;
  readonly sentence: readonly Piece[];
  /** Things to do, or things that are missing; empty for a good verdict. */
  readonly advice: readonly string[];
}

/** The subject of the words. */
export interface Judged {
  readonly report: Report;
  readonly isStatement: boolean;
  /** Whether the bundle was made of what the log has. */
  readonly isRebuilt: boolean;
}

/** Puts a report in words. */
export function describeVerdict(judged: Judged): Verdict {
  const groups = groupChecks(judged.report);
  const count = countGroups(groups);
  if (groups.some(({ outcome }) => outcome === "failed"))
    return { kind: "bad", count, title: "Do not use this file", ...describeBad(judged, groups) };
  const open = groups.filter(({ outcome }) => outcome === "not checked");
  return open.length === 0
    ? {
        kind: "good",
        count,
        title: "Verified",
        sentence: [...describeSigning(judged), ...endSentence(judged.report)],
        advice: [],
      }
    : { kind: "open", count, title: "Not decided", ...describeOpen(judged, open) };
}

function countGroups(groups: readonly Group[]): string {
  const number = (outcome: Check["outcome"]): number => groups.filter((group) => group.outcome === outcome).length;
  const [passed, failed, unchecked] = [number("passed"), number("failed"), number("not checked")];
  const all = groups.length;
  const rest = unchecked === 0 ? "" : `, ${unchecked} not checked`;
  if (failed > 0) return `${failed} of ${all} checks failed${rest}`;
  return unchecked === 0 ? `All ${all} checks passed` : `${passed} of ${all} checks passed${rest}`;
}

const nameSigner = ({ signer }: Report): string =>
  signer === null ? "the holder of the key that you gave" : signer.names.join(", ") || "somebody without a name";

function describeSigning({ report, isStatement }: Judged): readonly Piece[] {
  const subject = isStatement ? "A statement about this file" : "This file";
  const [time] = report.times;
  const when: readonly Piece[] = time === undefined ? [] : [" on ", { time }];
  return [`${subject} was signed by `, { strong: nameSigner(report) }, ...when];
}

const endSentence = ({ signer }: Report): readonly Piece[] => [signer === null ? "." : ", as you expected."];

type Words = Pick<Verdict, "sentence" | "advice">;

function describeOpen(judged: Judged, open: readonly Group[]): Words {
  const { report, isRebuilt } = judged;
  const missing = open.flatMap(({ title, checks }) =>
    checks.filter(({ outcome }) => outcome === "not checked").map(({ detail }) => `${title}: ${detail}.`),
  );
  if (open.every(({ title }) => title === "Identity") && report.signer !== null) {
    const { issuer } = report.signer;
    const vouched: readonly Piece[] = issuer === null ? [] : [", vouched for by ", { strong: issuer }];
    const question = "You named nobody to compare with, or only a part: is that whom you expect?";
    return { sentence: [...describeSigning(judged), ...vouched, `. ${question}`], advice: [] };
  }
  const passed = new Set(report.checks.filter(({ outcome }) => outcome === "passed").map(({ name }) => name));
  if (isRebuilt && passed.has("signature")) {
    const who = { strong: nameSigner(report) };
    const advice = [
      "Ask the maker of the file for its bundle, often named like the file with .sigstore.json at the end.",
    ];
    return {
      sentence: [
        "The log has a signature of this file by ",
        who,
        ". ",
        { strong: "When it was made" },
        " cannot be told.",
      ],
      advice: [...advice, ...missing],
    };
  }
  return {
    sentence: ["Nothing is wrong so far, but ", { strong: "a verdict needs more" }, "."],
    advice: missing.length === 0 ? ["Nothing could be compared."] : missing,
  };
}

/** Says what to do, by the group that failed. The first that fits is the sentence. */
function describeBad({ report }: Judged, groups: readonly Group[]): Words {
  const failed = groups.filter(({ outcome }) => outcome === "failed");
  const names = new Set(
    failed.flatMap(({ checks }) => checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name)),
  );
  if (names.has("bundle"))
    return {
      sentence: ["The signature is ", { strong: "not a bundle that can be read" }, "."],
      advice: [
        "Choose the file that the maker published beside the large one, often named like it with .sigstore.json at the end.",
        "A web page that was saved in its place looks like one: download it again.",
      ],
    };
  if (names.has("artifact") || names.has("signature"))
    return {
      sentence: ["This is ", { strong: "not the file that was signed" }, "."],
      advice: [
        "Do not run or install it.",
        "Download file and bundle again from the maker’s site. An interrupted download is the usual cause.",
        "If it fails again, tell the maker, and send the report below.",
      ],
    };
  if (failed.every(({ title }) => title === "Identity"))
    return {
      sentence: [
        "This file was signed by ",
        { strong: nameSigner(report) },
        ", ",
        { strong: "not by whom you expect" },
        ".",
      ],
      advice: ["Do not run or install it, unless you know why somebody else signed it."],
    };
  return {
    sentence: [
      { strong: "Do not rely on this signature." },
      ` ${failed.map(({ title }) => title).join(", ")}: failed.`,
    ],
    advice: [
      "Do not run or install the file on the strength of this signature.",
      "If another Sigstore service made the bundle, give that service’s trusted root.",
      "Otherwise tell the maker, and send the report below.",
    ],
  };
}
