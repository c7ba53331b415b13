// SPDX-License-Identifier: Apache-2.0
// The script of /verify: reads the form, hashes the file, finds its bundle, verifies it with shared/bundle, and shows
// the result. Nothing of the file leaves the machine; its digest does only if the reader gives no bundle.

import { type ArtifactDigests, hashesOf } from "../../../shared/bundle/artifact.ts";
import { type Bundle, parseBundle } from "../../../shared/bundle/bundle.ts";
import { reportFailure } from "../../../shared/bundle/check.ts";
import { type Report, verifyBundle } from "../../../shared/bundle/verify.ts";
import type { HashAlgorithm } from "../../../shared/crypto/hash.ts";
import { parsePublicKey } from "../../../shared/crypto/public-key.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { unixMs } from "../../../shared/time.ts";
import { showLocalTimes } from "../times.ts";
import { find } from "./dom.ts";
import { chooseHandedOver, takeDrops } from "./files.ts";
import { withoutTimestamp } from "./groups.ts";
import { startHasher } from "./hashing.ts";
import { type Lookup, lookUp, readBundle } from "./lookup.ts";
import { type EntryName, type Question, readQuestion } from "./questions.ts";
import { readHere } from "./requests.ts";
import { type Hashed, putResult, showFound, showNone, showReport, type View } from "./result.ts";
import { readTrustFile, type Trust, TrustSource } from "./trust.ts";
import { followHistory, showResult, showView, startProgress } from "./views.ts";

const { url = "", root = null } = find("verify").dataset;
const form = find("questions").querySelector("form") ?? new HTMLFormElement();
const hasher = startHasher();
const trustSource = new TrustSource({ url, pinned: root, read: readHere, now: () => unixMs(Date.now()) });

/** The entry that the address names. */
const namedEntry = readEntryName(new URLSearchParams(location.search));

/** Counts the verifications, so that one that was left behind shows nothing. */
let running = 0;

/** Why there is no view to show; null if somebody stopped it. */
type Outcome = Result<View, string | null>;

function readEntryName(query: URLSearchParams): EntryName | null {
  const [log, index] = [query.get("log") ?? "signature", query.get("index")];
  return index !== null && /^\d{1,16}$/.test(index) ? { log, index } : null;
}

/** Verifies what the form has, or an entry that the reader chose of those that were found. */
async function run(chosen: EntryName | null): Promise<void> {
  const turn = ++running;
  showProblem(null);
  const question = await readQuestion(form, chosen ?? namedEntry);
  const outcome: Outcome = question.ok ? await answer(question.value).catch(toProblem) : question;
  if (turn !== running) return;
  if (!outcome.ok) {
    showView("ask");
    if (outcome.error !== null) showProblem(outcome.error);
    return;
  }
  putResult(outcome.value);
  showLocalTimes();
  showResult(outcome.value.title);
}

const toProblem = (error: unknown): Outcome =>
  err(`This could not be finished: ${error instanceof Error ? error.message : String(error)}. Nothing was verified.`);

function showProblem(text: string | null): void {
  const place = find("problem");
  place.hidden = text === null;
  place.textContent = text ?? "";
}

async function answer(question: Question): Promise<Outcome> {
  const trust = question.trustFile === null ? await trustSource.read() : await readTrustFile(question.trustFile);
  if (!trust.ok) return err(`The trusted root could not be read: ${trust.error}. Nothing was verified.`);
  if (question.bundle !== null) {
    const bytes = new Uint8Array(await question.bundle.arrayBuffer());
    return await verify(question, trust.value, { bytes, name: question.bundle.name, entry: null });
  }
  return question.entry === null
    ? await search(question, trust.value)
    : await check(question.entry, question, trust.value);
}

/** Verifies with what the log has of an entry. */
async function check(entry: EntryName, question: Question, trust: Trust): Promise<Outcome> {
  const bytes = await readBundle(entry);
  const name = `made of entry ${entry.index} of the log`;
  return bytes === null
    ? err(
        `The log has no bundle of entry ${entry.index}: of a statement it keeps the digest alone. Choose the bundle that its maker published.`,
      )
    : await verify(question, trust, { bytes, name, entry });
}

/** The other digests are computed only if nobody signed the first. */
const SEARCHED: readonly (readonly HashAlgorithm[])[] = [["SHA-256"], ["SHA-384", "SHA-512"]];

async function search(question: Question, trust: Trust): Promise<Outcome> {
  const { file } = question;
  if (file === null) return err("Choose the file first, or its bundle.");
  if (!navigator.onLine)
    return err("You are offline, so the log cannot be searched. Choose the bundle of the file as well.");
  let lookup: Lookup = { found: [], searched: 0, hasMore: false };
  for (const algorithms of SEARCHED) {
    const hashed = await hash(file, algorithms);
    if (!hashed.ok) return hashed;
    for (const [algorithm, digest] of Object.entries(hashed.value) as [HashAlgorithm, Uint8Array][]) {
      if (lookup.found.length === 0) lookup = await lookUp(algorithm, digest);
    }
    if (lookup.found.length > 0) break;
  }
  const digests = known?.file === file ? known.digests : {};
  const [first, ...others] = lookup.found;
  if (first === undefined) return ok(showNone({ file, digests }, lookup.searched));
  const isClear = others.length === 0 && !first.isStatement;
  return isClear ? await check(first, question, trust) : ok(showFound({ file, digests }, lookup));
}

interface GivenBundle {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly entry: EntryName | null;
}

async function verify(question: Question, trust: Trust, given: GivenBundle): Promise<Outcome> {
  const bundle = parseBundle(given.bytes);
  const common = { bundleName: given.name, entry: given.entry, trust: trust.origin };
  if (!bundle.ok) {
    const report = toBadReport(`the bundle ${bundle.error.reason}`);
    return ok(showReport({ ...common, report, hashed: null, isStatement: false }));
  }
  const { file, signer, witnesses } = question;
  const digests = file === null ? ok(null) : await hash(file, algorithmsOf(bundle.value, question));
  if (!digests.ok) return digests;
  const report = await verifyBundle(bundle.value, { root: trust.root, artifact: digests.value, signer, witnesses });
  const isStatement = bundle.value.content.kind === "envelope";
  const shown = given.entry === null ? report : withoutTimestamp(report);
  const hashed = file === null || digests.value === null ? null : { file, digests: digests.value };
  return ok(showReport({ ...common, report: shown, hashed, isStatement }));
}

const toBadReport = (detail: string): Report => ({
  verdict: "bad",
  checks: [reportFailure("bundle", detail)],
  signer: null,
  times: [],
});

function algorithmsOf(bundle: Bundle, { signer }: Question): readonly HashAlgorithm[] {
  const key = signer.kind === "key" ? parsePublicKey(signer.spki) : null;
  const needed = hashesOf(bundle, key?.ok === true ? key.value : null);
  return needed.length === 0 ? ["SHA-256"] : needed;
}

/** The digests of this file that were computed before: another try must not read 10 GB again. */
let known: Hashed | null = null;

/** The error is null if somebody stopped it. */
async function hash(file: File, algorithms: readonly HashAlgorithm[]): Promise<Result<ArtifactDigests, string | null>> {
  const before = known?.file === file ? known.digests : {};
  const missing = algorithms.filter((name) => before[name] === undefined);
  if (missing.length === 0) return ok(pick(before, algorithms));
  showView("reading");
  const hashed = await hasher.hash({ file, algorithms: missing, onProgress: startProgress(file) });
  if (!hashed.ok) return err(`The file could not be read: ${hashed.error}. Nothing was verified.`);
  if (hashed.value === null) return err(null);
  known = { file, digests: { ...before, ...hashed.value } };
  return ok(pick(known.digests, algorithms));
}

const pick = (digests: ArtifactDigests, algorithms: readonly HashAlgorithm[]): ArtifactDigests =>
  Object.fromEntries(algorithms.flatMap((name) => (digests[name] === undefined ? [] : [[name, digests[name]]])));

/** Begins anew, with an empty form. */
function begin(): void {
  form.reset();
  announceComparison();
  showProblem(null);
  history.pushState("ask", "");
  showView("ask");
}

function listen(): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void run(null);
  });
  find("stop").addEventListener("click", () => hasher.stop());
  find("result").addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("button") : null;
    const { log, index, again } = button?.dataset ?? {};
    if (again !== undefined) begin();
    if (log !== undefined && index !== undefined) void run({ log, index });
  });
  takeDrops(form);
  followHistory(() => {
    running++;
    hasher.stop();
  });
}

/** Reads the trusted root before it is needed: the page works offline from then on. */
async function announceTrust(): Promise<void> {
  const trust = await trustSource.read();
  find("trust").textContent = trust.ok
    ? `Uses ${trust.value.origin}.`
    : `The trusted root could not be read: ${trust.error}. It is read again when you verify.`;
}

/** Says what the file is compared with if the reader does nothing else. */
function announceComparison(): void {
  const bundle = chooseHandedOver(form);
  const place = find("entry");
  place.hidden = bundle === null && namedEntry === null;
  if (bundle !== null)
    place.textContent = `${bundle.name}, which you dropped, is chosen. Choose the file that it signs.`;
  else if (namedEntry !== null)
    place.textContent = `Without a bundle, the file is compared with entry ${namedEntry.index} of the log ${namedEntry.log}.`;
}

find("without").hidden = true;
find("questions").hidden = false;
listen();
announceComparison();
void announceTrust();
