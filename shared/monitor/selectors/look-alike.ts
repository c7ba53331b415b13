// SPDX-License-Identifier: Apache-2.0
// Finds patterns that a stranger can fit with a name of their own: one that they can register because the pattern
// leaves open where a host, an owner or a repository ends.

import type { TextPattern } from "./pattern.ts";

/** The names that a pattern also matches, and what to write instead; null if nothing was found. */
export function findLookAlike(pattern: TextPattern): string | null {
  if (pattern.kind === "exact") return null;
  return pattern.kind === "regex" ? (findOpenDot(pattern.text) ?? findOpenEnd(pattern)) : findOpenEnd(pattern);
}

/** A dot between letters of a host name, which stands for any character: `example.org` also matches `example-org`. */
function findOpenDot(source: string): string | null {
  const found = /(?<!\\)(?:\\\\)*([A-Za-z0-9-]+)\.([A-Za-z]{2,})(?![*+?{])/.exec(withoutClasses(source));
  if (found === null) return null;
  const [, left = "", right = ""] = found;
  const written = `${left}\\.${right}`;
  return `the dot in ${left}.${right} stands for any character, and also matches ${left}x${right}: write ${written}`;
}

const withoutClasses = (source: string): string => source.replace(/\[[^\]]*\]/g, "[]");

/** `https://github.com/acme*` also matches acme-evil, `https://github.com*` the host github.com.evil.example. */
function findOpenEnd(pattern: TextPattern): string | null {
  const text = pattern.kind === "regex" ? plainHead(pattern.text) : (pattern.text.split("*")[0] ?? "");
  const rest = /^https?:\/\/([^/]*)(?:\/([^/]*))?(?:\/([^/]*))?(\/)?/.exec(text);
  if (rest === null || (pattern.kind === "glob" && !pattern.text.includes("*"))) return null;
  const [, host = "", owner, repository, slash] = rest;
  if (owner === undefined)
    return `leaves open where the host ends, and also matches ${host}.evil.example: write https://${host}/…`;
  if (repository === undefined) {
    return owner === "" ? null : `leaves open where ${owner} ends, and also matches ${owner}-evil: end it with a slash`;
  }
  if (repository === "" || slash === "/" || /[@.:#]/.test(repository)) return null;
  return `leaves open where ${repository} ends, and also matches ${repository}-evil: end it with a slash`;
}

/** The literal text at the beginning of an expression, up to the wildcard that follows it; "" if none follows. */
function plainHead(source: string): string {
  const [head = ""] = /^\^?(?:[A-Za-z0-9:/@_-]|\\[^A-Za-z0-9])*(?=\.[*+]|\[|\\[wS])/.exec(source) ?? [];
  return head.replace(/^\^/, "").replace(/\\(.)/g, "$1");
}
