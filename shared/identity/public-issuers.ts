// SPDX-License-Identifier: Apache-2.0
// The issuers of Sigstore's public instance, as of August 2026, which a deployment accepts by default.
// Spec: https://github.com/sigstore/fulcio/blob/main/config/identity/config.yaml

import { parseIssuerPattern } from "../oidc/issuer-pattern.ts";
import { createIssuer, type Identity, type Issuer } from "./issuers.ts";
import { PROVIDERS } from "./providers.ts";

const EMAIL: Identity = { type: "email", issuerClaim: null, skipsVerification: false };

const ISSUERS: readonly (readonly [string, Identity])[] = [
  ["https://accounts.google.com", EMAIL],
  ["https://agent.buildkite.com", jobOf("buildkite-job")],
  ["https://asia-oidc.buddyusercontent.com", jobOf("buddy-pipeline")],
  ["https://auth.eclipse.org/auth/realms/foundation-service-accounts", EMAIL],
  ["https://dev.gitlab.org", jobOf("gitlab-pipeline")],
  ["https://eu-oidc.buddyusercontent.com", jobOf("buddy-pipeline")],
  ["https://gitlab.archlinux.org", jobOf("gitlab-pipeline")],
  ["https://gitlab.com", jobOf("gitlab-pipeline")],
  ["https://issuer.enforce.dev", { type: "chainguard-identity" }],
  ["https://issuer.hello.coop", EMAIL],
  ["https://oauth2.sigstore.dev/auth", { ...EMAIL, issuerClaim: ["federated_claims", "connector_id"] }],
  ["https://oidc.buddyusercontent.com", jobOf("buddy-pipeline")],
  ["https://oidc.circleci.com", jobOf("circleci-job")],
  ["https://oidc.codefresh.io", jobOf("codefresh-workflow")],
  ["https://ops.gitlab.net", jobOf("gitlab-pipeline")],
  ["https://sigstore.verify.ibm.com/oauth2", EMAIL],
  ["https://token.actions.githubusercontent.com", jobOf("github-workflow")],
  ["https://www.kaggle.com/api/v1/models/signing", EMAIL],
];

/** Azure writes the issuer of a cluster with or without a trailing slash. */
const META_ISSUERS: readonly (readonly [string, Identity])[] = [
  ["https://*.oic.prod-aks.azure.com/*/*", { type: "kubernetes" }],
  ["https://*.oic.prod-aks.azure.com/*/*/", { type: "kubernetes" }],
  ["https://container.googleapis.com/v1/projects/*/locations/*/clusters/*", { type: "kubernetes" }],
  ["https://oidc.circleci.com/org/*", jobOf("circleci-job")],
  ["https://oidc.eks.*.amazonaws.com/id/*", { type: "kubernetes" }],
  ["https://oidc.prod-aks.azure.com/*", { type: "kubernetes" }],
  ["https://oidc.prod-aks.azure.com/*/", { type: "kubernetes" }],
  ["https://oidc.prod-aks.azure.com/*/*", { type: "kubernetes" }],
  ["https://token.actions.githubusercontent.com/*", jobOf("github-workflow")],
];

/** The whole text of ISSUERS, or of an issuers file, that stands for PUBLIC_ISSUERS. */
export const PUBLIC_ISSUERS_WORD = "public";

/** The default for a deployment that configures no issuers. */
export const PUBLIC_ISSUERS: readonly Issuer[] = [
  ...ISSUERS.map(([url, identity]) => createIssuer(url, identity)),
  ...META_ISSUERS.map(([text, identity]) => metaIssuer(text, identity)),
];

function jobOf(name: string): Identity {
  const provider = PROVIDERS.get(name);
  if (provider === undefined) throw new TypeError(`no provider ${name}`);
  return { type: "ci-provider", provider };
}

function metaIssuer(text: string, identity: Identity): Issuer {
  const pattern = parseIssuerPattern(text);
  if (!pattern.ok) throw new TypeError(`${text} ${pattern.error.reason}`);
  return createIssuer(text, identity, pattern.value);
}
