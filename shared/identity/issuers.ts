// SPDX-License-Identifier: Apache-2.0
// The issuers whose tokens are accepted, and what each type of issuer makes of a token.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/oidc.md

import { encodeUtf8 } from "../bytes/utf8.ts";
import type { FulcioExtensionName, FulcioExtensions } from "../fulcio/extensions.ts";
import type { ClaimPath } from "../oidc/claims.ts";
import type { IssuerPattern } from "../oidc/issuer-pattern.ts";
import type { KeySet } from "../oidc/jwks.ts";
import type { VerifiedClaims } from "../oidc/token.ts";
import { err, ok, type Result } from "../result.ts";
import { unreachable } from "../unreachable.ts";
import { type BuildProvider, buildPrincipal } from "./build.ts";
import { emailPrincipal } from "./email.ts";
import { type Condition, unmetCondition } from "./policy.ts";
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
export type IssuerType = Identity["type"];
export type ChallengeClaim = "email" | "sub";

/** What an issuer's tokens speak of, with all that it takes to read them. */
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

/** All but the issuer, without which nobody could verify whose name the certificate has. */
export type OmittableExtension = Exclude<FulcioExtensionName, "issuer" | "issuerV2">;

export interface Issuer {
  /** Compared with `iss` as a whole string; in the table, a meta issuer has its pattern here. */
  readonly url: string;
  /** Of a meta issuer, also of one that a token has named. */
  readonly pattern: IssuerPattern | null;
  /** A loopback address: accepted by the development composition only. */
  readonly isLoopback: boolean;
  /** `aud` must be or contain one of these; at least one. */
  readonly audiences: readonly string[];
  readonly identity: Identity;
  readonly challengeClaim: ChallengeClaim;
  readonly keys: IssuerKeys;
  /** Whom of those that it knows gets a certificate; null for all. */
  readonly policy: Condition | null;
  /** What certificates do not say although a token does: the certificate log makes public whatever they say. */
  readonly omittedExtensions: readonly OmittableExtension[];
  /** Whether a token is good for one certificate only. */
  readonly takesTokensOnce: boolean;
}

/** `built-in`: of our own oidc service, asked directly; `static`: part of the configuration; `discovery`: fetched. */
type IssuerKeys =
  | { readonly kind: "built-in" }
  | { readonly kind: "static"; readonly keySet: KeySet }
  | { readonly kind: "discovery" };

/** The audience that every Sigstore client asks for. */
export const DEFAULT_AUDIENCE = "sigstore";

/** An issuer of this type with everything else as it usually is. */
export function plainIssuer(url: string, identity: Identity, pattern: IssuerPattern | null = null): Issuer {
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

/** The issuer under our own public URL. */
export const builtInIssuer = (publicUrl: { readonly href: string; readonly isLoopback: boolean }): Issuer => ({
  ...plainIssuer(`${publicUrl.href}/oidc`, { type: "email", issuerClaim: null, skipsVerification: false }),
  isLoopback: publicUrl.isLoopback,
  keys: { kind: "built-in" },
});

/** Who is accepted, and how `iss` is looked up in it. */
export interface IssuerTable {
  readonly issuers: readonly Issuer[];
  /** The issuer of a token; null if nobody knows it. Exact URLs go before patterns, patterns in their order. */
  readonly find: (url: string) => Issuer | null;
}

/** A later issuer with the URL of an earlier one replaces it. */
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
 * What a name and its extensions may be together. They stand in an entry of the certificate log twice, beside two keys and two
 * signatures of half a KiB at most, and an entry has 32 KiB; a token of a build makes some 2 KiB.
 */
const MAX_IDENTITY_BYTES = 12 * 1024;

/** Who a verified token of this issuer speaks for. Fails with policy_refused, identity_too_large or what reading the claims fails with. */
export function principalOf(issuer: Issuer, claims: VerifiedClaims): Result<Principal, IdentityError> {
  const condition = issuer.policy === null ? null : unmetCondition(issuer.policy, claims);
  if (condition !== null) return err({ code: "policy_refused", condition });
  const principal = readPrincipal(issuer.identity, claims);
  if (!principal.ok) return principal;
  const published = { ...principal.value, extensions: publishedOf(issuer, principal.value.extensions) };
  return sizeOf(published) > MAX_IDENTITY_BYTES
    ? err({ code: "identity_too_large", maxBytes: MAX_IDENTITY_BYTES })
    : ok(published);
}

/** Without what the issuer's certificates shall not say. */
function publishedOf({ omittedExtensions }: Issuer, extensions: FulcioExtensions): FulcioExtensions {
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
