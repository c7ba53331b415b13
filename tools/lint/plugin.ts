// SPDX-License-Identifier: Apache-2.0
// The project's own lint rules, loaded by oxlint (.oxlintrc.json).
//
// no-kind-comparison: outside the modules of the kinds, code asks a kind of log for a fact (LOG_KINDS, LOG_RECORDS,
// SEQUENCER_KINDS) and compares nothing with its name: a third kind would take the wrong arm of such a comparison.
//
// no-json-cast: JSON is decoded, not cast. A cast of what JSON.parse, our own parsers or Response.json() return, or of
// the value of a Result, lets a damaged or foreign document through as if it were well-formed.

import { LOG_KIND_NAMES } from "../../shared/logs/kinds.ts";

/** The part of an ESTree node that the rules read. */
interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly name?: string;
  readonly operator?: string;
  readonly left?: Node;
  readonly right?: Node;
  readonly test?: Node | null;
  readonly consequent?: Node;
  readonly alternate?: Node | null;
  readonly argument?: Node;
  readonly expression?: Node;
  readonly callee?: Node;
  readonly object?: Node;
  readonly property?: Node;
}

interface Context {
  readonly report: (problem: { readonly node: Node; readonly message: string }) => void;
}

type Visitor = Readonly<Record<string, (node: Node) => void>>;

const KIND_MESSAGE =
  "Ask the kind of log for a fact (LOG_KINDS, LOG_RECORDS, SEQUENCER_KINDS); do not compare its name.";

const isKindName = (node: Node | null | undefined): boolean =>
  node?.type === "Literal" && LOG_KIND_NAMES.some((kind) => kind === node.value);

/** `isCertificateLog`, `isSignatureKind`: whether a log is of one kind. */
const isKindFlag = (name: string): boolean =>
  LOG_KIND_NAMES.some((kind) => new RegExp(`^is${kind.replaceAll("-", "")}(?:log|kind)$`, "i").test(name));

const noKindComparison = {
  create: ({ report }: Context): Visitor => ({
    BinaryExpression: (node) => {
      const isComparison = /^[!=]==?$/.test(node.operator ?? "");
      if (isComparison && (isKindName(node.left) || isKindName(node.right))) report({ node, message: KIND_MESSAGE });
    },
    SwitchCase: (node) => {
      if (isKindName(node.test)) report({ node, message: KIND_MESSAGE });
    },
    ConditionalExpression: (node) => {
      if (isKindName(node.consequent) && isKindName(node.alternate)) report({ node, message: KIND_MESSAGE });
    },
    Identifier: (node) => {
      if (isKindFlag(node.name ?? "")) report({ node, message: KIND_MESSAGE });
    },
  }),
};

/** Without `await` and parentheses. */
function unwrap(node: Node | undefined): Node | undefined {
  if (node?.type === "AwaitExpression") return unwrap(node.argument);
  return node?.type === "ParenthesizedExpression" ? unwrap(node.expression) : node;
}

/** `JSON.parse(…)`, `parsePlainJson(…)`, `….json()`, or `….value`, which is what a Result holds. */
function isParsedJson(node: Node | undefined): boolean {
  if (node?.type === "MemberExpression") return node.property?.name === "value";
  if (node?.type !== "CallExpression") return false;
  if (node.callee?.type !== "MemberExpression") return /^parse\w*Json/.test(node.callee?.name ?? "");
  const { object, property } = node.callee;
  return property?.name === "json" || (property?.name === "parse" && object?.name === "JSON");
}

const noJsonCast = {
  create: ({ report }: Context): Visitor => ({
    TSAsExpression: (node) => {
      if (isParsedJson(unwrap(node.expression)))
        report({ node, message: "Decode JSON (shared/json); do not cast it." });
    },
  }),
};

export default {
  meta: { name: "sigedge" },
  rules: { "no-kind-comparison": noKindComparison, "no-json-cast": noJsonCast },
};
