// SPDX-License-Identifier: Apache-2.0
// Finds what the logs of this service have of a file, by its digest alone. Nobody has to trust the answer: the entries
// are verified like any bundle.

import { encodeHex } from "../../../shared/bytes/hex.ts";
import { HASHES, type HashAlgorithm } from "../../../shared/crypto/hash.ts";
import { items, member } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import type { EntryName } from "./questions.ts";
import { readHere } from "./requests.ts";

/** An entry about the file. */
export interface Found extends EntryName {
  /** A statement, of which the log keeps the digest alone. */
  readonly isStatement: boolean;
  readonly who: string;
  /** RFC 3339, when the log took it. */
  readonly time: string;
}

/** The entries that were found, and how much was searched. */
export interface Lookup {
  readonly found: readonly Found[];
  /** Entries in which the search looked. */
  readonly searched: number;
  readonly hasMore: boolean;
}

const MAX_ANSWER_BYTES = 1024 * 1024;
/** A page may be empty and still be followed by another. */
const MAX_PAGES = 8;
const MAX_FOUND = 20;

/** Searches for a digest. Rejects if the search does not answer. */
export async function lookUp(hash: HashAlgorithm, digest: Uint8Array): Promise<Lookup> {
  const found: Found[] = [];
  let searched = 0;
  let cursor: unknown = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const paging = typeof cursor === "string" ? { cursor } : {};
    const query = new URLSearchParams({ digest: `${HASHES[hash].short}:${encodeHex(digest)}`, ...paging });
    const answer = await readJson(`/api/search?${query.toString()}`);
    found.push(...items(answer, "hits").flatMap(toFound));
    searched = sum(member(answer, "completeThroughByLog"));
    cursor = member(answer, "nextCursor");
    if (typeof cursor !== "string" || found.length >= MAX_FOUND) break;
  }
  return {
    found: found.slice(0, MAX_FOUND),
    searched,
    hasMore: typeof cursor === "string" || found.length > MAX_FOUND,
  };
}

async function readJson(path: string): Promise<unknown> {
  const bytes = await readHere(path, MAX_ANSWER_BYTES);
  const json = bytes === null ? null : parseJson(bytes);
  if (json?.ok !== true) throw new Error(`${path} answered with something other than JSON`);
  return json.value;
}

const sum = (sizes: unknown): number =>
  Object.values(sizes ?? {}).reduce((total: number, size) => total + (typeof size === "number" ? size : 0), 0);

function toFound(hit: unknown): readonly Found[] {
  const [log, index, time, digest] = ["log", "index", "time", "digest"].map((name) => member(hit, name));
  const isSignature = typeof log === "string" && typeof index === "number" && typeof time === "string";
  // A certificate has none.
  if (!isSignature || typeof digest !== "string") return [];
  const identity = member(hit, "identity");
  const who = typeof identity === "string" && identity !== "" ? identity : "the holder of a key";
  return [{ log, index: String(index), isStatement: member(hit, "kind") === "attestation", who, time }];
}

/** The address of the page of an entry. */
export const hrefOf = ({ log, index }: EntryName): string =>
  `/entry/${encodeURIComponent(log)}/${encodeURIComponent(index)}`;

const MAX_BUNDLE_BYTES = 1024 * 1024;

/** The bundle that the log can make of an entry; null if it has none. Rejects if it does not answer. */
export const readBundle = async (entry: EntryName): Promise<Uint8Array | null> =>
  await readHere(`${hrefOf(entry)}.sigstore.json`, MAX_BUNDLE_BYTES);
