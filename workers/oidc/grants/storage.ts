// SPDX-License-Identifier: Apache-2.0
// The tables of grants, and what they need of an object.

import type { GrantedIdentity } from "../../../shared/rpc/grants.ts";
import { type Row, text, textOrNull } from "../../../shared/sql/columns.ts";
import type { Schema, SchemaStorage } from "../../../shared/sql/schema.ts";

/** The object's SQLite, and random ids. */
export interface GrantStorage extends SchemaStorage {
  /** 122 random bits. */
  readonly makeId: () => string;
}

/** The columns of a GrantedIdentity, in the order of `identityValues`. */
export const IDENTITY_COLUMNS = "connector_id, user_id, subject, address, nonce";

export const identityValues = (identity: GrantedIdentity): readonly (string | null)[] => [
  identity.connectorId,
  identity.userId,
  identity.subject,
  identity.address,
  identity.nonce,
];

/** Throws RangeError if the row is damaged or has no identity. */
export const readIdentity = (row: Row): GrantedIdentity => ({
  connectorId: text(row, "connector_id"),
  userId: text(row, "user_id"),
  subject: text(row, "subject"),
  address: text(row, "address"),
  nonce: textOrNull(row, "nonce"),
});

/** To change a table, append a step. */
export const GRANTS_SCHEMA: Schema = {
  firstTable: "codes",
  steps: [
    [
      `CREATE TABLE codes (
        code_hash TEXT PRIMARY KEY, client_id TEXT NOT NULL, redirect_uri TEXT NOT NULL, challenge TEXT NOT NULL,
        connector_id TEXT NOT NULL, user_id TEXT NOT NULL, subject TEXT NOT NULL, address TEXT NOT NULL, nonce TEXT,
        expires_at INTEGER NOT NULL, forget_at INTEGER NOT NULL,
        token_id TEXT, revoked INTEGER NOT NULL DEFAULT 0
      ) STRICT, WITHOUT ROWID`,
      "CREATE INDEX codes_by_token ON codes (token_id) WHERE token_id IS NOT NULL",
      `CREATE TABLE devices (
        device_hash TEXT PRIMARY KEY, user_code TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL, challenge TEXT,
        network TEXT, country TEXT, asked_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        next_poll_at INTEGER NOT NULL, poll_ms INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'granted', 'refused', 'redeemed')),
        connector_id TEXT, user_id TEXT, subject TEXT, address TEXT, nonce TEXT
      ) STRICT, WITHOUT ROWID`,
    ],
  ],
};
