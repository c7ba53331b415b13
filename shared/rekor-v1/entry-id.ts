// SPDX-License-Identifier: Apache-2.0
// The names of a Rekor v1 log and of its entries: the tree's ID, the origin of checkpoints, and entry IDs. A UUID is
// the leaf hash in hex; an entry ID is the tree's ID in 16 hex digits before it.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (EntryID), pkg/sharding

import { sha256 } from "#sha256";
import { decodeHex, encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { type Hash, hash } from "../tlog/hash.ts";

/** Clients read a tree's ID as a signed 64-bit number, so the highest bit is clear. */
const MAX_TREE_ID = 0x7fff_ffff_ffff_ffffn;
const TREE_ID_DIGITS = 16;
const SEPARATOR = " - ";

/** The ID of the tree at a URL. It is the beginning of a hash, so that no service needs the log's key to know it. */
export const treeIdOf = (baseUrl: string): bigint =>
  BigInt(`0x${encodeHex(sha256(encodeUtf8(baseUrl)).subarray(0, 8))}`) & MAX_TREE_ID || 1n;

/**
 * The first line of the log's checkpoints: `<host name> - <tree ID>`. By its form clients tell a Rekor v1 log from all
 * others.
 */
export const originOfTree = (baseUrl: string): string => `${new URL(baseUrl).hostname}${SEPARATOR}${treeIdOf(baseUrl)}`;

/** The host name in an origin, which is the name on the signature lines. */
export const hostOfOrigin = (origin: string): string => origin.slice(0, origin.lastIndexOf(SEPARATOR));

/** An entry of any tree, or of one. */
export interface EntryId {
  /** Null for a UUID without a tree. */
  readonly treeId: bigint | null;
  readonly leafHash: Hash;
}

/** Formats an entry ID: 80 hex digits in lower case. */
export const formatEntryId = (treeId: bigint, leaf: Hash): string =>
  `${treeId.toString(16).padStart(TREE_ID_DIGITS, "0")}${encodeHex(leaf)}`;

/** Parses a UUID of 64 hex digits or an entry ID of 80; null for any other text. */
export function parseEntryId(text: string): EntryId | null {
  const [, tree, uuid = ""] = /^([0-9a-f]{16})?([0-9a-f]{64})$/i.exec(text) ?? [];
  const leaf = decodeHex(uuid.toLowerCase());
  if (uuid === "" || !leaf.ok) return null;
  return { treeId: tree === undefined ? null : BigInt(`0x${tree}`), leafHash: hash(leaf.value) };
}
