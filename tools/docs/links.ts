// SPDX-License-Identifier: Apache-2.0
// Checks that what the documents point to exists: relative links, their anchors, and paths of the repository in
// backticks. Links to other hosts are not fetched.

import { posix } from "node:path";
import { type Document, readDocument } from "./markdown.ts";

/** A path of this repository in backticks. `test/main.go:12` names a line in somebody else's repository. */
const REPOSITORY_PATH =
  /^(?:bench|cli|deployment|docs|local|migrations|shared|test|tools|web|workers)\/[\w.@/-]*[\w/]$/;

const EXTERNAL = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Reports each broken reference as `FILE:LINE: …`. `read` gives the text of a file; `files` are all paths of the
 * repository.
 */
export function findBrokenLinks(files: readonly string[], read: (path: string) => string): readonly string[] {
  const documents = new Map(
    files.filter((path) => path.endsWith(".md")).map((path) => [path, readDocument(read(path))]),
  );
  const existing = new Set(files.flatMap(withFolders));
  return Array.from(documents, ([path, document]) => findBroken(path, document, { documents, existing })).flat();
}

interface Known {
  readonly documents: ReadonlyMap<string, Document>;
  /** Files and folders. */
  readonly existing: ReadonlySet<string>;
}

const withFolders = (path: string): readonly string[] =>
  path.split("/").map((_, i, parts) => parts.slice(0, i + 1).join("/"));

/** Descriptions of vectors name paths of the repositories that the vectors come from. */
const PATHS_OF_OTHERS = /^test\/vectors\//;

function findBroken(path: string, { links, code }: Document, known: Known): readonly string[] {
  const brokenLinks = links.filter(({ target }) => !EXTERNAL.test(target) && !isResolved(path, target, known));
  const brokenPaths = code.filter(
    ({ target }) =>
      !PATHS_OF_OTHERS.test(path) && REPOSITORY_PATH.test(target) && !known.existing.has(target.replace(/\/$/, "")),
  );
  return [
    ...brokenLinks.map(({ target, line }) => `${path}:${line}: the link ${target} leads nowhere`),
    ...brokenPaths.map(({ target, line }) => `${path}:${line}: there is no ${target}`),
  ];
}

function isResolved(from: string, target: string, { documents, existing }: Known): boolean {
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? from : posix.normalize(posix.join(posix.dirname(from), file)).replace(/\/$/, "");
  if (!existing.has(path)) return false;
  if (anchor === undefined) return true;
  return documents.get(path)?.headings.some((heading) => heading.anchor === anchor) ?? false;
}
