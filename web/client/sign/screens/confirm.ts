// SPDX-License-Identifier: Apache-2.0
// The last screen before anything is sent: what becomes public forever, with the exact address.

import type { Predicate } from "../../../../shared/bundle/predicate.ts";
import type { SignedIn } from "../../../../shared/oauth/client/token.ts";
import { element, formatBytes } from "../../verify/dom.ts";
import { showDigest } from "../files.ts";
import { isSignature, nameOfType } from "../kind.ts";
import type { Subject } from "../services/signing.ts";
import { countFiles, fileTable } from "./table.ts";

/** The plan that the person confirms. */
export interface Plan {
  readonly signedIn: SignedIn;
  readonly subjects: readonly Subject[];
  readonly predicate: Predicate | null;
}

/** The ways on. */
export interface Ways {
  readonly sign: () => void;
  readonly cancel: () => void;
}

/** Shows the plan and asks. */
export function showConfirm({ signedIn, subjects, predicate }: Plan, ways: Ways): readonly Node[] {
  const { identity, vouchedBy } = signedIn;
  const verb = isSignature(predicate) ? "Sign" : "Attest";
  const count = countFiles(subjects.length);
  const rows = subjects.map(({ file, sha256 }) => ({
    name: file.name,
    below: showDigest(sha256),
    right: formatBytes(file.size),
  }));
  const what = predicate === null ? "The digest of each file" : "The digest of each statement";
  const go = element("button", { type: "button", class: "go", id: "confirm" }, `${verb} ${count}`);
  const cancel = element("button", { type: "button" }, "Cancel");
  go.addEventListener("click", ways.sign, { once: true });
  cancel.addEventListener("click", ways.cancel);
  return [
    element("h1", { tabindex: "-1" }, `${verb} ${count} as `, element("bdi", {}, identity), "?"),
    element("p", { class: "q" }, "Vouched for by ", element("span", { class: "m name" }, vouchedBy)),
    ...(predicate === null
      ? []
      : [element("p", {}, "Statement of the type ", element("bdi", { class: "name" }, nameOfType(predicate.type)))]),
    fileTable("Files", "Size", rows),
    element(
      "div",
      { class: "note public" },
      element("h2", {}, "What becomes public, forever"),
      element(
        "p",
        {},
        "Your address ",
        element("b", { class: "m name" }, identity),
        `, who vouched for it, the time and the digest of each ${predicate === null ? "file" : "statement"} become public forever.`,
      ),
      element(
        "div",
        { class: "two" },
        column("Goes into the log", [
          `Your address, ${identity}`,
          `That ${vouchedBy} vouched for it`,
          what,
          "The time",
        ]),
        column("Stays with you", [
          predicate === null ? "The files and their names" : "The files, their names and what you state about them",
          "The key, which nobody can read and which is gone with this page",
          "Your password, which this site never sees",
        ]),
      ),
      element("p", {}, "Nobody can take it out again, not even the people who run this site."),
    ),
    element("p", { class: "row" }, go, cancel),
  ];
}

const column = (heading: string, items: readonly string[]): HTMLElement =>
  element(
    "div",
    { class: "flow" },
    element("h3", {}, heading),
    element("ul", { class: "dots" }, ...items.map((item) => element("li", { class: "name" }, item))),
  );
