// SPDX-License-Identifier: Apache-2.0
// What the CA records about a token: its issuer and a hash of its id, for the log line; and, for issuers configured so,
// that the token has been used. Single use is opt-in, because Sigstore clients use one token for several signatures.
// Spec: RFC 7519 §4.1.7 (jti); RFC 8725 §3.10.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { claimOf } from "../../../shared/oidc/claims.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UsedTokensRpc } from "../../../shared/rpc/used-tokens.ts";
import { unixMs } from "../../../shared/time.ts";
import type { TokenUsed } from "../errors.ts";
import type { Identified } from "./identify.ts";

/** Returns a new stub of the issuer's used-token store on each call. */
export type TokenUse = (issuer: string) => Pick<UsedTokensRpc, "use" | "isUsed" | "release">;

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
  const id = claimOf(claims, "jti");
  return { issuer: issuer.url, tokenId: typeof id === "string" && id !== "" ? hexSha256(id) : null };
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
