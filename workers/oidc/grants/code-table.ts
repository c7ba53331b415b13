// SPDX-License-Identifier: Apache-2.0
// Codes: each yields one token. Spec: RFC 6749 §4.1.2, §4.1.3, §10.5; RFC 7636 §4.6; RFC 9700 §2.1.1

import { err, ok, type Result } from "../../../shared/result.ts";
import type { CodeGrant, CodeRedemption, CodeRefusal, Redeemed } from "../../../shared/rpc/grants.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { type GrantStorage, IDENTITY_COLUMNS, type IdentityRow, identityFrom, identityValues } from "./storage.ts";

/** A used code is kept for longer than its token is valid, so that a second use can revoke the token. */
const KEPT_MS = 900_000;

interface Row extends IdentityRow {
  readonly client_id: string;
  readonly redirect_uri: string;
  readonly challenge: string;
  readonly expires_at: number;
  readonly token_id: string | null;
}

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
      const row = this.#read(redemption.codeHash);
      const refusal = refusalOf(row, redemption, now);
      if (row === null || refusal !== null) return err({ code: refusal ?? "code_unknown" });
      if (row.token_id !== null) {
        this.#storage.exec("UPDATE codes SET revoked = 1 WHERE code_hash = ?", redemption.codeHash);
        return err({ code: "code_used" });
      }
      const tokenId = this.#storage.makeId();
      this.#storage.exec("UPDATE codes SET token_id = ? WHERE code_hash = ?", tokenId, redemption.codeHash);
      return ok({ clientId: row.client_id, identity: identityFrom(row), tokenId });
    });
  }

  #read(codeHash: string): Row | null {
    const [row = null] = this.#storage.exec("SELECT * FROM codes WHERE code_hash = ?", codeHash);
    return row as Row | null;
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
function refusalOf(row: Row | null, wanted: CodeRedemption, now: UnixMs): CodeRefusal["code"] | null {
  if (row === null || (row.token_id === null && row.expires_at <= now)) return "code_unknown";
  if (row.client_id !== wanted.clientId) return "code_of_another_client";
  if (row.redirect_uri !== wanted.redirectUri) return "code_redirect_wrong";
  return row.challenge === wanted.challenge ? null : "code_verifier_wrong";
}
