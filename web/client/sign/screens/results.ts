// SPDX-License-Identifier: Apache-2.0
// The screen while files are signed, and after: how far each is, its bundle to download, its entry, and the commands
// that verify it.

import { identityFlags, makeCosignCommand, makeVerifyCommand, shellFile } from "../../../../shared/bundle/commands.ts";
import type { Issued } from "../../../../shared/bundle/made.ts";
import { bundleName, MEDIA_TYPE } from "../../../../shared/bundle/offer.ts";
import type { Predicate } from "../../../../shared/bundle/predicate.ts";
import { addCopyButton } from "../../copy.ts";
import { element, icon } from "../../verify/dom.ts";
import type { Signature, Subject } from "../services/signing.ts";
import { countFiles, fileTable } from "./table.ts";

/** The screen, and what changes it. */
export class Results {
  readonly nodes: readonly Node[];
  /** Whether a bundle is on this page only. */
  hasUnsaved = false;
  readonly #subjects: readonly Subject[];
  readonly #heading = element("h1", { tabindex: "-1" });
  readonly #status = element("p", { role: "status", class: "lead" });
  readonly #actions = element("p", { class: "row" });
  readonly #commands = element("section", {});
  readonly #rows: ReadonlyMap<Subject, { readonly state: HTMLElement; readonly right: HTMLElement }>;
  readonly #links: HTMLAnchorElement[] = [];

  constructor(subjects: readonly Subject[]) {
    this.#subjects = subjects;
    this.#rows = new Map(
      subjects.map((subject) => [
        subject,
        { state: element("span", { class: "q sm" }, "Waiting"), right: element("span") },
      ]),
    );
    const rows = subjects.map((subject) => {
      const { state, right } = this.#rowOf(subject);
      return { name: subject.file.name, below: state, right };
    });
    this.#heading.textContent = `Signing ${countFiles(subjects.length)}`;
    this.#commands.hidden = true;
    this.nodes = [this.#heading, this.#status, this.#actions, fileTable("Files", "Entry", rows), this.#commands];
  }

  /** Says what is being done now. */
  tell(text: string): void {
    this.#status.textContent = text;
  }

  tellOf(subject: Subject, text: string): void {
    this.#rowOf(subject).state.textContent = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
  }

  showFailure(subject: Subject, reason: string): void {
    const { state } = this.#rowOf(subject);
    state.className = "bad sm";
    state.replaceChildren(element("span", {}, icon("failed"), " "), element("bdi", {}, `Not signed: ${reason}`));
  }

  showSignature(subject: Subject, { text, logIndex }: Signature): void {
    const { state, right } = this.#rowOf(subject);
    const name = bundleName(subject.file.name);
    const href = URL.createObjectURL(new Blob([text], { type: MEDIA_TYPE }));
    const link = element("a", { href, download: name }, `Download ${name}`);
    link.addEventListener("click", () => {
      link.dataset["saved"] = "";
      this.hasUnsaved = this.#links.some((one) => one.dataset["saved"] === undefined);
    });
    this.#links.push(link);
    this.hasUnsaved = true;
    const done = element("span", { class: "ok" }, icon("passed"), " Signed, in the log and verified");
    state.className = "sm";
    state.replaceChildren(done, element("br"), link);
    right.replaceChildren(element("a", { href: `/entry/signature/${logIndex}` }, logIndex.toLocaleString("en")));
  }

  /** Says how it ended. @param again signs the files that failed; null if none did */
  end({ names, issuer }: Issued, again: (() => void) | null): void {
    const [signed, all] = [this.#links.length, this.#subjects.length];
    const who = names[0] ?? "";
    this.#heading.replaceChildren(
      signed === all ? `You signed ${countFiles(all)} as ` : `${signed} of ${countFiles(all)} signed as `,
      element("b", { class: "name" }, who),
    );
    this.tell(describeEnd(signed, all));
    this.#showActions(again);
    const first = this.#subjects.find((subject) => this.#rowOf(subject).right.childElementCount > 0);
    if (first !== undefined) this.#showCommands(first, who, issuer ?? "");
    this.#heading.focus();
  }

  /** Says that nothing could be signed, and why. */
  fail(reason: string, again: () => void): void {
    const [signed, all] = [this.#links.length, this.#subjects.length];
    this.#heading.textContent = signed === 0 ? "Nothing was signed" : `${signed} of ${countFiles(all)} signed`;
    const sentence = `${reason.slice(0, 1).toUpperCase()}${reason.slice(1)}.`;
    this.tell(`${sentence} A sign-in is good for one certificate, so trying again begins with a new one.`);
    this.#showActions(again);
    this.#heading.focus();
  }

  #showActions(again: (() => void) | null): void {
    const buttons: HTMLElement[] = [];
    if (again !== null) buttons.push(makeButton("Try again", again, "go"));
    if (this.#links.length > 0) {
      const saveAll = (): void => this.#links.forEach((link) => link.click());
      buttons.push(
        makeButton(
          this.#links.length === 1 ? "Download the bundle" : `Download ${this.#links.length} bundles`,
          saveAll,
          again === null ? "go" : "",
        ),
      );
    }
    buttons.push(element("a", { href: "/sign" }, "Sign more files"));
    this.#actions.replaceChildren(...buttons);
  }

  #showCommands({ file, predicate }: Subject, identity: string, issuer: string): void {
    const common = { file: shellFile(file.name), bundle: shellFile(bundleName(file.name)) };
    const who = identityFlags(identity, issuer);
    const cosign = { ...common, isStatement: predicate !== null, predicateType: typeOf(predicate), who };
    this.#commands.replaceChildren(
      element("h2", {}, "Tell people how to verify"),
      element("p", { class: "q" }, "With the bundle beside the file, either of these:"),
      code(makeVerifyCommand({ file: common.file, identity, issuer }, location.origin), "sigedge command"),
      code(makeCosignCommand(cosign, location.origin), "cosign command"),
    );
    this.#commands.hidden = false;
    for (const place of this.#commands.querySelectorAll<HTMLElement>(".code")) addCopyButton(place);
  }

  #rowOf(subject: Subject): { readonly state: HTMLElement; readonly right: HTMLElement } {
    const row = this.#rows.get(subject);
    if (row === undefined) throw new TypeError("the file is not of this screen");
    return row;
  }
}

function describeEnd(signed: number, all: number): string {
  if (signed === all) return "Publish each bundle beside its file. Whoever has both can verify them.";
  const rest = signed === 0 ? "No file was signed." : "Download the bundles of the files that were signed.";
  return `${rest} Your address and its certificate are public already. Try again goes on where it stopped, with the same certificate while it lives.`;
}

const typeOf = (predicate: Predicate | null): string | null => predicate?.type ?? null;

const code = (text: string, name: string): HTMLElement =>
  element("div", { class: "code", "data-copy": name }, element("pre", {}, element("code", {}, text)));

function makeButton(text: string, act: () => void, kind: string): HTMLElement {
  const button = element("button", { type: "button", class: kind }, text);
  button.addEventListener("click", act);
  return button;
}
