// SPDX-License-Identifier: Apache-2.0
// The certificate authority: an OpenID Connect identity and a key in, a ten-minute certificate out.

import { oncePerEnv } from "../../shared/env.ts";
import { withCors } from "../../shared/http/cors.ts";
import { createRoom } from "../../shared/http/room.ts";
import { createRouter } from "../../shared/http/router.ts";
import { renderStatus } from "../../shared/http/status.ts";
import { ok } from "../../shared/result.ts";
import { createAuthority, PLATFORM, type Platform } from "./authority.ts";
import { configuration } from "./configuration.ts";
import { type CaEnv, readConfig } from "./env.ts";
import { explain } from "./explain.ts";
import type { CertificateAuthority } from "./issue.ts";
import { legacyRootCertificate, legacySigningCertificate } from "./legacy.ts";
import { signingCertificate } from "./signing-certificate.ts";
import { renderError, statusOf } from "./status.ts";
import { trustBundle } from "./trust-bundle.ts";
import { warmUp } from "./warm-up.ts";

export { UsedTokens } from "./used-tokens.ts";

await warmUp();

export interface CaOptions {
  /** True in the development composition only: anybody on the machine can be such an issuer. */
  readonly allowLoopbackIssuers: boolean;
}

const route = createRouter<[CertificateAuthority]>(
  [
    { method: "POST", path: "/api/v2/signingCert", handle: signingCertificate },
    { method: "GET", path: "/api/v2/trustBundle", handle: trustBundle },
    {
      method: "GET",
      path: "/api/v2/configuration",
      handle: (request, ca) => configuration(request, ca.identification),
    },
    { method: "POST", path: "/api/v1/signingCert", handle: legacySigningCertificate },
    { method: "GET", path: "/api/v1/rootCert", handle: legacyRootCertificate },
    { method: "POST", path: "/api/identity/explain", handle: explain },
  ],
  {
    methodNotAllowed: (_, request) => renderError({ code: "method_wrong" }, request),
    notFound: (request) => renderError({ code: "path_unknown" }, request),
  },
);

/** The CA as a room. */
export function createCa(
  { allowLoopbackIssuers }: CaOptions,
  platform: Platform = PLATFORM,
): {
  readonly fetch: (request: Request, env: CaEnv) => Promise<Response>;
} {
  const room = createRoom<CaEnv, CertificateAuthority>({
    readConfig: oncePerEnv((env) => {
      const config = readConfig(env, allowLoopbackIssuers);
      return config.ok ? ok(createAuthority(config.value, platform)) : config;
    }),
    route,
    failed: (requestId) => renderStatus(statusOf({ code: "ca_failed", requestId })),
  });
  return { fetch: (request, env) => withCors(request, () => room.fetch(request, env)) };
}

export default createCa({ allowLoopbackIssuers: false });
