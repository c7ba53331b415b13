// SPDX-License-Identifier: Apache-2.0
// The certificate authority: issues short-lived certificates for OpenID Connect identities.

import { withCors } from "../../shared/http/cors.ts";
import { createRouter, type Handlers, withHandlers } from "../../shared/http/router.ts";
import { createService, type Service } from "../../shared/http/service.ts";
import { renderStatus } from "../../shared/http/status.ts";
import { ok } from "../../shared/result.ts";
import { readOncePerEnv } from "../../shared/settings/settings.ts";
import { createCertificateAuthority } from "./authority.ts";
import { ROUTES } from "./declaration.ts";
import { configuration } from "./endpoints/configuration.ts";
import { explain } from "./endpoints/explain.ts";
import { serveLegacyRootCertificate, serveLegacySigningCertificate } from "./endpoints/legacy.ts";
import { serveSigningCertificate } from "./endpoints/signing-certificate.ts";
import { trustBundle } from "./endpoints/trust-bundle.ts";
import { type CaEnv, readConfig } from "./env.ts";
import type { CertificateAuthority } from "./issuing/certificate-authority.ts";
import { PLATFORM, type Platform } from "./platform.ts";
import { renderError, statusOf } from "./status.ts";
import { warmUp } from "./warm-up/warm-up.ts";

export { UsedTokens } from "./issuing/used-tokens.ts";

export interface CaOptions {
  /** True in the development composition only: anyone on the machine can run such an issuer. */
  readonly allowLoopbackIssuers: boolean;
}

const HANDLERS: Handlers<typeof ROUTES, [CertificateAuthority]> = {
  signingCertificate: serveSigningCertificate,
  trustBundle,
  configuration: (request, ca) => configuration(request, ca.identification),
  legacySigningCertificate: serveLegacySigningCertificate,
  legacyRootCertificate: serveLegacyRootCertificate,
  explain,
};

const route = createRouter(
  withHandlers(ROUTES, HANDLERS),
  {
    methodNotAllowed: (_, request) => renderError({ code: "method_wrong" }, request),
    notFound: (request) => renderError({ code: "path_unknown" }, request),
  },
  {
    gateOf: (ca) => ca.limits.gate,
    limited: (request) => renderError({ code: "rate_limited", who: "client" }, request),
  },
);

await warmUp(route);

/** Creates the CA service. */
export function createCa({ allowLoopbackIssuers }: CaOptions, platform: Platform = PLATFORM): Service<CaEnv> {
  const service = createService<CaEnv, CertificateAuthority>({
    readConfig: readOncePerEnv((env) => {
      const config = readConfig(env, allowLoopbackIssuers);
      return config.ok ? ok(createCertificateAuthority(config.value, platform)) : config;
    }),
    route,
    failed: (requestId) => renderStatus(statusOf({ code: "ca_failed", requestId })),
  });
  return { ...service, fetch: (request, env) => withCors(request, () => service.fetch(request, env)) };
}

export default createCa({ allowLoopbackIssuers: false });
