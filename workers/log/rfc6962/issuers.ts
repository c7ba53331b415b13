// SPDX-License-Identifier: Apache-2.0
// The issuers of a certificate log's entries, which name them by fingerprint: those of the settings, and those that the
// sequencer has stored in R2 before it acknowledged the first entry that names them, because settings forget the
// chains of authorities that went out of use long ago. Spec: https://c2sp.org/static-ct-api#issuers

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import { objectKey } from "../../../shared/logs/config.ts";
import type { Config } from "../env.ts";
import type { LogSite } from "../sites.ts";
import { renderTextError } from "../status.ts";

const FINGERPRINT = /^[0-9a-f]{64}$/;

/** Answers with the certificate of this SHA-256 (lower-case hex): of the settings, or of any time before. */
export async function serveIssuer(request: Request, config: Config, site: LogSite): Promise<Response> {
  const fingerprint = new URL(request.url).pathname.split("/").at(-1) ?? "";
  const body = FINGERPRINT.test(fingerprint) ? await findCertificate(config, site, fingerprint) : null;
  if (body === null) return renderTextError(request, { code: "issuer_unknown" });
  return respondWith(request, { body, contentType: "application/pkix-cert", cacheControl: CACHE_CONTROL.immutable });
}

async function findCertificate(
  { authorities, objects }: Config,
  site: LogSite,
  fingerprint: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const known = authorities.flatMap(({ chain }) => chain).find(({ der }) => encodeHex(sha256(der)) === fingerprint);
  if (known !== undefined) return new Uint8Array(known.der);
  const body = await objects.get(objectKey(site.log, `issuer/${fingerprint}`));
  if (body !== null && encodeHex(sha256(body)) !== fingerprint) throw new Error("an issuer in R2 is damaged");
  return body;
}
