// SPDX-License-Identifier: Apache-2.0
// Records the use of a token: its issuer and a hash of its id, for the log line; and, for issuers configured so, that
// the token has been used. Single use is opt-in, because Sigstore clients use one token for several signatures.
// Tokens of the built-in issuer may be revoked: only their id is known there.
// Spec: RFC 7519 §4.1.7 (jti); RFC 8725 §3.10; RFC 6749 §4.1.2

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { claimOf } from "../../../shared/oidc/claims.ts";
import type { VerifiedClaims } from "../../../shared/oidc/token.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UsedTokensRpc } from "../../../shared/rpc/used-tokens.ts";
import { unixMs } from "../../../shared/time.ts";
import type { TokenRevoked, TokenUsed } from "../errors.ts";
import type { Identified } from "./identify.ts";

/** Returns a new stub of the issuer's used-token store on each call. */
export type TokenUse = (issuer: string) => Pick<UsedTokensRpc, "use" | "isUsed" | "release">;

/** Whether the built-in issuer has revoked the token with this id. Rejects if it cannot say. */
export type TokenRevocation = (tokenId: string) => Promise<boolean>;

/** The part of the log line that describes the token. */
export interface TokenRecord {
  /** `iss` of the token. */
  readonly issuer: string;
  /** Hex SHA-256 of the token's `jti`, null if it has none. */
  readonly tokenId: string | null;
}

const hexSha256 = (text: string): string => encodeHex(sha256(encodeUtf8(text)));

/** Describes a token without revealing anything that could be replayed. */
export function describeToken({ claims, issuer }: Identified): TokenRecord {
  const id = idOf(claims);
  return { issuer: issuer.url, tokenId: id === null ? null : hexSha256(id) };
}

function idOf(claims: VerifiedClaims): string | null {
  const id = claimOf(claims, "jti");
  return typeof id === "string" && id !== "" ? id : null;
}

/** Asks the built-in issuer about a token of its own; other issuers cannot revoke. Fails with token_revoked. */
export async function checkNotRevoked(
  { claims, issuer }: Identified,
  isRevoked: TokenRevocation,
): Promise<Result<null, TokenRevoked>> {
  // Tokens of the development issuer have no id, and no code that could be used twice.
  const id = issuer.keys.kind === "built-in" ? idOf(claims) : null;
  return id !== null && (await isRevoked(id)) ? err({ code: "token_revoked" }) : ok(null);
}

/** Checks that the token is still usable, without consuming it. Fails with token_used. */
export async function checkUnused(
  { issuer, signedText }: Identified,
  tokenUse: TokenUse,
): Promise<Result<null, TokenUsed>> {
  const isUsed = issuer.takesTokensOnce && (await tokenUse(issuer.url).isUsed(hexSha256(signedText)));
  return isUsed ? err({ code: "token_used" }) : ok(null);
}

/**
 * Runs `issue`; if the issuer's tokens are usable once, at most once per token, even under concurrent requests. A token
 * whose issuance failed is released and may be used again. Fails with token_used or the error of `issue`.
 */
export async function useOnce<T, E>(
  identified: Identified,
  tokenUse: TokenUse,
  issue: () => Promise<Result<T, E>>,
): Promise<Result<T, E | TokenUsed>> {
  const { issuer, claims, signedText } = identified;
  if (!issuer.takesTokensOnce) return issue();
  const token = hexSha256(signedText);
  // The token is verified, so exp is a number; after it the token is rejected anyway.
  const expiresAt = unixMs(Math.ceil(Number(claimOf(claims, "exp")) * 1000));
  if (!(await tokenUse(issuer.url).use(token, expiresAt))) return err({ code: "token_used" });
  const issued = await issue();
  // If `issue` throws, the outcome is unknown and a certificate may be in the log, so the token stays used.
  if (!issued.ok) await tokenUse(issuer.url).release(token);
  return issued;
}
