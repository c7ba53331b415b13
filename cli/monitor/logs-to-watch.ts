// SPDX-License-Identifier: Apache-2.0
// Finds the logs at the beginning of every pass: by keys, by the file of a trusted root, or by TUF from a deployment,
// whose first root of trust is pinned in the state.

import { readFileSync } from "node:fs";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { formatVkey } from "../../shared/tlog/note.ts";
import { readFile } from "../audit/known-log.ts";
import { readPublishedRoot } from "../served-log/published-root.ts";
import { readTrustedRoot } from "../served-log/trusted-root.ts";
import { updateByTuf } from "../verify/trust.ts";
import type { ConfiguredLog } from "./config/config.ts";
import type { Journal } from "./journal.ts";
import type { Options } from "./options.ts";
import { metadataExpiry } from "./scan/expiry.ts";
import { type Targets, targetOfKeys, targetsOfRoot } from "./scan/targets.ts";

type FindTargets = () => Promise<Result<Targets, string>>;

/** Makes the search. The error of the search is a line for the operator. */
export function logsToWatch({ url, keys, only, stateFile }: Options, journal: Journal, now: () => number): FindTargets {
  const parse = (json: Uint8Array, isVouchedFor: boolean): Result<Targets, string> => {
    const root = readTrustedRoot(json);
    return root.ok ? checkFound(targetsOfRoot(root.value, { only, now: now(), isVouchedFor }), only) : root;
  };
  if (keys.kind === "keys") return () => Promise.resolve(targetOfKeys(url, keys.vkeys, keys.logKind));
  if (keys.kind === "file") {
    return () => {
      const json = readFile(keys.path);
      return Promise.resolve(json.ok ? parse(json.value, true) : json);
    };
  }
  return async () => {
    const first = journal.state.tufRoot ?? (keys.root === null ? null : readFileSync(keys.root, "utf8"));
    const updated = await updateByTuf({ url, folder: `${stateFile}.tuf`, firstRoot: first });
    if (updated.ok) {
      const { firstRoot, trustedRoot, expiries } = updated.value;
      journal.update({ tufRoot: firstRoot });
      const found = parse(encodeUtf8(trustedRoot), true);
      return found.ok
        ? ok({ ...found.value, expiries: [...expiries.map(metadataExpiry), ...found.value.expiries] })
        : found;
    }
    // A deployment with TUF, once seen, must not fall back to what its server says.
    if (first !== null) return updated;
    const published = await readPublishedRoot(new URL(url).origin);
    if (!published.ok) return err(`${updated.error}; ${published.error}`);
    return checkFound(targetsOfRoot(published.value, { only, now: now(), isVouchedFor: false }), only);
  };
}

/** A filter that matches nothing would watch nothing, silently. */
function checkFound(targets: Targets, only: readonly string[]): Result<Targets, string> {
  const urls = [...targets.logs, ...targets.unusable].map(({ url }) => url);
  const missing = only.find((url) => !urls.includes(url));
  if (missing !== undefined) return err(`the trusted root lists no log at ${missing}`);
  return urls.length === 0 ? err("the trusted root lists no log") : ok(targets);
}

/** Adds the logs of the configuration to those that a search finds. */
export function withLogs(find: FindTargets, configured: readonly ConfiguredLog[]): FindTargets {
  const added = configured.map(({ url, kind, vkey: { name, keyId, type, key } }) => {
    const vkeys = [formatVkey(name, keyId, type, key)];
    return { url, kind, origin: name, vkeys, isEnded: false };
  });
  return async () => {
    const found = await find();
    return found.ok ? ok({ ...found.value, logs: [...found.value.logs, ...added] }) : found;
  };
}
