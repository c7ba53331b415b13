// SPDX-License-Identifier: Apache-2.0
// The logs of a deployment. A log is a row of configuration; one Durable Object class serves them all.

import type { PublicUrl } from "../http/public-url.ts";
import type { UnixMs } from "../time.ts";
import { LOG_KINDS, type LogKind } from "./kinds.ts";

export interface LogConfig {
  /** The Durable Object's name, the prefix of the log's objects in R2, and its name in the search index. */
  readonly name: string;
  readonly kind: LogKind;
  /** First line of every checkpoint. Bare host name, or the schemeless submission prefix of the certificate log. */
  readonly origin: string;
  /** What trusted root and clients call the log: no trailing slash. */
  readonly baseUrl: string;
  /** Authority that the log is served on: no other one is answered for it. */
  readonly host: string;
  /** The settings freeze it. A log that has been frozen stays so, whatever they say later (LogDescription.frozenAt). */
  readonly isFrozen: boolean;
  /** From when on the CA and the signing config prefer it to older logs, null for at once: clients learn its key before. */
  readonly usedFrom: UnixMs | null;
}

/** The first log of each kind. */
export type Logs = Readonly<Record<LogKind, LogConfig>>;

/** The two first logs, behind the public URL; SHARDS opens further ones (shards.ts). */
export function logsOf(publicUrl: PublicUrl): Logs {
  return {
    signature: openLog({ name: "signature", kind: "signature", url: publicUrl }),
    certificate: openLog({ name: "certificate", kind: "certificate", url: publicUrl }),
  };
}

/** A log that takes entries, at the address that its kind has below a URL. */
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

/** Where an immutable object of a log lies in R2; `path` as in its public URL (`tile/0/000`). */
export const objectKey = (log: LogConfig, path: string): string => `${log.name}/${path}`;
