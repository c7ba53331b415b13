// SPDX-License-Identifier: Apache-2.0
// GET /api/v1/log/entries by index, and by UUID or entry ID. An entry that the log does not have is 404 without a body.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (getLogEntryByIndex, getLogEntryByUUID)

import { clientNetwork } from "../../../shared/http/client-address.ts";
import { type EntryId, parseEntryId, treeIdOf } from "../../../shared/rekor-v1/entry-id.ts";
import type { Config } from "../env.ts";
import { readerOf } from "../reading/limited-reader.ts";
import type { LogSite } from "../sites.ts";
import { readLogEntry } from "./log-entry.ts";
import { readIntegers } from "./parameters.ts";
import { respondJson } from "./respond.ts";
import { answerNoEntry, asksImpossible, breaksSchema, renderQueryProblem, renderReadError } from "./status.ts";

/** Answers with the entry at `?logIndex=`. */
export async function serveByIndex(request: Request, config: Config, site: LogSite): Promise<Response> {
  const query = readIntegers(request, { logIndex: { least: 0, needed: true } });
  if (!query.ok) return renderQueryProblem(query.error);
  return await serveEntryAt(request, config, site, query.value.logIndex ?? 0);
}

/** Answers with the entry of the ID at the end of the path. */
export async function serveById(request: Request, config: Config, site: LogSite): Promise<Response> {
  const text = new URL(request.url).pathname.replace(/\/+$/, "").replace(/^.*\//, "");
  const id = parseEntryId(text);
  if (id === null) return renderQueryProblem(breaksSchema(605, `entryUUID in path should match '${ID_PATTERN}'`));
  if (isImpossible(id)) {
    const tree = text.slice(0, 16);
    return renderQueryProblem(asksImpossible(`validation error: invalid TreeID: ${tree}: ${TREE_ID_RULE}`));
  }
  if (!isOfTree(site, id)) return answerNoEntry();
  const [leafIndex = null] = await site.sequencer().findEntries([id.leafHash]);
  return leafIndex === null ? answerNoEntry() : await serveEntryAt(request, config, site, leafIndex);
}

/** The form of a UUID or entry ID, as messages have it. */
export const ID_PATTERN = "^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$";
const TREE_ID_RULE = "must be positive, and fit into 63 bits";

/** Whether no tree can have this ID. */
export const isImpossible = ({ treeId }: EntryId): boolean => treeId !== null && (treeId === 0n || treeId >= 1n << 63n);

/** Whether the ID names an entry of this log, or of any. */
export const isOfTree = ({ log }: LogSite, { treeId }: EntryId): boolean =>
  treeId === null || treeId === treeIdOf(log.baseUrl);

async function serveEntryAt(request: Request, config: Config, site: LogSite, leafIndex: number): Promise<Response> {
  const entry = await readLogEntry(readerOf(config, site, clientNetwork(request)), site, leafIndex);
  if (entry.ok) return respondJson(entry.value);
  return entry.error.code === "beyond_head" ? answerNoEntry() : renderReadError(request, entry.error);
}
