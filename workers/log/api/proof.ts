// SPDX-License-Identifier: Apache-2.0
// Proofs for those who do not want to walk tiles. GET /api/proof/inclusion?index=&size= and /api/proof/consistency?from=&to=:
// `size` and `to` are the newest tree by default. What is answered has been verified against the signed head.

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { parseDecimal } from "../../../shared/bytes/decimal.ts";
import { CACHE_CONTROL, PUBLIC_READ } from "../../../shared/http/cache.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { askedSite, type Config, type LogSite, readerOf, senderOf } from "../env.ts";
import type { ProofQueryError } from "../errors.ts";
import { type ProvenTree, proveConsistency, proveInclusionIn } from "../reading/prover.ts";
import { refuseJson } from "../status.ts";

/** The first number has to be given; without the second one it is the newest tree. */
interface Question {
  readonly site: LogSite;
  readonly first: number;
  readonly second: number | null;
}

/** Which leaf stands at an index, and the proof that it is in the tree of a size. */
export async function inclusion(request: Request, config: Config): Promise<Response> {
  const asked = parseQuestion(request, config, ["index", "size"]);
  if (!asked.ok) return refuseJson(request, asked.error);
  const { site, first: leafIndex, second: treeSize } = asked.value;
  if (treeSize !== null && leafIndex >= treeSize) return refuseJson(request, invalid("index_above_size"));
  const proven = await proveInclusionIn(readerOf(config, site, senderOf(request)), leafIndex, treeSize);
  if (!proven.ok) return refuseJson(request, proven.error);
  const { leaf, tree, proof } = proven.value;
  const leafHash = encodeBase64(leaf);
  return proofResponse(
    { log: site.log.name, index: leafIndex, leafHash, ...toJson(tree), hashes: proof.map(encodeBase64) },
    tree,
  );
}

/** That the tree of a size is a prefix of a larger one. */
export async function consistency(request: Request, config: Config): Promise<Response> {
  const asked = parseQuestion(request, config, ["from", "to"]);
  if (!asked.ok) return refuseJson(request, asked.error);
  const { site, first: oldSize, second: newSize } = asked.value;
  if (newSize !== null && oldSize > newSize) return refuseJson(request, invalid("from_above_to"));
  const proven = await proveConsistency(readerOf(config, site, senderOf(request)), oldSize, newSize);
  if (!proven.ok) return refuseJson(request, proven.error);
  const { from, to, proof } = proven.value;
  return proofResponse({ log: site.log.name, from: toJson(from), to: toJson(to), hashes: proof.map(encodeBase64) }, to);
}

const toJson = ({ treeSize, rootHash }: ProvenTree): object => ({ treeSize, rootHash: encodeBase64(rootHash) });

/** `checkpoint` is the signed note of the tree that the proof ends in, null if that is not the newest. */
function proofResponse(json: object, { checkpoint }: ProvenTree): Response {
  return Response.json({ ...json, checkpoint }, { headers: { ...PUBLIC_READ, "cache-control": CACHE_CONTROL.none } });
}

/** Unknown and repeated parameters are refused: a misspelt size would prove another tree than the one that was meant. */
function parseQuestion(
  request: Request,
  config: Config,
  [first, second]: readonly [string, string],
): Result<Question, ProofQueryError> {
  const { searchParams } = new URL(request.url);
  const names = [...searchParams.keys()];
  if (names.some((name) => ![first, second, "log"].includes(name))) return err(invalid("unknown"));
  if (new Set(names).size !== names.length) return err(invalid("repeated"));
  const site = askedSite(config, request);
  if (site === null) return err(invalid("log"));
  const given = parseDecimal(searchParams.get(first) ?? "");
  if (given === null) return err(invalid("number"));
  const other = searchParams.get(second);
  const number = other === null ? null : parseDecimal(other);
  return other !== null && number === null ? err(invalid("number")) : ok({ site, first: given, second: number });
}

const invalid = (problem: ProofQueryError["problem"]): ProofQueryError => ({ code: "proof_query_invalid", problem });
