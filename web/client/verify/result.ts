// SPDX-License-Identifier: Apache-2.0
// The views of what was found: the report of a verification, the entries of a file, or that there are none.

import type { ArtifactDigests } from "../../../shared/bundle/artifact.ts";
import type { Check } from "../../../shared/bundle/check.ts";
import { reportJson } from "../../../shared/bundle/report.ts";
import type { Report } from "../../../shared/bundle/verify.ts";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { HASHES, type HashAlgorithm } from "../../../shared/crypto/hash.ts";
import { formatRfc3339, type UnixMs } from "../../../shared/time.ts";
import { addCopyButton } from "../copy.ts";
import { type Child, element, find, formatBytes, icon, isolateText } from "./dom.ts";
import { type Group, groupChecks } from "./groups.ts";
import { type Found, hrefOf, type Lookup } from "./lookup.ts";
import type { EntryName } from "./questions.ts";
import { describeVerdict, type Piece, type Verdict } from "./words.ts";

/** A file and its digests; null if none was given. */
export interface Hashed {
  readonly file: File;
  readonly digests: ArtifactDigests;
}

/** A verification that is over. */
export interface Verified {
  readonly report: Report;
  readonly hashed: Hashed | null;
  readonly bundleName: string;
  readonly isStatement: boolean;
  /** The entry of which the bundle was made; null for a bundle that the reader gave. */
  readonly entry: EntryName | null;
  /** Whose trusted root was believed. */
  readonly trust: string;
}

/** A view, with the title of the document. */
export interface View {
  readonly title: string;
  readonly content: readonly Node[];
}

/** The report of a verification. */
export function showReport(verified: Verified): View {
  const { report, isStatement, entry, trust } = verified;
  const verdict = describeVerdict({ report, isStatement, isRebuilt: entry !== null });
  return {
    title: verdict.title,
    content: [
      element("p", {}, showCount(verdict)),
      element("h1", { class: "say", tabindex: "-1" }, ...verdict.sentence.map(showPiece)),
      ...showAdvice(verdict),
      element("dl", { class: "kv" }, ...describeFacts(verified)),
      element("h2", {}, "What was checked"),
      element("ol", { class: "steps" }, ...groupChecks(report).map(showGroup)),
      element("p", { class: "sm q" }, `Checked against ${trust}.`),
      element("p", { class: "row" }, showAgain(), showDownload(verified)),
      element(
        "p",
        { class: "sm q" },
        "A good result says who signed, and that the file has not changed since. It does not say that the file is harmless.",
      ),
    ],
  };
}

const STATES = {
  good: { icon: "passed", kind: "ok" },
  bad: { icon: "failed", kind: "bad" },
  open: { icon: "unchecked", kind: "q" },
} as const;

function showCount({ kind, count }: Verdict): Node {
  const state = STATES[kind];
  return element("span", { class: `st ${state.kind}`, id: "count" }, icon(state.icon), ` ${count}`);
}

function showPiece(piece: Piece): Child {
  if (typeof piece === "string") return piece;
  return "strong" in piece ? element("b", {}, isolateText(piece.strong)) : element("b", {}, showTime(piece.time));
}

const MONTH = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** As the pages of the Worker write it. The script of the page shows the reader's zone. */
function showTime(time: UnixMs): Node {
  const iso = formatRfc3339(time);
  const title = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  const text = `${MONTH.format(time)} at ${iso.slice(11, 16)} UTC`;
  return element("time", { datetime: iso, title, "data-form": "sentence" }, text);
}

function showAdvice({ kind, advice }: Verdict): readonly Node[] {
  if (advice.length === 0) return [];
  const heading = kind === "bad" ? "What to do" : "What is missing";
  const lines = advice.map((line) => element("li", {}, isolateText(line)));
  return [
    element(
      "div",
      { class: kind === "bad" ? "note bad" : "note" },
      element("h2", {}, heading),
      element("ul", { class: "dots" }, ...lines),
    ),
  ];
}

const field = (label: string, ...value: readonly Child[]): Node =>
  element("div", {}, element("dt", {}, label), element("dd", {}, ...value));

function describeFacts({ report, hashed, bundleName, entry }: Verified): readonly Node[] {
  const { signer } = report;
  const names = signer?.names.join(", ") ?? "";
  const issuer = signer?.issuer ?? null;
  return [
    ...describeFile(hashed),
    field("Its signature", isolateText(bundleName, { class: "name" })),
    ...(names === "" ? [] : [field("Name in the certificate", isolateText(names, { class: "m" }))]),
    ...(issuer === null ? [] : [field("Vouched for by", isolateText(issuer, { class: "m" }))]),
    ...(entry === null ? [] : [field("In the log", element("a", { href: hrefOf(entry) }, `Entry ${entry.index}`))]),
  ];
}

function describeFile(hashed: Hashed | null): readonly Node[] {
  if (hashed === null) return [field("File", "none was given")];
  const { file, digests } = hashed;
  const known = Object.entries(digests) as [HashAlgorithm, Uint8Array][];
  return [
    field("File", isolateText(file.name, { class: "m name" }), `, ${formatBytes(file.size)}`),
    ...known.map(([hash, digest]) =>
      field("This file’s digest", showDigest(`${HASHES[hash].short}:${encodeHex(digest)}`)),
    ),
  ];
}

/** The last characters always show; the style cuts the others. */
const TAIL_CHARS = 8;

function showDigest(text: string): Node {
  const cut = text.length - TAIL_CHARS;
  const parts = [element("span", {}, text.slice(0, cut)), element("span", {}, text.slice(cut))];
  const place = element(
    "div",
    { class: "has-copy", "data-copy": "digest of this file" },
    element("span", {}, element("span", { class: "d m" }, ...parts)),
  );
  addCopyButton(place);
  return place;
}

const OUTCOMES = {
  passed: { icon: "passed", kind: "ok", word: "Passed" },
  failed: { icon: "failed", kind: "bad", word: "Failed" },
  "not checked": { icon: "unchecked", kind: "q", word: "Not checked" },
} as const;

function showGroup({ title, outcome, checks }: Group): Node {
  const { icon: name, kind, word } = OUTCOMES[outcome];
  const lines =
    checks.length === 0
      ? [element("p", { class: "q" }, "Nothing was compared, because a check before this one left nothing to compare.")]
      : checks.map(showLine);
  const heading = element("h3", {}, `${title} `, element("span", { class: kind }, word));
  return element("li", {}, icon(name), element("div", {}, heading, ...lines));
}

/** A comparison. The word repeats the result of the group only where a line differs from a pass. */
function showLine({ outcome, detail }: Check): Node {
  const { kind, word } = OUTCOMES[outcome];
  // An address at the beginning stays as it is written.
  const isWord = /^[a-z]+ /.test(detail);
  const sentence = `${isWord ? detail.slice(0, 1).toUpperCase() : detail.slice(0, 1)}${detail.slice(1)}.`;
  const result = outcome === "passed" ? null : element("b", { class: kind }, `${word}: `);
  return element("p", { class: "q" }, result, isolateText(sentence));
}

const showAgain = (): Node => element("button", { type: "button", "data-again": "" }, "Verify another file");

function showDownload({ report, hashed, bundleName, trust }: Verified): Node {
  const subject = { artifact: hashed?.file.name ?? "none", bundle: bundleName, trust };
  const text = `${JSON.stringify(reportJson(report, subject), null, 2)}\n`;
  const href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  return element("a", { href, download: "verification.json" }, "Download the report");
}

const formatCount = (count: number): string => `${count.toLocaleString("en")} ${count === 1 ? "entry" : "entries"}`;

/** Nothing in the logs has the digest of the file. */
export function showNone(hashed: Hashed, searched: number): View {
  return {
    title: "No signature found",
    content: [
      element(
        "h1",
        { class: "say", tabindex: "-1" },
        "No signature of this file ",
        element("b", {}, "is in the log here"),
        ".",
      ),
      element(
        "p",
        { class: "lead" },
        `Looked through ${formatCount(searched)} for its digests. It may have been signed elsewhere, or in the last seconds.`,
      ),
      element("dl", { class: "kv" }, ...describeFile(hashed)),
      element("h2", {}, "What to do"),
      element(
        "ul",
        { class: "dots" },
        element(
          "li",
          {},
          "Choose the bundle as well. It is often named like the file with .sigstore.json at the end, on the site of the maker.",
        ),
        element(
          "li",
          {},
          "A statement about the file may be in the log under a digest of its own. Its bundle has the statement.",
        ),
        element("li", {}, "If another Sigstore service signed it, give the bundle and that service’s trusted root."),
      ),
      element("p", { class: "row" }, showAgain()),
    ],
  };
}

/** Several entries are about the file, or the log has no bundle for those that are. */
export function showFound(hashed: Hashed, { found, hasMore }: Lookup): View {
  const more = hasMore ? "at least " : "";
  const rows = found.map((one) => element("li", {}, element("div", {}, ...describeFound(one))));
  return {
    title: "Found in the log",
    content: [
      element(
        "h1",
        { class: "say", tabindex: "-1" },
        "The log has ",
        element("b", {}, `${more}${formatCount(found.length)}`),
        " about this file.",
      ),
      element("dl", { class: "kv" }, ...describeFile(hashed)),
      element("h2", {}, found.length === 1 ? "This entry" : "Which do you mean?"),
      element("ol", { class: "steps found" }, ...rows),
      element("p", { class: "row" }, showAgain()),
    ],
  };
}

function describeFound(one: Found): readonly Node[] {
  const who = element("h3", {}, isolateText(one.who, { class: "name" }));
  const place = element("a", { href: hrefOf(one) }, `Entry ${one.index}`);
  const when = `, ${one.time.slice(0, 10)} ${one.time.slice(11, 19)} UTC`;
  if (one.isStatement) {
    const note =
      ". The log keeps the digest of a statement, and not the statement: choose the bundle that the maker published.";
    return [who, element("p", { class: "q" }, "A statement about the file, ", place, when, note)];
  }
  const button = element(
    "button",
    { type: "button", "data-log": one.log, "data-index": one.index },
    `Check entry ${one.index}`,
  );
  return [who, element("p", { class: "q" }, "A signature of the file, ", place, when), element("p", {}, button)];
}

/** Puts a view in the place of results. */
export function putResult({ content }: View): HTMLElement {
  const place = find("result");
  place.replaceChildren(...content);
  return place;
}
