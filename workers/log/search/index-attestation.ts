// SPDX-License-Identifier: Apache-2.0
// POST /api/search/attestations: makes an attestation findable by what it attests. cosign and sigstore-python log only
// the digest of what they sign, so the log never sees the statement. Anyone may send the envelope: it must be
// what the entry's signature covers, and its subjects become search terms of that entry.
//
// The terms are in D1 alone. Rebuilding the index from an empty database loses them; sending the envelope again is
// safe.

import { equal } from "../../../shared/bytes/bytes.ts";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { HASHES, type HashAlgorithm, hashMessage } from "../../../shared/crypto/hash.ts";
import { SIGNATURE_SCHEMES } from "../../../shared/crypto/key-details.ts";
import { readBody } from "../../../shared/http/body.ts";
import { CACHE_CONTROL } from "../../../shared/http/cache.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { member } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { bytes, ignore, message, string } from "../../../shared/json/proto.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { preAuthEncoding, readAttestationHints } from "../../../shared/rekor/dsse.ts";
import { decodeEntry } from "../../../shared/rekor/entry.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { termKey } from "../../../shared/search/terms.ts";
import { ROUTES } from "../declaration.ts";
import type { Config } from "../env.ts";
import type { AttestationError, LogError } from "../errors.ts";
import { readerOf } from "../reading/limited-reader.ts";
import { readEntry } from "../reading/log-reader.ts";
import { siteByName } from "../sites.ts";
import { renderJsonError } from "../status.ts";
import { askForDigests } from "./query.ts";
import { listIndexedLogs } from "./search.ts";
import { addAttestation, type Hit, searchPage } from "./search-index.ts";

const MAX_BODY_BYTES = maxBodyBytesOf(ROUTES, "indexAttestation");
/** Signatures over one envelope whose entries are found; each costs a read of the log. */
const MAX_ENTRIES = 4;
/** Nearly every signature covers a SHA-256. The others are computed only if nothing is found by it. */
const HASH_ORDER: readonly HashAlgorithm[] = ["SHA-256", "SHA-384", "SHA-512"];

/** Answers with the entries that are found by the subjects from now on. */
export async function indexAttestation(request: Request, config: Config): Promise<Response> {
  const indexed = await indexEnvelope(request, config);
  if (!indexed.ok) return renderJsonError(request, indexed.error);
  const { entries, digests } = indexed.value;
  const shown = entries.map(({ log, leafIndex }) => ({ log, index: leafIndex }));
  return Response.json({ entries: shown, digests }, { headers: { "cache-control": CACHE_CONTROL.none } });
}

interface Indexed {
  readonly entries: readonly Hit[];
  readonly digests: readonly string[];
}

async function indexEnvelope(request: Request, config: Config): Promise<Result<Indexed, LogError>> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return body;
  const envelope = parseEnvelope(body.value);
  if (!envelope.ok) return envelope;
  const { payloadType, payload } = envelope.value;
  const { subjectDigests: digests, payloadHash, predicateType } = readAttestationHints(payloadType, payload);
  if (digests.length === 0) return err({ code: "attestation_invalid", problem: "subjects" });
  const entries = await findEntries(request, config, preAuthEncoding(payloadType, payload));
  if (!entries.ok) return entries;
  const terms = [
    ...[payloadHash, ...digests].map((digest) => termKey("digest", digest)),
    ...(predicateType === null ? [] : [termKey("predicateType", predicateType)]),
  ];
  for (const entry of entries.value) {
    const added = await addAttestation(config.index, entry, terms);
    if (!added.ok) return added;
  }
  return ok({ entries: entries.value, digests });
}

const decodeEnvelope = message({ payload: bytes, payloadType: string, signatures: ignore }, "reject");

interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
}

/** Reads a DSSE envelope, or the one in a Sigstore bundle. Signatures are not needed: the entry has one. */
function parseEnvelope(body: Uint8Array): Result<Envelope, AttestationError> {
  const json = parseJson(body);
  if (!json.ok) return err({ code: "attestation_invalid", problem: "json" });
  const envelope = decodeEnvelope(member(json.value, "dsseEnvelope") ?? json.value, "");
  const { payload, payloadType } = envelope.ok ? envelope.value : {};
  return payload === undefined || payloadType === undefined
    ? err({ code: "attestation_invalid", problem: "envelope" })
    : ok({ payload, payloadType });
}

/** The newest entries whose signature covers `signed`. D1 only suggests them: each leaf is read. */
async function findEntries(
  request: Request,
  config: Config,
  signed: Uint8Array,
): Promise<Result<readonly Hit[], LogError>> {
  const all = await listIndexedLogs(config.sites);
  const logs = config.sites.filter(({ log }) => LOG_KINDS[log.kind].logsDigests).map(({ log }) => log.name);
  for (const hash of HASH_ORDER) {
    const digest = await hashMessage(hash, signed);
    const digests = [termKey("digest", `${HASHES[hash].short}:${encodeHex(digest)}`)];
    const page = await searchPage(config.index, { ...askForDigests(digests), logs, limit: MAX_ENTRIES }, all);
    if (!page.ok) return page;
    const covering: Hit[] = [];
    for (const hit of page.value.hits) {
      const covers = await isOver(request, config, { hit, hash, digest });
      if (!covers.ok) return covers;
      if (covers.value) covering.push(hit);
    }
    if (covering.length > 0) return ok(covering);
  }
  return err({ code: "attestation_unknown" });
}

interface Suggestion {
  readonly hit: Hit;
  readonly hash: HashAlgorithm;
  readonly digest: Uint8Array;
}

/** Whether the signature in the entry covers the digest. An attestation is found by its subjects, too. */
async function isOver(
  request: Request,
  config: Config,
  { hit, hash, digest }: Suggestion,
): Promise<Result<boolean, LogError>> {
  const site = siteByName(config, hit.log);
  if (site === null) return ok(false);
  const found = await readEntry(readerOf(config, site, clientNetwork(request)), hit.leafIndex);
  if (!found.ok) return found;
  const entry = decodeEntry(found.value.record);
  if (!entry.ok) return err({ code: "record_damaged", log: hit.log, leafIndex: hit.leafIndex });
  const { verifier } = entry.value;
  return ok(SIGNATURE_SCHEMES[verifier.keyDetails].hash === hash && equal(entry.value.digest, digest));
}
