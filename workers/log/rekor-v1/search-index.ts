// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/index/retrieve: the IDs of entries by digest, public key, e-mail address or subject, newest first. Asks
// the index that all logs share, so a key is found in whichever spelling the entry has it.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (searchIndex)

import { sha256 } from "#sha256";
import { decodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { readBody } from "../../../shared/http/body.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { isObject, type JsonObject } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { formatEntryId, treeIdOf } from "../../../shared/rekor-v1/entry-id.ts";
import { findFormat } from "../../../shared/rekor-v1/pki/formats.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { SPELLINGS } from "../../../shared/search/spellings.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import { computeFromTiles } from "../../../shared/tlog/tile-nodes.ts";
import { ROUTES } from "../declaration.ts";
import type { Config } from "../env.ts";
import type { LogError } from "../errors.ts";
import { readerOf } from "../reading/limited-reader.ts";
import { type LogReader, readTile } from "../reading/log-reader.ts";
import { MAX_LIMIT, parseSearchQuery } from "../search/query.ts";
import { listIndexedLogs } from "../search/search.ts";
import { searchPage } from "../search/search-index.ts";
import type { LogSite } from "../sites.ts";
import { respondJson } from "./respond.ts";
import { asksImpossible, breaksSchema, type QueryProblem, renderQueryProblem, renderReadError } from "./status.ts";

const MAX_BODY_BYTES = maxBodyBytesOf(ROUTES, "v1SearchIndex");

/** Answers with a list of entry IDs, which may be empty. */
export async function searchV1Index(request: Request, config: Config, site: LogSite): Promise<Response> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return renderReadError(request, body.error);
  const searches = parseSearches(body.value);
  if (!searches.ok) return renderQueryProblem(searches.error);
  const found = await findIndexes(config, site, searches.value);
  if (!found.ok) return renderReadError(request, found.error);
  const { indexes, isTruncated } = found.value;
  const leaves = await readLeaves(readerOf(config, site, clientNetwork(request)), indexes);
  if (!leaves.ok) return renderReadError(request, leaves.error);
  const treeId = treeIdOf(site.log.baseUrl);
  const headers = isTruncated ? { "x-truncated": "true" } : {};
  return respondJson(
    leaves.value.map((leaf) => formatEntryId(treeId, leaf)),
    { headers },
  );
}

interface FoundIndexes {
  /** Newest first. */
  readonly indexes: readonly number[];
  readonly isTruncated: boolean;
}

async function findIndexes(
  { index, sites }: Config,
  { log }: LogSite,
  searches: readonly URLSearchParams[],
): Promise<Result<FoundIndexes, LogError>> {
  const names = sites.map((site) => site.log.name);
  const all = searches.length === 0 ? [] : await listIndexedLogs(sites);
  const found = new Set<number>();
  let isTruncated = false;
  for (const search of searches) {
    const query = parseSearchQuery(search, names);
    if (!query.ok) return query;
    const page = await searchPage(index, { ...query.value, logs: [log.name], limit: MAX_LIMIT }, all);
    if (!page.ok) return page;
    for (const { leafIndex } of page.value.hits) found.add(leafIndex);
    isTruncated ||= page.value.next !== null;
  }
  const indexes = [...found].toSorted((a, b) => b - a);
  return ok({ indexes: indexes.slice(0, MAX_LIMIT), isTruncated: isTruncated || indexes.length > MAX_LIMIT });
}

/** The leaf hashes of entries. The index holds only the beginnings of their keys. */
async function readLeaves(reader: LogReader, indexes: readonly number[]): Promise<Result<readonly Hash[], LogError>> {
  if (indexes.length === 0) return ok([]);
  const head = await reader.tail.readHead(reader.admit, Math.max(...indexes) + 1);
  if (!head.ok) return head;
  const compute = (nodeAt: (height: number, index: number) => Hash): readonly Hash[] =>
    indexes.map((index) => nodeAt(0, index));
  return computeFromTiles(head.value.treeSize, compute, (tile) => readTile(reader, tile));
}

/** The searches whose results are united: one for each member, or a single one for `and`. */
function parseSearches(body: Uint8Array): Result<readonly URLSearchParams[], QueryProblem> {
  const json = parseJson(body);
  if (!json.ok || !isObject(json.value)) return err(asksImpossible("the request body is not a JSON object"));
  const { operator } = json.value;
  if (!isAbsent(operator) && operator !== "and" && operator !== "or")
    return err(breaksSchema(606, "operator in body should be one of [and or]"));
  const terms: Term[] = [];
  for (const read of [readHash, readKey, readEmail, readSubject]) {
    const term = read(json.value);
    if (!term.ok) return term;
    if (term.value !== null) terms.push(term.value);
  }
  const pairs = terms.filter((term) => term !== "nothing").map(([name, value]) => [name, value]);
  if (operator !== "and") return ok(pairs.map((pair) => new URLSearchParams([pair])));
  return ok(pairs.length === 0 || pairs.length < terms.length ? [] : [new URLSearchParams(pairs)]);
}

/** A parameter of our own search and its value, or `nothing`: no entry of this log has what is asked for. */
type Term = readonly [name: string, value: string] | "nothing";

/** Null for a member that was not sent. */
type TermResult = Result<Term | null, QueryProblem>;

/** Go clients send null for what they do not ask for. */
const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === "";

function readHash({ hash }: JsonObject): TermResult {
  if (isAbsent(hash)) return ok(null);
  return typeof hash === "string" && HASH.test(hash)
    ? ok(["digest", hash])
    : err(breaksSchema(605, `hash in body should match '${HASH_PATTERN}'`));
}

/** SHA-384 too, which the reference rejects. */
const HASH =
  /^(?:(?:sha512:)?[0-9a-f]{128}|(?:sha384:)?[0-9a-f]{96}|(?:sha256:)?[0-9a-f]{64}|(?:sha1:)?[0-9a-f]{40})$/i;
const HASH_PATTERN = "^(sha512:)?[0-9a-fA-F]{128}$|^(sha256:)?[0-9a-fA-F]{64}$|^(sha1:)?[0-9a-fA-F]{40}$";
const FORMATS = ["pgp", "x509", "minisign", "ssh", "tuf"];

function readKey({ publicKey }: JsonObject): TermResult {
  if (isAbsent(publicKey)) return ok(null);
  const { format, content } = isObject(publicKey) ? publicKey : {};
  if (typeof format !== "string") return err(breaksSchema(602, "publicKey.publicKey.format in body is required"));
  if (!FORMATS.includes(format))
    return err(breaksSchema(606, `publicKey.publicKey.format in body should be one of [${FORMATS.join(" ")}]`));
  const pki = findFormat(format);
  if (pki === null) return ok("nothing");
  const bytes = typeof content === "string" ? decodeBase64(content) : null;
  const verifier = bytes?.ok === true ? pki.parseKey(bytes.value) : null;
  if (verifier?.ok !== true) return err(asksImpossible("public key provided could not be parsed"));
  const { certificate, der } = verifier.value;
  return ok([certificate === null ? "publicKey" : "certificate", encodeHex(sha256(der))]);
}

function readEmail({ email }: JsonObject): TermResult {
  if (isAbsent(email)) return ok(null);
  const isAddress = typeof email === "string" && SPELLINGS.email(email) !== null;
  return isAddress
    ? ok(["email", email])
    : err(breaksSchema(601, `email in body must be of type email: ${quoteJson(email)}`));
}

/** Any name of a certificate. */
function readSubject({ subject }: JsonObject): TermResult {
  if (isAbsent(subject)) return ok(null);
  return ok(typeof subject === "string" && SPELLINGS.identity(subject) !== null ? ["identity", subject] : "nothing");
}

const quoteJson = (value: unknown): string => JSON.stringify(String(value).slice(0, 64));
