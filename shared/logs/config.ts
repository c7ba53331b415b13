// SPDX-License-Identifier: Apache-2.0
// The logs of a deployment. A log is a row of configuration; one Durable Object class serves all of them.

import type { PublicUrl } from "../http/public-url.ts";
import type { UnixMs } from "../time.ts";
import { FIRST_KINDS, type FirstKind, LOG_KINDS, type LogKind } from "./kinds.ts";

/** The configuration of one log. */
export interface LogConfig {
  /** Name of the Durable Object and of the log in the search index, and prefix of the log's objects in R2. */
  readonly name: string;
  readonly kind: LogKind;
  /** First line of every checkpoint: a host name, or the submission prefix without its scheme (LOG_KINDS). */
  readonly origin: string;
  /** URL of the log in the trusted root and for clients, without a trailing slash. */
  readonly baseUrl: string;
  /** Authority that the log is served on. Requests to any other are not answered for it. */
  readonly host: string;
  /**
   * Whether the settings freeze the log. Freezing is irreversible, whatever they say later (LogDescription.frozenAt).
   */
  readonly isFrozen: boolean;
  /**
   * When the CA and the signing config begin to prefer it to older logs, so that clients learn its key before. Null: at
   * once.
   */
  readonly usedFrom: UnixMs | null;
}

/** The first logs, by their kinds. */
export type Logs = Readonly<Record<FirstKind, LogConfig>>;

/** The first logs: behind the public URL, and each named after its kind. SHARDS opens more (shards.ts). */
export function logsOf(publicUrl: PublicUrl): Logs {
  const open = (kind: LogKind): LogConfig => openLog({ name: kind, kind, url: publicUrl });
  const [signature, certificate] = FIRST_KINDS;
  return { [signature]: open(signature), [certificate]: open(certificate) };
}

/** A log that accepts entries, at the path of its kind below a URL. */
export function openLog({
  name,
  kind,
  url,
}: Pick<LogConfig, "name" | "kind"> & { readonly url: PublicUrl }): LogConfig {
  const { basePath, originOf } = LOG_KINDS[kind];
  const baseUrl = `${url.href}${basePath}`;
  return {
    name,
    kind,
    host: url.host,
    origin: originOf(baseUrl),
    baseUrl,
    isFrozen: false,
    usedFrom: null,
  };
}

/** The R2 key of an object of a log. `path` is as in its public URL: `tile/0/000`. */
export const objectKey = (log: LogConfig, path: string): string => `${log.name}/${path}`;
