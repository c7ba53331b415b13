// SPDX-License-Identifier: Apache-2.0
// The issuers whose tokens are accepted, and how each type of issuer turns a token into an identity.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md

import { encodeUtf8 } from "../bytes/utf8.ts";
import type { FulcioExtensionName, FulcioExtensions } from "../fulcio/extensions.ts";
import type { ClaimPath } from "../oidc/claims.ts";
import type { IssuerPattern } from "../oidc/issuer-pattern.ts";
import type { KeySet } from "../oidc/jwks.ts";
import { ownIssuerOf } from "../oidc/own-issuer.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { err, ok, type Result } from "../result.ts";
import { unreachable } from "../unreachable.ts";
import { type BuildProvider, buildPrincipal } from "./build.ts";
import { emailPrincipal } from "./email.ts";
import { type Condition, findUnmetCondition } from "./policy.ts";
import type { IdentityError, Principal } from "./principal.ts";
import { PROVIDER_TYPES } from "./providers.ts";
import {
  chainguardPrincipal,
  kubernetesPrincipal,
  spiffePrincipal,
  uriPrincipal,
  usernamePrincipal,
} from "./subjects.ts";

type ProviderType = keyof typeof PROVIDER_TYPES;
/** The kind of identity that an issuer's tokens state. */
export type IssuerType = Identity["type"];
/** The claim that clients sign. */
export type ChallengeClaim = "email" | "sub";

/** The identity in an issuer's tokens, with everything needed to read it. */
export type Identity =
  | { readonly type: "email"; readonly issuerClaim: ClaimPath | null; readonly skipsVerification: boolean }
  | { readonly type: "username" | "uri"; readonly subjectDomain: string }
  | { readonly type: "spiffe"; readonly trustDomain: string }
  | { readonly type: "kubernetes" | "chainguard-identity" }
  | { readonly type: "ci-provider"; readonly provider: BuildProvider }
  | { readonly type: ProviderType };

/** The types, and the claim that clients of each are told to sign. */
export const CHALLENGE_CLAIMS: Readonly<Record<IssuerType, ChallengeClaim>> = {
  email: "email",
  username: "sub",
  uri: "sub",
  spiffe: "sub",
  kubernetes: "sub",
  "chainguard-identity": "sub",
  "ci-provider": "sub",
  "github-workflow": "sub",
  "gitlab-pipeline": "sub",
  "buildkite-job": "sub",
  "codefresh-workflow": "sub",
  "circleci-job": "sub",
  "buddy-pipeline": "sub",
};

/** All except the issuer, without which nobody could verify whose name a certificate states. */
export type OmittableExtension = Exclude<FulcioExtensionName, "issuer" | "issuerV2">;

/** An accepted issuer. */
export interface Issuer {
  /** Compared with `iss` as a whole string. In the table, a meta issuer's pattern. */
  readonly url: string;
  /** The pattern of a meta issuer, also for one that a token has named; otherwise null. */
  readonly pattern: IssuerPattern | null;
  /** A loopback address; only the development composition accepts it. */
  readonly isLoopback: boolean;
  /** `aud` must be or contain one of these. Never empty. */
  readonly audiences: readonly string[];
  readonly identity: Identity;
  readonly challengeClaim: ChallengeClaim;
  readonly keys: IssuerKeys;
  /** Which of the issuer's identities get certificates; null for all. */
  readonly policy: Condition | null;
  /** Extensions left out of certificates, which the certificate log makes public. */
  readonly omittedExtensions: readonly OmittableExtension[];
  /** Whether a token is valid for one certificate only. */
  readonly takesTokensOnce: boolean;
}

/** `built-in`: our own oidc service, called directly. `static`: in the configuration. `discovery`: fetched. */
type IssuerKeys =
  | { readonly kind: "built-in" }
  | { readonly kind: "static"; readonly keySet: KeySet }
  | { readonly kind: "discovery" };

/** The audience that every Sigstore client requests. */
export const DEFAULT_AUDIENCE = "sigstore";

/** Makes an issuer of this type with defaults for everything else. */
export function createIssuer(url: string, identity: Identity, pattern: IssuerPattern | null = null): Issuer {
  return {
    url,
    pattern,
    isLoopback: false,
    audiences: [DEFAULT_AUDIENCE],
    identity,
    challengeClaim: CHALLENGE_CLAIMS[identity.type],
    keys: { kind: "discovery" },
    policy: null,
    omittedExtensions: [],
    takesTokensOnce: false,
  };
}

/** The claim in which our own issuer's tokens name the provider that has vouched: certificates name it, and not us. */
const VOUCHING_ISSUER: ClaimPath = ["federated_claims", "connector_id"];

/** Makes the issuer under our own public URL. */
export const createBuiltInIssuer = (publicUrl: { readonly href: string; readonly isLoopback: boolean }): Issuer => ({
  ...createIssuer(ownIssuerOf(publicUrl.href), {
    type: "email",
    issuerClaim: VOUCHING_ISSUER,
    skipsVerification: false,
  }),
  isLoopback: publicUrl.isLoopback,
  keys: { kind: "built-in" },
});

/** The accepted issuers, with a lookup by `iss`. */
export interface IssuerTable {
  readonly issuers: readonly Issuer[];
  /** Finds the issuer of a token; null if it is unknown. Exact URLs come before patterns, patterns in their order. */
  readonly find: (url: string) => Issuer | null;
}

/** Makes a table. A later issuer with the same URL replaces an earlier one. */
export function createIssuerTable(issuers: readonly Issuer[]): IssuerTable {
  const byUrl = new Map(issuers.map((issuer) => [issuer.url, issuer]));
  const table = [...byUrl.values()];
  return {
    issuers: table,
    find: (url) => {
      const exact = byUrl.get(url);
      if (exact !== undefined) return exact.pattern === null ? exact : null;
      const meta = table.find(({ pattern }) => pattern?.matches(url) === true);
      return meta === undefined ? null : { ...meta, url };
    },
  };
}

/**
 * Limit for a name and its extensions together. A certificate log entry of at most 32 KiB contains them twice, besides
 * two keys and two signatures of at most half a KiB each. A build's token yields about 2 KiB.
 */
const MAX_IDENTITY_BYTES = 12 * 1024;

/**
 * Returns the identity in a verified token. Fails with policy_refused, identity_too_large or an error in the claims.
 */
export function principalOf(issuer: Issuer, claims: VerifiedClaims): Result<Principal, IdentityError> {
  const condition = issuer.policy === null ? null : findUnmetCondition(issuer.policy, claims);
  if (condition !== null) return err({ code: "policy_refused", condition });
  const principal = readPrincipal(issuer.identity, claims);
  if (!principal.ok) return principal;
  const published = { ...principal.value, extensions: removeOmitted(issuer, principal.value.extensions) };
  return sizeOf(published) > MAX_IDENTITY_BYTES
    ? err({ code: "identity_too_large", maxBytes: MAX_IDENTITY_BYTES })
    : ok(published);
}

/** Removes the extensions that the issuer's certificates omit. */
function removeOmitted({ omittedExtensions }: Issuer, extensions: FulcioExtensions): FulcioExtensions {
  const omitted: ReadonlySet<string> = new Set(omittedExtensions);
  return Object.fromEntries(Object.entries(extensions).filter(([name]) => !omitted.has(name)));
}

const sizeOf = ({ subjectAltName, extensions }: Principal): number =>
  [subjectAltName.value, ...Object.values(extensions)].reduce((sum, text) => sum + encodeUtf8(text).length, 0);

function readPrincipal(identity: Identity, claims: VerifiedClaims): Result<Principal, IdentityError> {
  switch (identity.type) {
    case "email":
      return emailPrincipal(claims, identity);
    case "username":
      return usernamePrincipal(claims, identity.subjectDomain);
    case "uri":
      return uriPrincipal(claims, identity.subjectDomain);
    case "spiffe":
      return spiffePrincipal(claims, identity.trustDomain);
    case "kubernetes":
      return kubernetesPrincipal(claims);
    case "chainguard-identity":
      return chainguardPrincipal(claims);
    case "ci-provider":
      return buildPrincipal(claims, identity.provider);
    case "github-workflow":
    case "gitlab-pipeline":
    case "buildkite-job":
    case "codefresh-workflow":
    case "circleci-job":
    case "buddy-pipeline":
      return buildPrincipal(claims, PROVIDER_TYPES[identity.type]);
    default:
      return unreachable(identity);
  }
}
