// SPDX-License-Identifier: Apache-2.0
// What is remembered of a token: for the log line, who issued it and a hash of its id; and of issuers whose tokens are good for
// one certificate only, that it has been used. Clients of Sigstore use a token for several signatures, so that is by choice.
// Spec: RFC 7519 §4.1.7 (jti); RFC 8725 §3.10.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { claimOf } from "../../../shared/oidc/claims.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UsedTokensRpc } from "../../../shared/rpc/used-tokens.ts";
import { unixMs } from "../../../shared/time.ts";
import type { Identified } from "./identify.ts";
import type { IssuanceRecord } from "./issue.ts";

/** The used tokens of one issuer; a new stub for each call. */
export type TokenUse = (issuer: string) => Pick<UsedTokensRpc, "use" | "isUsed" | "release">;

export interface TokenUsed {
  readonly code: "token_used";
}

const hexSha256 = (text: string): string => encodeHex(sha256(encodeUtf8(text)));

export function describeToken({ claims, issuer }: Identified): Pick<IssuanceRecord, "issuer" | "tokenId"> {
  const id = claimOf(claims, "jti");
  return { issuer: issuer.url, tokenId: typeof id === "string" && id !== "" ? hexSha256(id) : null };
}

/** Whether the token could still be used, without using it. Fails with token_used. */
export async function checkUnused(
  { issuer, signedText }: Identified,
  tokenUse: TokenUse,
): Promise<Result<null, TokenUsed>> {
  const isUsed = issuer.takesTokensOnce && (await tokenUse(issuer.url).isUsed(hexSha256(signedText)));
  return isUsed ? err({ code: "token_used" }) : ok(null);
}

/**
 * Runs `issue`, for an issuer that wants it so at most once for each token: of any number at the same time one runs. A token
 * that came to nothing may come again. Fails with token_used or what `issue` fails with.
 */
export async function useOnce<T, E>(
  identified: Identified,
  tokenUse: TokenUse,
  issue: () => Promise<Result<T, E>>,
): Promise<Result<T, E | TokenUsed>> {
  const { issuer, claims, signedText } = identified;
  if (!issuer.takesTokensOnce) return issue();
  const token = hexSha256(signedText);
  // It has been verified, so it is a number; after it the token is refused anyway.
  const expiresAt = unixMs(Number(claimOf(claims, "exp")) * 1000);
  if (!(await tokenUse(issuer.url).use(token, expiresAt))) return err({ code: "token_used" });
  const issued = await issue();
  // Not when `issue` throws: what has failed then is unknown, and there may be a certificate in the log.
  if (!issued.ok) await tokenUse(issuer.url).release(token);
  return issued;
}
