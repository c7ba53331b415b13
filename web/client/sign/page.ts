// SPDX-License-Identifier: Apache-2.0
// The page on which people sign: choose files, sign in, confirm what becomes public, sign, download. Nothing is sent
// before the person has confirmed, but the sign-in itself.

import { err, type Result } from "../../../shared/result.ts";
import { element, find } from "../verify/dom.ts";
import { startHasher } from "../verify/hashing.ts";
import { FileList } from "./files.ts";
import { Flow } from "./flow.ts";
import { field, followKind, readKind } from "./kind.ts";
import { type Deployment, readDeployment } from "./services/deployment.ts";
import { MAX_PLAIN_BYTES, type Subject } from "./services/signing.ts";

const problem = find("problem");
const tell = (text: string): void => {
  problem.textContent = text;
  problem.hidden = text === "";
};
const list = new FileList(find("chosen"), startHasher(), tell);
const flow = new Flow({ choose: find("choose"), stage: find("stage"), tell });

followKind();
takeFiles();
find("no-script").hidden = true;
void open();

async function open(): Promise<void> {
  const deployment: Result<Deployment, string> = window.isSecureContext
    ? await readDeployment(location.origin)
    : err("This page can sign over https only.");
  if (!deployment.ok) {
    const unable = find("unable");
    unable.prepend(element("p", {}, element("b", {}, deployment.error)));
    unable.hidden = false;
    return;
  }
  find("form").hidden = false;
  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    start(deployment.value);
  });
}

/** The window of the sign-in has to open while the click counts, so everything slow comes after it. */
function start(deployment: Deployment): void {
  tell("");
  const { files } = list;
  if (files.length === 0) return refuse("Choose the files to sign.", "files");
  const isPlain = field("kind").value === "plain";
  const large = files.find(({ file }) => isPlain && file.size > MAX_PLAIN_BYTES);
  if (large !== undefined) {
    return refuse(
      `${large.file.name} is larger than 1 GiB, and a browser signs only what fits into memory. Choose “A signature of the digest”, or use npx sigedge sign.`,
      "kind",
    );
  }
  const kind = field("kind").value;
  if (kind === "plain") return flow.begin(deployment, () => readSubjects(null));
  void startStatements(deployment);
}

async function startStatements(deployment: Deployment): Promise<void> {
  const predicate = await readKind();
  if (!predicate.ok) return refuse(predicate.error.text, predicate.error.field);
  flow.begin(deployment, () => readSubjects(predicate.value));
}

function refuse(text: string, id: string): void {
  tell(text);
  find(id).focus();
}

/** Waits until every file has been read. */
async function readSubjects(predicate: Subject["predicate"]): Promise<Result<readonly Subject[], string>> {
  await list.waitForDigests();
  const subjects = list.files.flatMap(({ file, sha256 }) => (sha256 === null ? [] : [{ file, sha256, predicate }]));
  const unread = list.files.find(({ sha256 }) => sha256 === null);
  return unread === undefined
    ? { ok: true, value: subjects }
    : err(`${unread.file.name} cannot be read. Remove it from the list, or choose it again.`);
}

function takeFiles(): void {
  const input = field("files");
  const drop = find("drop");
  input.addEventListener("change", () => {
    list.add([...(input.files ?? [])]);
    // So that a file that was removed can be chosen again.
    input.value = "";
  });
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    list.add([...(event.dataTransfer?.files ?? [])]);
  });
}
