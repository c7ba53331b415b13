// SPDX-License-Identifier: Apache-2.0
// The errors of the ca service as data. status.ts gives each its HTTP response and its message.

import type { LegacyRequestError } from "../../shared/fulcio/legacy-request.ts";
import type { PossessionError } from "../../shared/fulcio/possession.ts";
import type { RequestError } from "../../shared/fulcio/request.ts";
import type { BodyError } from "../../shared/http/body.ts";
import type { IdentityError } from "../../shared/identity/principal.ts";
import type { TokenError } from "../../shared/oidc/token.ts";
import type { AppendError } from "../../shared/rpc/sequencer.ts";
import type { UnixMs } from "../../shared/time.ts";

/** The issuer's keys could not be fetched and no usable copy of them is stored. */
export interface KeysUnavailable {
  readonly code: "issuer_keys_unavailable";
  readonly issuer: string;
  readonly retryAfterSeconds: number;
}

/** The token names an issuer that this deployment does not accept. */
export type IssuerError =
  | { readonly code: "issuer_unknown"; readonly issuer: string }
  /** A loopback address, which only the development composition accepts. */
  | { readonly code: "issuer_loopback"; readonly issuer: string };

/** Why a token does not identify a principal. */
export type IdentifyError =
  | { readonly code: "token_missing" }
  | TokenError
  | IssuerError
  | KeysUnavailable
  | IdentityError;

/** A rate limit, either of the client's address or of the identity. */
export interface RateLimited {
  readonly code: "rate_limited";
  readonly who: "client" | "identity";
}

/** The issuer's tokens are usable once, and this one has been used. */
export interface TokenUsed {
  readonly code: "token_used";
}

/** The code that yielded the token was used a second time, so somebody else has seen it. */
export interface TokenRevoked {
  readonly code: "token_revoked";
}

/** A certificate issued now would outlast the issuing CA's own certificate, which is valid for this period. */
export interface CaCertificateNotValid {
  readonly code: "ca_certificate_not_valid";
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
}

/** Why no certificate was issued. */
export type IssueError =
  | IdentifyError
  | RateLimited
  | PossessionError
  | TokenUsed
  | TokenRevoked
  | AppendError
  | CaCertificateNotValid;

/** Every error of the service. */
export type CaError =
  | BodyError
  | RequestError
  | LegacyRequestError
  | IssueError
  | { readonly code: "path_unknown" }
  | { readonly code: "method_wrong" }
  | { readonly code: "ca_failed"; readonly requestId: string };
