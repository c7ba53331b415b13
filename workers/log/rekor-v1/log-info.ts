// SPDX-License-Identifier: Apache-2.0
// GET /api/v1/log, its public key, and consistency proofs.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (getLogInfo, getPublicKey, getLogProof)

import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodePem } from "../../../shared/bytes/pem.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import { treeIdOf } from "../../../shared/rekor-v1/entry-id.ts";
import { parseVkey } from "../../../shared/tlog/vkey.ts";
import type { Config } from "../env.ts";
import { readerOf } from "../reading/limited-reader.ts";
import { proveConsistency } from "../reading/prover.ts";
import type { LogSite } from "../sites.ts";
import { readIntegers } from "./parameters.ts";
import { respondJson } from "./respond.ts";
import { asksImpossible, breaksSchema, type QueryProblem, renderQueryProblem, renderReadError } from "./status.ts";

/** Answers with the newest tree. Each host has one log of this protocol, so there are no inactive shards. */
export async function serveLogInfo(request: Request, config: Config, site: LogSite): Promise<Response> {
  const { tail, admit } = readerOf(config, site, clientNetwork(request));
  const head = await tail.readHead(admit);
  if (!head.ok) return renderReadError(request, head.error);
  const { rootHash, treeSize, checkpoint } = head.value;
  return respondJson({
    inactiveShards: null,
    rootHash: encodeHex(rootHash),
    signedTreeHead: checkpoint,
    treeID: String(treeIdOf(site.log.baseUrl)),
    treeSize,
  });
}

/** Answers with the key that signs promises and checkpoints. */
export async function servePublicKey(request: Request, config: Config, site: LogSite): Promise<Response> {
  const problem = checkTreeId(request, site);
  if (problem !== null) return renderQueryProblem(problem);
  // An isolate asks the sequencer once, but each time as long as it does not answer.
  const { admit } = readerOf(config, site, clientNetwork(request));
  if (!(await admit())) return renderReadError(request, { code: "reads_limited" });
  const [text = ""] = await site.vkeys();
  const vkey = parseVkey(text);
  if (!vkey.ok) throw new TypeError("the log describes itself with a wrong key");
  const headers = { "content-type": "application/x-pem-file", "cache-control": "no-store" };
  return new Response(encodePem("PUBLIC KEY", vkey.value.key), { headers });
}

/** Proves that the tree of `lastSize` leaves extends that of `firstSize`. `rootHash` is that of the newest tree. */
export async function serveProof(request: Request, config: Config, site: LogSite): Promise<Response> {
  const rule = { least: 1 };
  const query = readIntegers(request, {
    firstSize: { ...rule, needed: false },
    lastSize: { ...rule, needed: true },
  });
  if (!query.ok) return renderQueryProblem(query.error);
  const { firstSize, lastSize } = query.value;
  const [first, last] = [firstSize ?? 1, lastSize ?? 1];
  if (first > last)
    return renderQueryProblem(asksImpossible(`firstSize(${first}) must be less than lastSize(${last})`));
  const problem = checkTreeId(request, site);
  if (problem !== null) return renderQueryProblem(problem);
  const reader = readerOf(config, site, clientNetwork(request));
  const proven = await proveConsistency(reader, first, last);
  const head = await reader.tail.readHead(reader.admit);
  if (!head.ok) return renderReadError(request, head.error);
  if (!proven.ok && proven.error.code === "beyond_head") {
    const message = `the tree size requested(${last}) was greater than what is currently observable(${head.value.treeSize})`;
    return renderQueryProblem(asksImpossible(message));
  }
  if (!proven.ok) return renderReadError(request, proven.error);
  return respondJson({ hashes: proven.value.proof.map(encodeHex), rootHash: encodeHex(head.value.rootHash) });
}

/** Checks `?treeID=`, which rekor-cli sends empty if it means the newest tree. Null if nothing is wrong with it. */
function checkTreeId(request: Request, { log }: LogSite): QueryProblem | null {
  const text = new URL(request.url).searchParams.get("treeID") ?? "";
  if (text === "") return null;
  if (!/^\d{1,19}$/.test(text)) return breaksSchema(605, "treeID in query should match '^[0-9]+$'");
  return BigInt(text) === treeIdOf(log.baseUrl) ? null : asksImpossible(`no log range found for tree ID ${text}`);
}
