// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/log/entries/retrieve: up to ten entries by ID, by index, or as a client would propose them. What the log
// does not have is left out of the answer.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (searchLogQuery)

import { readBody } from "../../../shared/http/body.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { isList, isObject } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { parseProposedEntry } from "../../../shared/rekor-v1/entry.ts";
import { type EntryId, parseEntryId } from "../../../shared/rekor-v1/entry-id.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import { ROUTES } from "../declaration.ts";
import type { Config } from "../env.ts";
import { readerOf } from "../reading/limited-reader.ts";
import type { LogSite } from "../sites.ts";
import { readLogEntry } from "./log-entry.ts";
import { ID_PATTERN, isImpossible, isOfTree } from "./read-entry.ts";
import { respondJson } from "./respond.ts";
import { asksImpossible, breaksSchema, type QueryProblem, renderQueryProblem, renderReadError } from "./status.ts";

const MAX_BODY_BYTES = maxBodyBytesOf(ROUTES, "v1Retrieve");
const MAX_ENTRIES = 10;

/** The entries that a query asks for. */
interface Query {
  /** By leaf hash, those of this log only. */
  readonly ids: readonly EntryId[];
  readonly indexes: readonly number[];
}

/** Answers with a list of entries, which may be empty. */
export async function serveQuery(request: Request, config: Config, site: LogSite): Promise<Response> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return renderReadError(request, body.error);
  const query = parseQuery(body.value);
  if (!query.ok) return renderQueryProblem(query.error);
  const reader = readerOf(config, site, clientNetwork(request));
  const wanted = query.value.ids.filter((id) => isOfTree(site, id)).map((id) => id.leafHash);
  const found = wanted.length === 0 ? [] : await site.sequencer().findEntries(wanted);
  const entries: object[] = [];
  for (const leafIndex of [...found.filter((index) => index !== null), ...query.value.indexes]) {
    const entry = await readLogEntry(reader, site, leafIndex);
    if (entry.ok) entries.push(entry.value);
    else if (entry.error.code !== "beyond_head") return renderReadError(request, entry.error);
  }
  return respondJson(entries);
}

function parseQuery(body: Uint8Array): Result<Query, QueryProblem> {
  const json = parseJson(body);
  if (!json.ok || !isObject(json.value)) return err(asksImpossible("the request body is not a JSON object"));
  const { entryUUIDs, logIndexes, entries } = json.value;
  const ids = readList("entryUUIDs", entryUUIDs, readId);
  if (!ids.ok) return ids;
  const indexes = readList("logIndexes", logIndexes, readIndex);
  if (!indexes.ok) return indexes;
  const proposed = readList("entries", entries, readProposed);
  if (!proposed.ok) return proposed;
  const all = [...ids.value, ...proposed.value.filter((id) => id !== null)];
  return ids.value.length + indexes.value.length + proposed.value.length > MAX_ENTRIES
    ? err(breaksSchema(422, `more than max allowed ${MAX_ENTRIES} entries in request`))
    : ok({ ids: all, indexes: indexes.value });
}

/** Reads a member that is absent, null, or a list of at most ten. */
function readList<T>(
  name: string,
  value: unknown,
  read: (place: string, item: unknown) => Result<T, QueryProblem>,
): Result<readonly T[], QueryProblem> {
  if (value === undefined || value === null) return ok([]);
  if (!isList(value)) return err(asksImpossible(`${name} in body must be a list`));
  // The reference's schema forbids an empty list of IDs, but not one of entries.
  if (value.length === 0 && name !== "entries")
    return err(breaksSchema(612, `${name} in body should have at least 1 items`));
  if (value.length > MAX_ENTRIES)
    return err(breaksSchema(611, `${name} in body should have at most ${MAX_ENTRIES} items`));
  const items: T[] = [];
  for (const [i, item] of value.entries()) {
    const one = read(`${name}.${i} in body`, item);
    if (!one.ok) return one;
    items.push(one.value);
  }
  return ok(items);
}

function readId(place: string, item: unknown): Result<EntryId, QueryProblem> {
  const id = typeof item === "string" ? parseEntryId(item) : null;
  if (id === null) return err(breaksSchema(605, `${place} should match '${ID_PATTERN}'`));
  return isImpossible(id) ? err(asksImpossible(`invalid entryID ${String(item)}`)) : ok(id);
}

function readIndex(place: string, item: unknown): Result<number, QueryProblem> {
  if (!Number.isSafeInteger(item)) return err(asksImpossible(`${place} must be an integer`));
  const index = Number(item);
  return index < 0 ? err(breaksSchema(609, `${place} should be greater than or equal to 0`)) : ok(index);
}

/**
 * The leaf of a proposed entry. Its signature is not verified: an entry in the log has the same leaf, and was verified.
 * Null for a kind that the log does not take: it has no such entry.
 */
function readProposed(_place: string, item: unknown): Result<EntryId | null, QueryProblem> {
  const proposed = parseProposedEntry(item);
  if (proposed.ok) return ok({ treeId: null, leafHash: leafHash(proposed.value.body) });
  return proposed.error.code === "v1_kind_unsupported" ? ok(null) : err(asksImpossible(proposed.error.reason));
}
