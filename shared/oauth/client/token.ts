// SPDX-License-Identifier: Apache-2.0
// Redeems a code: the request, and what a client must check of the answer before it uses the token. The token comes
// over TLS from the provider itself, so its signature is left to the CA (OpenID Connect Core 1.0 §3.1.3.7, 6).
// Spec: RFC 6749 §4.1.3, §5.1; RFC 7636 §4.5; OpenID Connect Core 1.0 §3.1.3

import { decodeBase64Url } from "../../bytes/base64.ts";
import { member } from "../../json/member.ts";
import { parseJson } from "../../json/parse.ts";
import { err, ok, type Result } from "../../result.ts";

/** A code, and the values with which it is redeemed. */
export interface CodeGrant {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly code: string;
  readonly verifier: string;
}

/** The form of a token request. */
export const makeTokenForm = ({ clientId, redirectUri, code, verifier }: CodeGrant): URLSearchParams =>
  new URLSearchParams({
    grant_type: "authorization_code",
    client_id: clientId,
    redirect_uri: redirectUri,
    code,
    code_verifier: verifier,
  });

/** Whose token a client waits for. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  readonly nonce: string;
}

/** A person who has signed in. */
export interface SignedIn {
  /** The identity token. Whoever has it can sign as this person while it lives: keep it in memory only. */
  readonly token: string;
  /** The address, or the subject where the token has no address. */
  readonly identity: string;
  /** Who has vouched for it: the provider behind this one, or the issuer itself. */
  readonly vouchedBy: string;
  readonly lifetimeMs: number;
}

/** The answer is not for this sign-in. */
export interface TokenError {
  readonly code: "token_unusable";
  /** Completes "the answer of the provider …". */
  readonly reason: string;
}

/** RFC 6749 §5.1 leaves the life open; a token of a sign-in lives for minutes. */
const DEFAULT_LIFETIME_SECONDS = 60;

/** Reads the answer to a token request. Fails with token_unusable. */
export function readTokenAnswer(answer: unknown, expected: Expected): Result<SignedIn, TokenError> {
  const token = member(answer, "id_token");
  const claims = typeof token === "string" ? readClaims(token) : null;
  if (typeof token !== "string" || claims === null) return refuse("has no identity token");
  const problem = problemOf(claims, expected);
  const identity = textOf(claims, "email") ?? textOf(claims, "sub");
  if (problem !== null || identity === null) return refuse(problem ?? "has a token for nobody");
  const vouchedBy = textOf(member(claims, "federated_claims"), "connector_id") ?? expected.issuer;
  return ok({ token, identity, vouchedBy, lifetimeMs: lifetimeOf(answer) });
}

/** The nonce binds the token to this sign-in: one that was stolen, or injected with its code, has another. */
function problemOf(claims: unknown, { issuer, audience, nonce }: Expected): string | null {
  if (member(claims, "iss") !== issuer) return "has a token of another issuer";
  if (member(claims, "aud") !== audience) return "has a token for somebody else";
  return member(claims, "nonce") === nonce ? null : "has the token of another sign-in";
}

function lifetimeOf(answer: unknown): number {
  const seconds = member(answer, "expires_in");
  const isSpan = typeof seconds === "number" && seconds > 0 && Number.isFinite(seconds);
  return (isSpan ? seconds : DEFAULT_LIFETIME_SECONDS) * 1000;
}

/** A member that is a text and not empty. */
function textOf(value: unknown, name: string): string | null {
  const text = member(value, name);
  return typeof text === "string" && text !== "" ? text : null;
}

const refuse = (reason: string): Result<never, TokenError> => err({ code: "token_unusable", reason });

/** A JWT: two dots, a JSON object between them. */
function readClaims(token: string): unknown {
  const [, payload = "", signature] = token.split(".");
  const bytes = decodeBase64Url(payload);
  const claims = bytes.ok && signature !== undefined ? parseJson(bytes.value) : null;
  return claims?.ok === true ? claims.value : null;
}
