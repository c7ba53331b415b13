// SPDX-License-Identifier: Apache-2.0
// Codes: each yields one token. Spec: RFC 6749 §4.1.2, §4.1.3, §10.5; RFC 7636 §4.6; RFC 9700 §2.1.1

import { err, ok, type Result } from "../../../shared/result.ts";
import type { CodeGrant, CodeRedemption, CodeRefusal, GrantedIdentity, Redeemed } from "../../../shared/rpc/grants.ts";
import { integer, type Row, text, textOrNull } from "../../../shared/sql/columns.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { type GrantStorage, IDENTITY_COLUMNS, identityValues, readIdentity } from "./storage.ts";

/** A used code is kept for longer than its token is valid, so that a second use can revoke the token. */
const KEPT_MS = 900_000;

/** A row of the table. */
interface IssuedCode {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly identity: GrantedIdentity;
  readonly expiresAt: number;
  /** The token that the code was exchanged for, null if the code is unused. */
  readonly tokenId: string | null;
}

/** Throws RangeError if the row is damaged. */
const decodeCode = (row: Row): IssuedCode => ({
  clientId: text(row, "client_id"),
  redirectUri: text(row, "redirect_uri"),
  challenge: text(row, "challenge"),
  identity: readIdentity(row),
  expiresAt: integer(row, "expires_at"),
  tokenId: textOrNull(row, "token_id"),
});

/** The codes of a deployment. */
export class CodeTable {
  readonly #storage: GrantStorage;

  constructor(storage: GrantStorage) {
    this.#storage = storage;
  }

  add({ codeHash, clientId, redirectUri, challenge, identity, expiresAt }: CodeGrant, now: UnixMs): void {
    this.#storage.exec(
      `INSERT INTO codes (code_hash, client_id, redirect_uri, challenge, ${IDENTITY_COLUMNS}, expires_at, forget_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      codeHash,
      clientId,
      redirectUri,
      challenge,
      ...identityValues(identity),
      expiresAt,
      Math.max(expiresAt, now) + KEPT_MS,
    );
  }

  /**
   * Redeems a code: client, redirect address and challenge are compared before it is consumed, so that a wrong request
   * leaves it to its owner. A second use by its owner revokes the token of the first.
   */
  redeem(redemption: CodeRedemption, now: UnixMs): Result<Redeemed, CodeRefusal> {
    return this.#storage.transactionSync(() => {
      const code = this.#read(redemption.codeHash);
      const refusal = refusalOf(code, redemption, now);
      if (code === null || refusal !== null) return err({ code: refusal ?? "code_unknown" });
      if (code.tokenId !== null) {
        this.#storage.exec("UPDATE codes SET revoked = 1 WHERE code_hash = ?", redemption.codeHash);
        return err({ code: "code_used" });
      }
      const tokenId = this.#storage.makeId();
      this.#storage.exec("UPDATE codes SET token_id = ? WHERE code_hash = ?", tokenId, redemption.codeHash);
      return ok({ clientId: code.clientId, identity: code.identity, tokenId });
    });
  }

  #read(codeHash: string): IssuedCode | null {
    const [row] = this.#storage.exec("SELECT * FROM codes WHERE code_hash = ?", codeHash);
    return row === undefined ? null : decodeCode(row);
  }

  isRevoked(tokenId: string): boolean {
    return this.#storage.exec("SELECT 1 FROM codes WHERE token_id = ? AND revoked = 1", tokenId).length > 0;
  }

  /** Deletes what nobody needs any more. Returns how many rows are left. */
  clear(now: UnixMs): number {
    this.#storage.exec("DELETE FROM codes WHERE forget_at < ?", now);
    return Number(this.#storage.exec("SELECT COUNT(*) AS count FROM codes")[0]?.["count"]);
  }
}

/** An unused code expires. A used one is known for longer, so that its second use is noticed. */
function refusalOf(code: IssuedCode | null, wanted: CodeRedemption, now: UnixMs): CodeRefusal["code"] | null {
  if (code === null || (code.tokenId === null && code.expiresAt <= now)) return "code_unknown";
  if (code.clientId !== wanted.clientId) return "code_of_another_client";
  if (code.redirectUri !== wanted.redirectUri) return "code_redirect_wrong";
  return code.challenge === wanted.challenge ? null : "code_verifier_wrong";
}
