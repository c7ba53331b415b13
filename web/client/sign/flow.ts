// SPDX-License-Identifier: Apache-2.0
// From the sign-in to the bundles. The screens after the form are one step of the browser's history: Back leads to the
// form, with the files still chosen, and Forward to the results. Token and key are variables of one run.

import type { SignedIn } from "../../../shared/oauth/client/token.ts";
import type { Result } from "../../../shared/result.ts";
import { element } from "../verify/dom.ts";
import { showConfirm } from "./screens/confirm.ts";
import { Results } from "./screens/results.ts";
import { showWaiting } from "./screens/waiting.ts";
import type { Deployment } from "./services/deployment.ts";
import { beginSignIn, type WaitingSignIn } from "./services/sign-in.ts";
import { type Credential, certify, type Subject, signFile } from "./services/signing.ts";

/** The parts of the page. */
export interface Places {
  /** The form. */
  readonly choose: HTMLElement;
  /** Where the screens after it go. */
  readonly stage: HTMLElement;
  /** Says what is wrong, on the form. */
  readonly tell: (text: string) => void;
}

/** Gives the files once they are hashed. The error is a sentence. */
export type ReadSubjects = () => Promise<Result<readonly Subject[], string>>;

/** A certificate that ends sooner is not used for another file. */
const MARGIN_MS = 20_000;
const STEP = "sign";
const WINDOW_FEATURES = "popup,width=560,height=760";

/** Leads a person from the form to the bundles. */
export class Flow {
  readonly #places: Places;
  /** Ends what waits for the person. */
  #cancel: (() => void) | null = null;
  #isSigning = false;
  #results: Results | null = null;

  constructor(places: Places) {
    this.#places = places;
    if (history.state === STEP) history.replaceState(null, "");
    addEventListener("popstate", ({ state }: PopStateEvent) => this.#move(state === STEP));
    addEventListener("beforeunload", (event) => {
      if (this.#isSigning || this.#results?.hasUnsaved === true) event.preventDefault();
    });
  }

  /**
   * Opens the window of a sign-in, and goes on when it has come back. Call it while a click counts.
   * @param earlier the results of a run, some of whose files are signed now
   */
  begin(deployment: Deployment, readSubjects: ReadSubjects, earlier: Results | null = null): void {
    const waiting = beginSignIn(deployment.provider, deployment.origin);
    const opened = window.open(waiting.address, "_blank", WINDOW_FEATURES);
    this.#results = earlier;
    this.#cancel = waiting.cancel;
    if (history.state !== STEP) history.pushState(STEP, "");
    this.#show(showWaiting(waiting.address, opened !== null, () => this.#returnToForm("")));
    void this.#follow(deployment, { waiting, opened, readSubjects });
  }

  async #follow(deployment: Deployment, { waiting, opened, readSubjects }: Followed): Promise<void> {
    const answer = await waiting.answer;
    this.#cancel = null;
    opened?.close();
    window.focus();
    if (answer.ok) await this.#confirm(deployment, answer.value, readSubjects);
    else if (answer.error !== null) this.#returnToForm(answer.error);
  }

  async #confirm(deployment: Deployment, signedIn: SignedIn, readSubjects: ReadSubjects): Promise<void> {
    const expiresAt = performance.now() + signedIn.lifetimeMs;
    this.#show([
      element("h1", { tabindex: "-1" }, "Reading the files"),
      element("progress", { "aria-label": "Reading" }),
    ]);
    let isOver = false;
    this.#cancel = () => (isOver = true);
    const subjects = await readSubjects();
    if (isOver) return;
    if (!subjects.ok) return this.#returnToForm(subjects.error);
    const predicate = subjects.value[0]?.predicate ?? null;
    const sign = (): void => {
      this.#cancel = null;
      if (performance.now() > expiresAt)
        return this.#returnToForm("The sign-in has expired, and nothing was signed. Sign in again.");
      void this.#sign(deployment, signedIn, { subjects: subjects.value, readSubjects });
    };
    this.#show(
      showConfirm({ signedIn, subjects: subjects.value, predicate }, { sign, cancel: () => this.#returnToForm("") }),
    );
  }

  async #sign(
    deployment: Deployment,
    signedIn: SignedIn,
    { subjects, readSubjects }: { readonly subjects: readonly Subject[]; readonly readSubjects: ReadSubjects },
  ): Promise<void> {
    const results = this.#results ?? new Results(subjects);
    this.#results = results;
    this.#isSigning = true;
    this.#show(results.nodes);
    results.tell("Asking for a certificate");
    const following = { tell: (text: string) => results.tell(`${text}.`), signal: new AbortController().signal };
    const credential = await certify(deployment, signedIn, following);
    if (!credential.ok) {
      this.#isSigning = false;
      return results.fail(credential.error, () => this.begin(deployment, readSubjects, results));
    }
    await this.#signAll(deployment, { subjects, readSubjects, results, credential: credential.value });
  }

  /** One failure does not end the others. */
  async #signAll(deployment: Deployment, run: Run): Promise<void> {
    const { subjects, results, credential } = run;
    this.#isSigning = true;
    const failed: Subject[] = [];
    for (const [i, subject] of subjects.entries()) {
      results.tell(subjects.length === 1 ? "Signing." : `Signing file ${i + 1} of ${subjects.length}.`);
      const following = { tell: (text: string) => results.tellOf(subject, text), signal: new AbortController().signal };
      const signature = await signFile(deployment, { subject, credential }, following);
      if (signature.ok) results.showSignature(subject, signature.value);
      else {
        failed.push(subject);
        results.showFailure(subject, signature.error);
      }
    }
    this.#isSigning = false;
    results.end(
      credential.issued,
      failed.length === 0 ? null : () => this.#tryAgain(deployment, { ...run, subjects: failed }),
    );
  }

  /** With the same certificate while it lives, otherwise with a new sign-in for the files that failed. */
  #tryAgain(deployment: Deployment, run: Run): void {
    if (performance.now() + MARGIN_MS < run.credential.endsAt) {
      void this.#signAll(deployment, run);
      return;
    }
    const failed = run.subjects;
    this.begin(deployment, () => Promise.resolve({ ok: true, value: failed }), run.results);
  }

  #show(nodes: readonly Node[]): void {
    const { choose, stage } = this.#places;
    choose.hidden = true;
    stage.replaceChildren(...nodes);
    stage.hidden = false;
    stage.querySelector<HTMLElement>("h1")?.focus();
  }

  /** To the form, as the browser's own button does. */
  #returnToForm(problem: string): void {
    this.#places.tell(problem);
    if (history.state === STEP) history.back();
    else this.#move(false);
  }

  #move(isForward: boolean): void {
    if (this.#isSigning) {
      if (!isForward) history.pushState(STEP, "");
      return;
    }
    if (isForward) {
      if (this.#results === null) history.back();
      else this.#show(this.#results.nodes);
      return;
    }
    this.#cancel?.();
    this.#cancel = null;
    const { choose, stage } = this.#places;
    stage.hidden = true;
    choose.hidden = false;
    choose.querySelector<HTMLElement>("h1")?.focus();
  }
}

interface Followed {
  readonly waiting: WaitingSignIn;
  readonly opened: Window | null;
  readonly readSubjects: ReadSubjects;
}

interface Run {
  readonly subjects: readonly Subject[];
  readonly readSubjects: ReadSubjects;
  readonly results: Results;
  readonly credential: Credential;
}
