// SPDX-License-Identifier: Apache-2.0
// The templates that turn the claims of a build into names: the part of Go's text/template that Fulcio configurations
// use. `{{ .name }}`, `{{ index . "a.b/c" }}`, string literals, `if`, `else if`, `else`, `end`, `eq`, `ne`, and trim
// marks. Anything else is rejected when the configuration is read, not when a token arrives. A text without `{{` names
// a value.
// Spec: https://pkg.go.dev/text/template (go1.26), with the option missingkey=error.

import { err, ok, type Result } from "../result.ts";
import { unreachable } from "../unreachable.ts";

/** A parsed template; only parseTemplate returns one. */
export type Template = readonly Node[];

type Value =
  /** `.name`: the value must be present. */
  | { readonly kind: "field"; readonly name: string }
  /** `index . "name"`: empty if absent. */
  | { readonly kind: "index"; readonly name: string }
  | { readonly kind: "text"; readonly text: string };

interface Branch {
  /** Taken if both are equal (for `ne`, if not); with a bare value, if it is not empty. */
  readonly left: Value;
  readonly right: Value | null;
  readonly isNegated: boolean;
  readonly taken: Template;
  readonly otherwise: Template;
}

type Node = Value | ({ readonly kind: "if" } & Branch);

/** The template uses something unsupported. */
export interface TemplateError {
  readonly code: "template_invalid";
  /** Completes "the template …". */
  readonly reason: string;
}

/** Longer than any name; the depth bounds the recursion. */
const MAX_LENGTH = 2048;
const MAX_DEPTH = 8;

/** Parses a template. Fails with template_invalid. */
export function parseTemplate(source: string): Result<Template, TemplateError> {
  if (source.trim() === "") return fail("is empty");
  if (source.length > MAX_LENGTH) return fail(`is longer than ${MAX_LENGTH} characters`);
  if (!source.includes("{{")) return ok([{ kind: "field", name: source }]);
  const parts = split(source);
  if (parts === null) return fail("has {{ without }}");
  const parser = new TemplateParser(parts);
  try {
    return ok(parser.template());
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return fail(error.message);
    throw error;
  }
}

const fail = (reason: string): Result<never, TemplateError> => err({ code: "template_invalid", reason });

/** Carries a reason out of the recursion; never leaves this file. */
class TemplateSyntaxError extends Error {}

function reject(reason: string): never {
  throw new TemplateSyntaxError(reason);
}

/** Literal text, or the tokens of one action. */
type Part = { readonly kind: "text"; readonly text: string } | { readonly kind: "action"; readonly tokens: string[] };

/** Splits a template, trimming text beside `{{- ` and ` -}}` as Go does. Returns null if an action is not closed. */
function split(source: string): readonly Part[] | null {
  const parts: Part[] = [];
  let rest = source;
  let trims = false;
  for (;;) {
    const open = rest.indexOf("{{");
    const text = trims
      ? rest.slice(0, open < 0 ? rest.length : open).trimStart()
      : rest.slice(0, open < 0 ? rest.length : open);
    if (open < 0) {
      if (text !== "") parts.push({ kind: "text", text });
      return parts;
    }
    const action = /^\{\{(-(?=\s))?(.*?)((?<=\s)-)?\}\}/s.exec(rest.slice(open));
    if (action === null) return null;
    const before = action[1] === undefined ? text : text.trimEnd();
    if (before !== "") parts.push({ kind: "text", text: before });
    parts.push({ kind: "action", tokens: tokenize(action[2] ?? "") });
    trims = action[3] !== undefined;
    rest = rest.slice(open + action[0].length);
  }
}

/** A token is followed by a space, a closing parenthesis or the end; an opening parenthesis by anything. */
const TOKEN = /\s*(\(|(?:\.[A-Za-z_][A-Za-z0-9_]*|\.|"(?:[^"\\\n]|\\.)*"|`[^`]*`|[A-Za-z]+|\))(?=[\s)]|$))/y;
const FIELD = /^\.[A-Za-z_][A-Za-z0-9_]*$/;
const LITERAL = /^(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`)$/;

/** Splits an action into tokens. An unreadable token is kept as it is, and the parser's error names it. */
function tokenize(action: string): string[] {
  const tokens: string[] = [];
  let at = 0;
  while (action.slice(at).trim() !== "") {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(action);
    if (match === null) return [...tokens, action.slice(at).trim()];
    tokens.push(match[1] ?? "");
    at = TOKEN.lastIndex;
  }
  return tokens;
}

class TemplateParser {
  readonly #parts: readonly Part[];
  #at = 0;
  #depth = 0;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** Parses the whole template. */
  template(): Template {
    const nodes = this.#nodes();
    if (this.#at < this.#parts.length) reject(`has {{ ${this.#tokens().join(" ")} }} without an if`);
    return nodes;
  }

  /** Parses up to the end, or up to an `else` or `end`, which is not consumed. */
  #nodes(): Template {
    const nodes: Node[] = [];
    for (;;) {
      const part = this.#parts[this.#at];
      if (part === undefined || (part.kind === "action" && /^(?:else|end)$/.test(part.tokens[0] ?? ""))) return nodes;
      this.#at++;
      if (part.kind === "text") nodes.push(part);
      else if (part.tokens[0] === "if") nodes.push(this.#branch(part.tokens.slice(1)));
      else nodes.push(parseWholeValue(part.tokens));
    }
  }

  #branch(condition: readonly string[]): Node {
    if (++this.#depth > MAX_DEPTH) reject(`nests deeper than ${MAX_DEPTH}`);
    const test = readTest(condition);
    const taken = this.#nodes();
    const [word, ...rest] = this.#tokens();
    this.#at++;
    if (word === "else" && rest[0] === "if") {
      const nested = this.#branch(rest.slice(1));
      this.#depth--;
      return { kind: "if", ...test, taken, otherwise: [nested] };
    }
    const otherwise = word === "else" && rest.length === 0 ? this.#parseElse() : [];
    if (word === "end" && rest.length > 0) reject("has an end with more after it");
    if (word === "else" && rest.length > 0) reject("has an else with something other than if after it");
    if (word === undefined) reject("has an if without an end");
    this.#depth--;
    return { kind: "if", ...test, taken, otherwise };
  }

  #parseElse(): Template {
    const nodes = this.#nodes();
    if (this.#tokens().join() !== "end") reject("has an else without an end");
    this.#at++;
    return nodes;
  }

  /** Returns the tokens of the current action; none at the end. */
  #tokens(): readonly string[] {
    const part = this.#parts[this.#at];
    return part?.kind === "action" ? part.tokens : [];
  }
}

function readTest(tokens: readonly string[]): Pick<Branch, "left" | "right" | "isNegated"> {
  const [word, ...rest] = tokens;
  if (word !== "eq" && word !== "ne") return { left: parseWholeValue(tokens), right: null, isNegated: false };
  const [left, afterLeft] = readArgument(rest);
  const [right, afterRight] = readArgument(afterLeft);
  if (afterRight.length > 0) reject(`compares more than two values with ${word}`);
  return { left, right, isNegated: word === "ne" };
}

/** Parses a value that uses all tokens: an argument, or a call without parentheses. */
function parseWholeValue(tokens: readonly string[]): Value {
  const [value, rest] = tokens[0] === "index" ? readIndex(tokens) : readArgument(tokens);
  if (rest.length > 0) reject(`has {{ ${tokens.join(" ")} }}, which is not supported`);
  return value;
}

function readArgument(tokens: readonly string[]): readonly [Value, readonly string[]] {
  const [token = "", ...rest] = tokens;
  if (token === "(") {
    const [value, after] = rest[0] === "index" ? readIndex(rest) : readArgument(rest);
    if (after[0] !== ")") reject("has ( without )");
    return [value, after.slice(1)];
  }
  if (FIELD.test(token)) return [{ kind: "field", name: token.slice(1) }, rest];
  if (LITERAL.test(token)) return [{ kind: "text", text: readLiteral(token) }, rest];
  return reject(`has {{ ${tokens.join(" ")} }}, which is not supported`);
}

/** Parses index . "name". */
function readIndex([, dot, name = "", ...rest]: readonly string[]): readonly [Value, readonly string[]] {
  if (dot !== "." || !LITERAL.test(name)) reject('has an index that is not of the form index . "name"');
  return [{ kind: "index", name: readLiteral(name) }, rest];
}

function readLiteral(token: string): string {
  if (token.startsWith("`")) return token.slice(1, -1);
  try {
    return String(JSON.parse(token));
  } catch {
    return reject(`has a string ${token} with an escape that is not supported`);
  }
}

/** Returns every name that a template refers to. */
export function namesIn(template: Template): readonly string[] {
  return template.flatMap((node) => {
    if (node.kind === "text") return [];
    if (node.kind !== "if") return [node.name];
    const compared = node.right === null ? [node.left] : [node.left, node.right];
    return [...namesIn(compared), ...namesIn(node.taken), ...namesIn(node.otherwise)];
  });
}

/** Looks up a name's value; null if there is none. */
export type Lookup<E> = (name: string) => Result<string | null, E>;

/** Renders a template. Fails as `lookup` fails, and with `missing(name)` for a field without a value. */
export function renderTemplate<E>(
  template: Template,
  lookup: Lookup<E>,
  missing: (name: string) => E,
): Result<string, E> {
  let text = "";
  for (const node of template) {
    const part = node.kind === "if" ? renderBranch(node, lookup, missing) : valueOf(node, lookup, missing);
    if (!part.ok) return part;
    text += part.value;
  }
  return ok(text);
}

function renderBranch<E>(branch: Branch, lookup: Lookup<E>, missing: (name: string) => E): Result<string, E> {
  const left = valueOf(branch.left, lookup, missing);
  if (!left.ok) return left;
  const right = branch.right === null ? ok("") : valueOf(branch.right, lookup, missing);
  if (!right.ok) return right;
  const isEqual = left.value === right.value;
  // A bare value is compared with the empty string, and is true if it differs.
  const isTaken = branch.right === null ? !isEqual : isEqual !== branch.isNegated;
  return renderTemplate(isTaken ? branch.taken : branch.otherwise, lookup, missing);
}

function valueOf<E>(value: Value, lookup: Lookup<E>, missing: (name: string) => E): Result<string, E> {
  switch (value.kind) {
    case "text":
      return ok(value.text);
    case "field":
    case "index": {
      const found = lookup(value.name);
      if (!found.ok) return found;
      if (found.value === null && value.kind === "field") return err(missing(value.name));
      return ok(found.value ?? "");
    }
    default:
      return unreachable(value);
  }
}
