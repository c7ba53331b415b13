// SPDX-License-Identifier: Apache-2.0
// The logs of a deployment. A log is a row of configuration; one Durable Object class serves them all.

import type { PublicUrl } from "./http/public-url.ts";

export interface LogConfig {
  /** The Durable Object's name, the prefix of the log's objects in R2, and its name in the search index. */
  readonly name: string;
  readonly kind: "signature" | "certificate";
  /** First line of every checkpoint. Bare host name, or the schemeless submission prefix of the certificate log. */
  readonly origin: string;
  /** What trusted root and clients call the log: no trailing slash. */
  readonly baseUrl: string;
}

export interface Logs {
  readonly signature: LogConfig;
  readonly certificate: LogConfig;
}

/**
 * The two logs behind a public URL. The origin of the signature log has no port, as sigstore-go compares it with the URL's
 * host name; that of the certificate log is the submission prefix without its scheme (static-ct-api).
 */
export function logsOf(publicUrl: PublicUrl): Logs {
  return {
    signature: { name: "signature", kind: "signature", origin: publicUrl.hostname, baseUrl: publicUrl.href },
    certificate: {
      name: "certificate",
      kind: "certificate",
      origin: `${publicUrl.host}/ct`,
      baseUrl: `${publicUrl.href}/ct`,
    },
  };
}

/** Where an immutable object of a log lies in R2; `path` as in its public URL (`tile/0/000`). */
export const objectKey = (log: LogConfig, path: string): string => `${log.name}/${path}`;
