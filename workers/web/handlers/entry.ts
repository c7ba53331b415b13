// SPDX-License-Identifier: Apache-2.0
// GET /entry/<log>/<index>: the page of an entry, and the files that it offers.

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { parseDecimal } from "../../../shared/bytes/decimal.ts";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import type { LoggedEntry } from "../../../shared/logs/logged-entry.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { ReadEntry } from "../../../shared/rpc/log-reads.ts";
import type { SearchAnswer, SearchHit } from "../../../shared/search/answer.ts";
import { formatRfc3339, unixMs } from "../../../shared/time.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Config } from "../env.ts";
import { bundleJson } from "../facts/bundle.ts";
import { type CertificateFacts, readFacts, type SignatureFacts, withIndexed } from "../facts/entry.ts";
import { certificatePage } from "../pages/certificate.ts";
import { entryHref } from "../pages/entry-parts.ts";
import type { Problem } from "../pages/problem.ts";
import { signaturePage } from "../pages/signature.ts";
import { formatCount, formatNumber } from "../parts/words.ts";
import { readSite, respond } from "../respond.ts";
import { decodePart } from "./path.ts";
import { respondToProblem } from "./problem.ts";

/** Shows a signature or a certificate. */
export async function serveEntry(request: Request, config: Config): Promise<Response> {
  const [found, site] = await Promise.all([readNamedEntry(request, config), readSite(config)]);
  if (!found.ok) return respondToProblem(request, found.error);
  const { logged, facts } = found.value;
  if (facts.kind === "issued") {
    const signed = await findSigned(config, facts.keyFingerprint);
    return respond(request, certificatePage({ logged, facts, signed }), site);
  }
  const { certificateEntry, hit } = await findIndexed(config, logged, facts);
  const shown = withIndexed(facts, hit);
  return respond(request, signaturePage({ href: site.href, logged, facts: shown, certificateEntry }), site);
}

/** A signature in the search index; null where the index has nothing, or does not answer. */
interface Indexed {
  /** The entry of the certificate log with the same key. */
  readonly certificateEntry: SearchHit | null;
  /** The entry itself. */
  readonly hit: SearchHit | null;
}

/** Nearly every key has two entries, its certificate and one signature. One more tells that it has others. */
const MOST_KEYS_HAVE = 3;

/** One search finds both, for nearly every key. */
async function findIndexed(config: Config, logged: LoggedEntry, facts: SignatureFacts): Promise<Indexed> {
  const findHit = (): Promise<SearchHit | null> =>
    facts.signed.kind === "digest" ? findByLeaf(config, logged) : Promise.resolve(null);
  if (facts.holder === null) return { certificateEntry: null, hit: await findHit() };
  const answer = await findByKey(config, { publicKey: facts.keyFingerprint, limit: String(MOST_KEYS_HAVE) });
  const { hits, nextCursor } = answer ?? { hits: [], nextCursor: null };
  const hit = hits.find(({ log, index }) => log === logged.log && index === logged.leafIndex) ?? null;
  const certificateEntry = hits.find(({ digest }) => digest === null) ?? null;
  if (nextCursor === null || (hit !== null && certificateEntry !== null)) return { certificateEntry, hit };
  const certificates = await findByKey(config, { publicKey: facts.keyFingerprint, kind: "certificate", limit: "1" });
  return {
    certificateEntry: certificateEntry ?? certificates?.hits[0] ?? null,
    hit: hit ?? (await findHit()),
  };
}

async function findByKey({ log }: Config, query: Readonly<Record<string, string>>): Promise<SearchAnswer | null> {
  const answer = await log.search(new URLSearchParams(query).toString());
  return answer.ok ? answer.value : null;
}

async function findByLeaf(
  { log }: Config,
  { leafIndex, log: name, shown, timestamp }: LoggedEntry,
): Promise<SearchHit | null> {
  // The time leads the index to the entry at once.
  const time = formatRfc3339(timestamp);
  const nextSecond = formatRfc3339(unixMs(timestamp + 1000));
  const leaf = encodeHex(leafHash(shown.body));
  const answer = await log.search(
    new URLSearchParams({ leaf, log: name, since: time, until: nextSecond, limit: "1" }).toString(),
  );
  const hit = answer.ok ? answer.value.hits[0] : undefined;
  return hit?.index === leafIndex ? hit : null;
}

/** At most so many signatures of one certificate are listed. */
const MAX_SIGNED = 20;

/** Signatures with a key, newest first. Null if the index does not answer. */
async function findSigned(
  config: Config,
  publicKey: string,
): Promise<{ readonly hits: readonly SearchHit[]; readonly hasMore: boolean } | null> {
  const answer = await findByKey(config, { publicKey, limit: String(MAX_SIGNED + 1) });
  if (answer === null) return null;
  const hits = answer.hits.filter(({ digest }) => digest !== null);
  return { hits: hits.slice(0, MAX_SIGNED), hasMore: hits.length > MAX_SIGNED };
}

interface NamedEntry {
  readonly logged: ReadEntry;
  readonly facts: SignatureFacts | CertificateFacts;
}

/** Reads the entry that the path names. */
async function readNamedEntry(request: Request, { log }: Config): Promise<Result<NamedEntry, Problem>> {
  const [, , name = "", file = ""] = new URL(request.url).pathname.replace(/\/{2,}/g, "/").split("/");
  const index = parseDecimal(file.replace(/\.(?:sigstore\.json|pem)$/, ""));
  const logName = decodePart(name);
  if (index === null || logName === null)
    return err({
      status: 404,
      title: "No such entry",
      lead: "An entry has a number: /entry/signature/0 is the first of the log of signatures.",
    });
  const found = await log.readEntry(logName, index);
  if (found.ok) {
    const facts = readFacts(found.value);
    return facts === null
      ? err({
          status: 503,
          title: "This entry cannot be shown",
          lead: "It is in the log, and this version of the site cannot read it. Ask for it as JSON.",
          ways: [{ href: `/api/entries/${index}?log=${encodeURIComponent(logName)}`, text: "The entry as JSON" }],
        })
      : ok({ logged: found.value, facts });
  }
  switch (found.error.code) {
    case "entry_log_unknown":
      return err({
        status: 404,
        title: "There is no such log",
        lead: "The logs page lists the logs that exist.",
        ways: [{ href: "/logs", text: "The logs" }],
      });
    case "beyond_head":
      return err(await describeBeyond(log, logName, index));
    case "entry_unreadable":
      return err({
        status: 503,
        title: "This part of the log cannot be read now",
        lead: "The operator’s log has the details. Reload the page in a minute.",
      });
    default:
      return unreachable(found.error);
  }
}

/** Says what there is. */
async function describeBeyond(log: Config["log"], name: string, index: number): Promise<Problem> {
  const size = (await log.readHeads()).find((one) => one.name === name)?.head?.treeSize ?? 0;
  const range = size === 0 ? "" : `, numbered from 0 to ${formatNumber(size - 1)}`;
  return {
    status: 404,
    title: `There is no entry ${formatNumber(index)}`,
    lead: `The log has ${formatCount(size, "entry", "entries")}${range}. If the entry was made in the last seconds, load the page again.`,
    ways: size === 0 ? [] : [{ href: entryHref(name, size - 1), text: "Newest entry" }],
  };
}

/** Responds with a file, and with 304 to whoever has it. */
function respondWithFile(request: Request, text: string, contentType: string): Response {
  const file = { body: encodeUtf8(text), contentType, cacheControl: CACHE_CONTROL.revalidate };
  const response = respondWith(request, file);
  response.headers.set("x-content-type-options", "nosniff");
  return response;
}

/** The signature as a bundle. */
export async function serveBundle(request: Request, config: Config): Promise<Response> {
  const found = await readNamedEntry(request, config);
  if (!found.ok) return respondToProblem(request, found.error);
  const { logged, facts } = found.value;
  if (facts.kind === "issued" || facts.signed.kind === "statement")
    return respondToProblem(request, {
      status: 404,
      title: "This entry has no bundle",
      lead: "Only the log of signatures has them, and of a statement the log keeps the digest alone: the bundle is where its maker published it.",
      ways: [{ href: entryHref(logged.log, logged.leafIndex), text: "The entry" }],
    });
  const name = `${logged.log}-${logged.leafIndex}.sigstore.json`;
  const response = respondWithFile(request, JSON.stringify(bundleJson(logged, facts)), "application/json");
  response.headers.set("content-disposition", `attachment; filename="${name}"`);
  return response;
}

/** The certificate in PEM; of a certificate log, as it was submitted. */
export async function servePem(request: Request, config: Config): Promise<Response> {
  const found = await readNamedEntry(request, config);
  if (!found.ok) return respondToProblem(request, found.error);
  const { logged, facts } = found.value;
  if (facts.holder === null)
    return respondToProblem(request, {
      status: 404,
      title: "This entry has no certificate",
      lead: "It was made with a key that no certificate names.",
      ways: [{ href: entryHref(logged.log, logged.leafIndex), text: "The entry" }],
    });
  const lines = encodeBase64(facts.holder.certificate.der).replace(/.{64}(?=.)/g, "$&\n");
  const pem = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  return respondWithFile(request, pem, "application/x-pem-file");
}
