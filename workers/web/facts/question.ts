// SPDX-License-Identifier: Apache-2.0
// Reads a question: the text of the box, a link of search.sigstore.dev, or parameters of /api/search.

import { parseDecimal } from "../../../shared/bytes/decimal.ts";
import type { TermName, TermTexts } from "../../../shared/search/parameters.ts";
import { SPELLINGS } from "../../../shared/search/spellings.ts";
import { understand } from "../../../shared/search/understand.ts";
import type { Understanding } from "../../../shared/search/understanding.ts";

/** A question as the page understood it. */
export type Question =
  /** Nothing is asked. */
  | { readonly kind: "nothing" }
  /** The page of an entry is the answer. */
  | { readonly kind: "entry"; readonly log: string; readonly index: number }
  /** The text is something that no entry is found by. */
  | { readonly kind: "unfindable"; readonly text: string; readonly what: string; readonly advice: string }
  | Search;

/** A search. */
export interface Search {
  readonly kind: "search";
  /** The text in the box. */
  readonly text: string;
  /** The meanings that the text may have, the likeliest first. */
  readonly meanings: readonly [Meaning, ...Meaning[]];
}

/** One meaning of a text. */
export interface Meaning {
  /** Completes "Read as …". */
  readonly what: string;
  /** The parameters of /api/search, without cursor and limit. */
  readonly query: Readonly<Record<string, string>>;
}

/** The names of terms and of filters in an address. */
export const TERMS = Object.keys(SPELLINGS) as readonly TermName[];
/** Parameters of /api/search that narrow an answer. */
const FILTERS: readonly string[] = ["kind", "log", "since", "until", "runner", "visibility"];
/** The value of `ref` that means every tag. */
export const ALL_TAGS = "refs/tags/";

/** Whether a parameter narrows an answer, and is nothing that people look up. */
export const isFilter = (name: string, value: string): boolean =>
  FILTERS.includes(name) || (name === "ref" && value === ALL_TAGS);

const pick = (parameters: URLSearchParams, names: readonly string[]): Meaning["query"] =>
  Object.fromEntries(names.flatMap((name) => (parameters.get(name) ? [[name, parameters.get(name) ?? ""]] : [])));

/** Reads the question of a URL. `?and=` has a further text: entries must have both. */
export function readQuestion(parameters: URLSearchParams): Question {
  const filters = pick(parameters, parameters.get("ref") === ALL_TAGS ? [...FILTERS, "ref"] : FILTERS);
  const first = readFirst(parameters, filters);
  const more = (parameters.get("and") ?? "").trim();
  if (more === "" || first.kind === "entry" || first.kind === "unfindable") return first;
  const added = readMeanings(more, understand(more), filters);
  return first.kind === "search" && hasTerms(first) ? combine(first, added, more) : added;
}

const hasTerms = ({ meanings: [{ query }] }: Search): boolean => TERMS.some((name) => name in query);

function readFirst(parameters: URLSearchParams, filters: Meaning["query"]): Question {
  const text = (parameters.get("q") ?? "").trim();
  if (text !== "") return readMeanings(text, understand(text), filters);
  const old = readOldLink(parameters, filters);
  if (old !== null) return old;
  const terms: TermTexts = pick(parameters, TERMS);
  const [first = null] = Object.values(terms);
  if (first !== null)
    return { kind: "search", text: first, meanings: [{ what: nameTerms(terms), query: { ...terms, ...filters } }] };
  const isFiltered = Object.keys(filters).length > 0;
  return isFiltered
    ? { kind: "search", text: "", meanings: [{ what: "all entries", query: filters }] }
    : { kind: "nothing" };
}

/** Both texts. An entry has one of each term, so a meaning of the second text that the first has already is none. */
function combine(first: Search, added: Question, text: string): Question {
  if (added.kind === "unfindable") return added;
  const further = added.kind === "search" ? added.meanings : [];
  const [likeliest, ...others] = first.meanings.flatMap((one) =>
    further
      .filter(({ query }) => TERMS.every((name) => !(name in query && name in one.query)))
      .map(({ what, query }) => ({ what: `${one.what} and ${what}`, query: { ...one.query, ...query } })),
  );
  if (likeliest !== undefined) return { ...first, meanings: [likeliest, ...others] };
  const advice = "The search has one of this kind already, or this is the number of an entry. Remove the other first.";
  return { kind: "unfindable", text: first.text, what: `“${text}” beside “${first.text}”`, advice };
}

/** `?hash=`, `?commitSha=`, `?uuid=` and `?logIndex=`; `?email=` is the same in /api/search. */
function readOldLink(parameters: URLSearchParams, filters: Meaning["query"]): Question | null {
  const index = parseDecimal(parameters.get("logIndex") ?? "");
  if (index !== null) return { kind: "entry", log: "signature", index };
  const uuid = parameters.get("uuid");
  if (uuid !== null) {
    return { kind: "search", text: uuid, meanings: [{ what: "a UUID of Rekor", query: { leaf: uuid, ...filters } }] };
  }
  const text = parameters.get("hash") ?? parameters.get("commitSha") ?? "";
  return text === "" ? null : readMeanings(text, understand(text), filters);
}

function readMeanings(text: string, all: readonly Understanding[], filters: Meaning["query"]): Question {
  const [likeliest] = all;
  if (likeliest?.kind === "entry") {
    return { kind: "entry", log: filters["log"] ?? "signature", index: likeliest.index };
  }
  const [first, ...more] = all.flatMap((one) =>
    one.kind === "search" ? [{ what: one.what, query: { ...one.terms, ...filters } }] : [],
  );
  if (first !== undefined) return { kind: "search", text, meanings: [first, ...more] };
  return likeliest?.kind === "nothing"
    ? { kind: "unfindable", text, what: likeliest.what, advice: likeliest.advice }
    : { kind: "nothing" };
}

/** Names for the values of the parameters. */
export const TERM_WORDS: Readonly<Record<TermName, string>> = {
  digest: "a digest",
  identity: "the name in a certificate",
  email: "an e-mail address",
  issuer: "an issuer",
  repository: "a repository",
  repositoryId: "the number of a repository",
  owner: "the owner of repositories",
  ownerId: "the number of an owner",
  workflow: "a workflow",
  ref: "a branch or tag",
  under: "the beginning of a name",
  runner: "the kind of machine",
  visibility: "the visibility of the repository",
  commit: "a commit",
  run: "a run of a workflow",
  predicateType: "a type of statements",
  publicKey: "the fingerprint of a public key",
  certificate: "the fingerprint of a certificate",
  signature: "a signature",
  leaf: "the hash of a leaf",
};

const nameTerms = (terms: TermTexts): string =>
  (Object.keys(terms) as readonly TermName[]).map((name) => TERM_WORDS[name]).join(" and ");
