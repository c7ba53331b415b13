// SPDX-License-Identifier: Apache-2.0
// The issuers of a certificate log's entries, which name them by fingerprint. An entry is readable for as long as its
// issuers are, and settings forget the chains of authorities that went out of use long ago. So each certificate of the
// settings is stored in R2, once. Spec: https://c2sp.org/static-ct-api#issuers

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import { objectKey } from "../../../shared/logs/config.ts";
import type { Config } from "../env.ts";
import type { LogSite } from "../sites.ts";
import { renderTextError } from "../status.ts";

/** The configurations of this isolate whose certificates are stored. */
const stored = new WeakMap<Config, Set<string>>();
const FINGERPRINT = /^[0-9a-f]{64}$/;

const issuerKey = ({ log }: LogSite, fingerprint: string): string => objectKey(log, `issuer/${fingerprint}`);

/**
 * Stores every certificate of the settings that R2 does not have, once per isolate and log. R2 may be out: then a later
 * request stores them, and this one goes on without.
 */
export async function storeIssuers(config: Config, site: LogSite): Promise<void> {
  const done = stored.get(config) ?? new Set();
  if (done.has(site.log.name)) return;
  const certificates = new Map(
    config.authorities.flatMap(({ chain }) => chain.map(({ der }) => [encodeHex(sha256(der)), der])),
  );
  try {
    for (const [fingerprint, der] of certificates) await storeOne(config, issuerKey(site, fingerprint), der);
    stored.set(config, done.add(site.log.name));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(JSON.stringify({ code: "issuers_not_stored", log: site.log.name, reason }));
  }
}

/** The name of the object is the hash of its contents, so that its first creator has created the right one. */
async function storeOne({ objects }: Config, key: string, der: Uint8Array): Promise<void> {
  if ((await objects.get(key)) === null) await objects.create(key, der);
}

/** Answers with the certificate of this SHA-256 (lower-case hex): of the settings, or of any time before. */
export async function serveIssuer(request: Request, config: Config, site: LogSite): Promise<Response> {
  await storeIssuers(config, site);
  const fingerprint = new URL(request.url).pathname.split("/").at(-1) ?? "";
  const body = FINGERPRINT.test(fingerprint) ? await readIssuer(config, site, fingerprint) : null;
  if (body === null) return renderTextError(request, { code: "issuer_unknown" });
  return respondWith(request, { body, contentType: "application/pkix-cert", cacheControl: CACHE_CONTROL.immutable });
}

async function readIssuer(
  { authorities, objects }: Config,
  site: LogSite,
  fingerprint: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const known = authorities.flatMap(({ chain }) => chain).find(({ der }) => encodeHex(sha256(der)) === fingerprint);
  if (known !== undefined) return new Uint8Array(known.der);
  const body = await objects.get(issuerKey(site, fingerprint));
  if (body !== null && encodeHex(sha256(body)) !== fingerprint) throw new Error("an issuer in R2 is damaged");
  return body;
}
