// SPDX-License-Identifier: Apache-2.0
// The rule of function names in CONTRIBUTING.md, as far as a machine can check it: what acts begins with a verb, and
// nothing begins with a participle, a preposition, a pronoun or a negation.

import { parseSync } from "oxc-parser";

export interface FunctionName {
  readonly name: string;
  readonly line: number;
  /** It returns a promise or nothing, so it acts. */
  readonly acts: boolean;
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** The verbs with which the names of acting functions begin. A new one goes here. */
const VERBS = words(`
  abort add admit advise advance allow announce answer append apply arm ask assign attempt audit authorize await back begin belong
  break build bundle call carry catch certify change cheapen check choose clean clear close collect compare complete
  compress compute confirm continue convert copy cosign count create damage decide decrypt define delete deliver deploy derive
  describe detect discard do drain drop emit empty end ensure enter evict exchange exec execute exit expect
  explain export
  extend fail feed fetch fill find finish flush follow forbid forge forget fork forward freeze fuzz get grant grow guard
  handle hash help hide identify import index init insert install interrupt is issue join judge keep kill lay limit list
  listen load log look lose lower make mark match measure merge meter migrate minify mirror move multiply mutate mute name
  normalize note observe offer open page parse patch pause place plan poll post postpone prepare preview print prove prune publish pull
  push put query raise reach read rebuild receive record recover redeem redirect reduce refresh refuse register reindex
  reject release remember remove rename render replace reply report request require reserve reset resign resolve respond
  restart restore resume retire retry return revoke rewrite rotate run save say schedule seal search see select send
  serialize serve set settle shorten show shrink sign skip sort spawn split spoil start stop store stream strip submit
  supersede swap sync take tell test throw to touch trust try turn unwrap update upload use validate verify visit wait
  wake walk warm warn watch with without wrap write
`);

/** Names that the platform, a contract between objects or the language gives. */
const GIVEN = words(`
  admits alarm batch head jwks main now null scheduled within unreachable equal repeated trustedRoot extendedKeyUsage generalizedTime
  workingFolder
`);

/** First words that say how, when or whose, and not what the function does or returns. */
const MODIFIERS = words(`
  about after again all also always among and any anew as before behind below between beside by during each either every for
  if in into its neither never no nor not of off on once only or otherwise out over since some such than that the then
  these they this through until upon what when where which while who whose
  begun broken built done found given held hidden kept known left lost made met proven said seen sent shown
  stolen taken told unread written
  bad different distinct false final insecure invalid missing mutable immutable positive quiet silent true
`);

/** Words that only end as a participle does. */
const NOUNS = words(
  "binding durable encoding feed need opening seed setting signing string table unsigned warning witness",
);

/** Describes the problem of a function's name, for the person who chose it; null if there is none. */
export function findNameProblem({ name, acts }: Omit<FunctionName, "line">): string | null {
  if (GIVEN.has(name)) return null;
  const [first = name] = /^[a-z]+\d*/.exec(name) ?? [];
  if (VERBS.has(first)) return null;
  const isParticiple = /(?:ed|ing|able|ible|ness)$/.test(first) && !NOUNS.has(first);
  if (isParticiple || MODIFIERS.has(first)) return `"${name}" begins with "${first}": begin with a verb`;
  return acts ? `"${name}" acts, so it begins with a verb (VERBS in tools/docs/names.ts)` : null;
}

/** A node of the syntax tree, as ESTree and its TypeScript extension have it. */
type Node = Readonly<Record<string, unknown>> & { readonly type: string };

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Partial<Node>).type === "string";

const childrenOf = (node: Node): readonly Node[] => Object.values(node).flat().filter(isNode);

const isFunction = (value: unknown): value is Node =>
  isNode(value) && /^(?:ArrowFunctionExpression|FunctionExpression|TSEmptyBodyFunctionExpression)$/.test(value.type);

/** The node that names a function and the function itself; null for a node that declares none. */
function findDeclaration(node: Node): readonly [name: unknown, declared: Node] | null {
  switch (node.type) {
    case "FunctionDeclaration":
      return [node["id"], node];
    case "VariableDeclarator":
      return isFunction(node["init"]) ? [node["id"], node["init"]] : null;
    case "PropertyDefinition":
    case "MethodDefinition":
      return node["kind"] !== "get" && isFunction(node["value"]) ? [node["key"], node["value"]] : null;
    case "Property":
      return node["method"] === true && isFunction(node["value"]) ? [node["key"], node["value"]] : null;
    case "TSMethodSignature":
      return [node["key"], node];
    default:
      return null;
  }
}

const ACTING = /^:\s*(?:void|never|Promise<|AsyncGenerator<|asserts )/;

function readFunction(node: Node, text: string): readonly FunctionName[] {
  const [key, declared] = findDeclaration(node) ?? [];
  if (!isNode(key) || typeof key["name"] !== "string" || declared === undefined) return [];
  const { returnType } = declared;
  const returned = isNode(returnType) ? text.slice(Number(returnType["start"]), Number(returnType["end"])) : "";
  const line = text.slice(0, Number(key["start"])).split("\n").length;
  return [{ name: key["name"], line, acts: declared["async"] === true || ACTING.test(returned) }];
}

/** The functions and methods that a text in TypeScript declares. */
export function listFunctions(text: string): readonly FunctionName[] {
  const visit = (node: Node): readonly FunctionName[] => [
    ...readFunction(node, text),
    ...childrenOf(node).flatMap(visit),
  ];
  const { program } = parseSync("file.ts", text);
  return visit({ ...program });
}
