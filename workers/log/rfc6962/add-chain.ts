// SPDX-License-Identifier: Apache-2.0
// Submission to the certificate log: add-chain, add-pre-chain and get-roots.
// Spec: RFC 6962 §4.1, §4.2, §4.7; https://c2sp.org/static-ct-api#submission-apis

import { decodeBase64, encodeBase64 } from "../../../shared/bytes/base64.ts";
import { checkChain } from "../../../shared/ct/chain.ts";
import type { SignedCertificateTimestamp } from "../../../shared/ct/sct.ts";
import { encodeDigitallySigned } from "../../../shared/ct/sct.ts";
import { readBody } from "../../../shared/http/body.ts";
import { CACHE_CONTROL, PUBLIC_READ } from "../../../shared/http/cache.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { CertificateSubmission } from "../../../shared/rpc/sequencer.ts";
import { certificateSearchRow } from "../../../shared/search/terms.ts";
import { unixMs } from "../../../shared/time.ts";
import { isInUse } from "../../../shared/trust/retired-keys.ts";
import { ROUTES } from "../declaration.ts";
import type { Config } from "../env.ts";
import type { ChainRequestError, LogError } from "../errors.ts";
import { isStale } from "../rekor-v2/write-budget.ts";
import { type LogSite, rejectIfFrozen } from "../sites.ts";
import { renderTextError } from "../status.ts";

const MAX_BODY_BYTES = maxBodyBytesOf(ROUTES, "addChain");
/** Twice the longest chain of a private CA. */
const MAX_CERTIFICATES = 8;

type Handler = (request: Request, config: Config, site: LogSite) => Promise<Response>;

/** Handles a chain for an entry of the given type: answers with its SCT. A duplicate gets the SCT that it has. */
export const addChain =
  (entryType: CertificateSubmission["entryType"]): Handler =>
  async (request, config, site) => {
    const frozen = rejectIfFrozen(config, site);
    if (frozen !== null) return renderTextError(request, frozen);
    const body = await readBody(request, MAX_BODY_BYTES);
    if (!body.ok) return renderTextError(request, body.error);
    const chain = parseChainRequest(body.value);
    if (!chain.ok) return renderTextError(request, chain.error);
    const checked = await checkAgainstAny(chain.value, config.authorities, entryType);
    if (!checked.ok) return renderTextError(request, checked.error);
    const { leaf, ...entry } = checked.value;
    // The log needs no certificate of a private CA that nobody can use, and a stranger could send it all old ones.
    if (isStale(leaf, config.policy.bounds.graceMs, unixMs(Date.now()))) {
      return renderTextError(request, { code: "submitted_certificate_expired", notAfter: leaf.notAfter });
    }
    const sct = await site.sequencer().appendCertificate({ ...entry, search: certificateSearchRow(leaf) });
    if (!sct.ok) return renderTextError(request, sct.error);
    return Response.json(sctJson(sct.value), { headers: { "cache-control": CACHE_CONTROL.none } });
  };

type Checked = Awaited<ReturnType<typeof checkChain>>;

/**
 * Runs checkChain against the chain of every CA. If all fail, returns the error for the issuing CA. What a retired key
 * signed is rejected at once: the CA fetches its SCT while it issues, so nothing is under way.
 */
async function checkAgainstAny(
  chain: readonly Uint8Array[],
  accepted: Config["authorities"],
  entryType: CertificateSubmission["entryType"],
): Promise<Checked | Result<never, LogError>> {
  const results: Checked[] = [];
  for (const { chain: issuers, retirement } of accepted) {
    const result = await checkChain(chain, issuers, entryType);
    if (result.ok && retirement !== null && !isInUse(retirement, unixMs(Date.now())))
      return err({ code: "submitted_issuer_retired", retiredAt: retirement.retiredAt });
    if (result.ok) return result;
    results.push(result);
  }
  const [first] = results;
  return first ?? (await checkChain(chain, [], entryType));
}

const rejectInvalid = (problem: ChainRequestError["problem"]): Result<never, ChainRequestError> =>
  err({ code: "chain_request_invalid", problem });

/** Parses `{"chain": [base64 DER, …]}` and nothing else. Fails with chain_request_invalid. */
function parseChainRequest(body: Uint8Array): Result<readonly Uint8Array[], ChainRequestError> {
  const json = parseJson(body);
  if (!json.ok) return rejectInvalid("json");
  const texts = chainMember(json.value);
  if (texts === null) return rejectInvalid("members");
  if (texts.length > MAX_CERTIFICATES) return rejectInvalid("too_many");
  const chain: Uint8Array[] = [];
  for (const text of texts) {
    const der = typeof text === "string" ? decodeBase64(text) : null;
    if (der === null || !der.ok) return rejectInvalid("base64");
    chain.push(der.value);
  }
  return ok(chain);
}

function chainMember(json: unknown): readonly unknown[] | null {
  if (typeof json !== "object" || json === null || Object.keys(json).join() !== "chain") return null;
  const chain: unknown = Reflect.get(json, "chain");
  return Array.isArray(chain) ? chain : null;
}

/** RFC 6962 §4.1: `signature` is the whole DigitallySigned. */
function sctJson({ logId, timestamp, extensions, signature }: SignedCertificateTimestamp): object {
  return {
    sct_version: 0,
    id: encodeBase64(logId),
    timestamp,
    extensions: encodeBase64(extensions),
    signature: encodeBase64(encodeDigitallySigned(signature)),
  };
}

/** Answers get-roots with the roots of the CAs that are not retired. */
export async function getRoots(_: Request, { authorities }: Config): Promise<Response> {
  const now = unixMs(Date.now());
  const accepted = authorities.filter(({ retirement }) => isInUse(retirement, now));
  const roots = accepted.flatMap(({ chain }) => chain.slice(-1)).map(({ der }) => encodeBase64(der));
  const certificates = [...new Set(roots)];
  return Response.json({ certificates }, { headers: { ...PUBLIC_READ, "cache-control": CACHE_CONTROL.settings } });
}
