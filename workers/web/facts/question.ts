// SPDX-License-Identifier: Apache-2.0
// What somebody asks: the text of the box, a link of search.sigstore.dev, or parameters of /api/search.

import { parseDecimal } from "../../../shared/bytes/decimal.ts";
import type { TermTexts } from "../../../shared/search/parameters.ts";
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
  /** What the box holds. */
  readonly text: string;
  /** What the text may mean, the likeliest first. */
  readonly meanings: readonly [Meaning, ...Meaning[]];
}

/** One meaning of a text. */
export interface Meaning {
  /** Completes "Read as …". */
  readonly what: string;
  /** The parameters of /api/search, without cursor and limit. */
  readonly query: Readonly<Record<string, string>>;
}

const TERM_NAMES = Object.keys(SPELLINGS);
/** Parameters of /api/search that narrow an answer. */
const FILTERS = ["kind", "log", "since", "until"];

const filtersOf = (parameters: URLSearchParams): Meaning["query"] => pick(parameters, FILTERS);

const pick = (parameters: URLSearchParams, names: readonly string[]): Meaning["query"] =>
  Object.fromEntries(names.flatMap((name) => (parameters.get(name) ? [[name, parameters.get(name) ?? ""]] : [])));

/** Reads the question of a URL. */
export function readQuestion(parameters: URLSearchParams): Question {
  const text = (parameters.get("q") ?? "").trim();
  const filters = filtersOf(parameters);
  if (text !== "") return readMeanings(text, understand(text), filters);
  const old = readOldLink(parameters, filters);
  if (old !== null) return old;
  const terms: TermTexts = pick(parameters, TERM_NAMES);
  const [first = null] = Object.values(terms);
  if (first === null) return { kind: "nothing" };
  return { kind: "search", text: first, meanings: [{ what: nameTerms(terms), query: { ...terms, ...filters } }] };
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

/** What the parameters ask for, in words. */
const NAMES: Readonly<Record<keyof typeof SPELLINGS, string>> = {
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
  commit: "a commit",
  run: "a run of a workflow",
  predicateType: "a type of statements",
  publicKey: "the fingerprint of a public key",
  certificate: "the fingerprint of a certificate",
  signature: "a signature",
  leaf: "the hash of a leaf",
};

const nameTerms = (terms: TermTexts): string =>
  (Object.keys(terms) as readonly (keyof typeof SPELLINGS)[]).map((name) => NAMES[name]).join(" and ");
