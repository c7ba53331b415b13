// SPDX-License-Identifier: Apache-2.0
// The project's own lint rules, loaded by oxlint (.oxlintrc.json).
//
// no-kind-comparison: outside the modules of the kinds, code asks a kind of log for a fact (LOG_KINDS, LOG_RECORDS,
// SEQUENCER_KINDS) and compares nothing with its name: a third kind would take the wrong arm of such a comparison.
//
// no-json-cast: JSON is decoded, not cast. A cast of what JSON.parse, our own parsers or Response.json() return, or of
// the value of a Result, lets a damaged or foreign document through as if it were well-formed. The same holds for
// rows of SQL: their columns are read with shared/sql/columns.ts, and no call claims their type as an argument.

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
  readonly computed?: boolean;
  readonly typeArguments?: { readonly params: readonly Node[] } | null;
  readonly typeName?: Node;
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

/** Without `await`, parentheses, `?? []` and `[0]`: where rows come from. */
function sourceOf(node: Node | undefined): Node | undefined {
  const inner = unwrap(node);
  if (inner?.type === "ChainExpression") return sourceOf(inner.expression);
  if (inner?.type === "LogicalExpression") return sourceOf(inner.left);
  return inner?.type === "MemberExpression" && inner.computed === true ? sourceOf(inner.object) : inner;
}

/** `….results`, `….toArray()`, `….exec(…)`, or a variable called row or rows. */
function isRows(node: Node | undefined): boolean {
  const source = sourceOf(node);
  if (source?.type === "Identifier") return /^rows?$/.test(source.name ?? "");
  if (source?.type === "MemberExpression") return source.property?.name === "results";
  return source?.type === "CallExpression" && /^(?:toArray|exec)$/.test(source.callee?.property?.name ?? "");
}

/** `db.batch<Hit>(…)`: a claim about rows. `Row` claims nothing. */
function claimsRows({ callee, typeArguments }: Node): boolean {
  if (!/^(?:all|batch|exec|first|raw|run)$/.test(callee?.property?.name ?? "")) return false;
  return typeArguments?.params.some(({ typeName }) => typeName?.name !== "Row") ?? false;
}

const ROW_MESSAGE = "Decode rows of SQL (shared/sql/columns.ts); do not cast them.";

const noJsonCast = {
  create: ({ report }: Context): Visitor => ({
    TSAsExpression: (node) => {
      if (isParsedJson(unwrap(node.expression)))
        report({ node, message: "Decode JSON (shared/json); do not cast it." });
      if (isRows(node.expression)) report({ node, message: ROW_MESSAGE });
    },
    CallExpression: (node) => {
      if (claimsRows(node)) report({ node, message: ROW_MESSAGE });
    },
  }),
};

export default {
  meta: { name: "sigedge" },
  rules: { "no-kind-comparison": noKindComparison, "no-json-cast": noJsonCast },
};
