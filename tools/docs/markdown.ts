// SPDX-License-Identifier: Apache-2.0
// Reads the repository's Markdown: links, anchors and code spans of a document, and its HTML. Anchors are GitHub's,
// so that a link that works there works on the site too.

import MarkdownIt from "markdown-it";

/** A reference to something else, exactly as the document has it. */
interface Reference {
  readonly target: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A link or an image. */
interface Link extends Reference {
  /** The link's text; empty for an image. */
  readonly text: string;
}

interface Heading {
  readonly level: number;
  readonly text: string;
  readonly anchor: string;
}

export interface Document {
  readonly headings: readonly Heading[];
  readonly links: readonly Link[];
  /** The contents of inline code, with their lines. */
  readonly code: readonly Reference[];
}

// HTML is on for comments (markers of generated parts); the documents are our own.
const parser = new MarkdownIt({ html: true, linkify: false, typographer: false });

type Token = ReturnType<typeof parser.parse>[number];

const textOf = (inline: Token | undefined): string =>
  (inline?.children ?? [])
    .filter(({ type }) => type === "text" || type === "code_inline")
    .map(({ content }) => content)
    .join("");

/** GitHub's anchor of a heading: lower case, punctuation removed, spaces to hyphens; `-1`, `-2` … for repetitions. */
function anchorOf(text: string, used: Map<string, number>): string {
  const anchor = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .replaceAll(" ", "-");
  const count = used.get(anchor) ?? 0;
  used.set(anchor, count + 1);
  return count === 0 ? anchor : `${anchor}-${count}`;
}

function readHeadings(tokens: readonly Token[]): readonly Heading[] {
  const used = new Map<string, number>();
  return tokens.flatMap((token, i) => {
    if (token.type !== "heading_open") return [];
    const text = textOf(tokens[i + 1]);
    return [{ level: Number(token.tag.slice(1)), text, anchor: anchorOf(text, used) }];
  });
}

function targetOf(token: Token): string | null {
  const target =
    token.type === "link_open" ? token.attrGet("href") : token.type === "image" ? token.attrGet("src") : null;
  return target === null ? null : decodeURI(String(target));
}

/** The text between a link's opening token and its closing one. */
const linkText = (children: readonly Token[], at: number): string =>
  children
    .slice(
      at,
      children.findIndex(({ type }, i) => i > at && type === "link_close"),
    )
    .map(({ type, content }) => (type === "text" || type === "code_inline" ? content : ""))
    .join("");

/** Everything in a document that refers to something else. */
export function readDocument(text: string): Document {
  const tokens = parser.parse(text, {});
  const inline = tokens.flatMap(({ type, map, children }) =>
    type === "inline" ? [{ children: children ?? [], line: (map?.[0] ?? 0) + 1 }] : [],
  );
  return {
    headings: readHeadings(tokens),
    links: inline.flatMap(({ children, line }) =>
      children.flatMap((token, i) => {
        const target = targetOf(token);
        return target === null ? [] : [{ target, line, text: token.type === "image" ? "" : linkText(children, i) }];
      }),
    ),
    code: inline.flatMap(({ children, line }) =>
      children.flatMap(({ type, content }) => (type === "code_inline" ? [{ target: content, line }] : [])),
    ),
  };
}

/** The HTML of a document, with anchors on its headings and every link passed through `toHref`. */
export function renderHtml(text: string, toHref: (target: string) => string): string {
  const tokens = parser.parse(text, {});
  const anchors = readHeadings(tokens).map(({ anchor }) => anchor);
  for (const token of tokens) {
    if (token.type === "heading_open") token.attrSet("id", anchors.shift() ?? "");
    for (const child of token.children ?? []) {
      const target = targetOf(child);
      if (target !== null) child.attrSet(child.type === "image" ? "src" : "href", toHref(target));
    }
  }
  return parser.renderer.render(tokens, parser.options, {});
}
