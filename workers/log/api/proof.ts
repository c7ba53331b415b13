// SPDX-License-Identifier: Apache-2.0
// Proofs for clients that do not read tiles: GET /api/proof/inclusion?index=&size= and
// /api/proof/consistency?from=&to=. `size` and `to` default to the newest tree. Every proof is verified against the
// signed head before it is sent.

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { parseDecimal } from "../../../shared/bytes/decimal.ts";
import { CACHE_CONTROL, PUBLIC_READ } from "../../../shared/http/cache.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { type Config } from "../env.ts";
import type { ProofQueryError } from "../errors.ts";
import { readerOf } from "../reading/limited-reader.ts";
import { type ProvenTree, proveConsistency, proveInclusionIn } from "../reading/prover.ts";
import { type LogSite, selectSite } from "../sites.ts";
import { renderJsonError } from "../status.ts";

/** `second` is null if the query is about the newest tree. */
interface ProofQuery {
  readonly site: LogSite;
  readonly first: number;
  readonly second: number | null;
}

/** Answers with the leaf at an index, and the proof that the tree of the given size holds it. */
export async function serveInclusion(request: Request, config: Config): Promise<Response> {
  const query = parseProofQuery(request, config, ["index", "size"]);
  if (!query.ok) return renderJsonError(request, query.error);
  const { site, first: leafIndex, second: treeSize } = query.value;
  if (treeSize !== null && leafIndex >= treeSize) return renderJsonError(request, rejectInvalid("index_above_size"));
  const proven = await proveInclusionIn(readerOf(config, site, clientNetwork(request)), leafIndex, treeSize);
  if (!proven.ok) return renderJsonError(request, proven.error);
  const { leaf, tree, proof } = proven.value;
  const leafHash = encodeBase64(leaf);
  return proofResponse(
    { log: site.log.name, index: leafIndex, leafHash, ...toJson(tree), hashes: proof.map(encodeBase64) },
    tree,
  );
}

/** Answers with the proof that the tree of one size is a prefix of the tree of a larger size. */
export async function serveConsistency(request: Request, config: Config): Promise<Response> {
  const query = parseProofQuery(request, config, ["from", "to"]);
  if (!query.ok) return renderJsonError(request, query.error);
  const { site, first: oldSize, second: newSize } = query.value;
  if (newSize !== null && oldSize > newSize) return renderJsonError(request, rejectInvalid("from_above_to"));
  const proven = await proveConsistency(readerOf(config, site, clientNetwork(request)), oldSize, newSize);
  if (!proven.ok) return renderJsonError(request, proven.error);
  const { from, to, proof } = proven.value;
  return proofResponse({ log: site.log.name, from: toJson(from), to: toJson(to), hashes: proof.map(encodeBase64) }, to);
}

const toJson = ({ treeSize, rootHash }: ProvenTree): object => ({ treeSize, rootHash: encodeBase64(rootHash) });

/** `checkpoint` is the signed note of the tree in which the proof ends, null if that tree is not the newest. */
function proofResponse(json: object, { checkpoint }: ProvenTree): Response {
  return Response.json({ ...json, checkpoint }, { headers: { ...PUBLIC_READ, "cache-control": CACHE_CONTROL.none } });
}

/** Rejects unknown and repeated parameters: with a misspelled `size` the proof would be for another tree. */
function parseProofQuery(
  request: Request,
  config: Config,
  [first, second]: readonly [string, string],
): Result<ProofQuery, ProofQueryError> {
  const { searchParams } = new URL(request.url);
  const names = [...searchParams.keys()];
  if (names.some((name) => ![first, second, "log"].includes(name))) return err(rejectInvalid("unknown"));
  if (new Set(names).size !== names.length) return err(rejectInvalid("repeated"));
  const site = selectSite(config, request);
  if (site === null) return err(rejectInvalid("log"));
  const given = parseDecimal(searchParams.get(first) ?? "");
  if (given === null) return err(rejectInvalid("number"));
  const other = searchParams.get(second);
  const number = other === null ? null : parseDecimal(other);
  return other !== null && number === null ? err(rejectInvalid("number")) : ok({ site, first: given, second: number });
}

const rejectInvalid = (problem: ProofQueryError["problem"]): ProofQueryError => ({
  code: "proof_query_invalid",
  problem,
});
