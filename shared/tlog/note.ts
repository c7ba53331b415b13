// SPDX-License-Identifier: Apache-2.0
// Signed notes: a text and its signature lines. Formats and parses notes and computes key ids; does not sign or verify.
// Spec: https://c2sp.org/signed-note

import { sha256 } from "#sha256";
import { decodeBase64, encodeBase64 } from "../bytes/base64.ts";
import { concat, equal } from "../bytes/bytes.ts";
import { encodeHex } from "../bytes/hex.ts";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";

/** One signature line: `— <name> <base64(key id ‖ signature)>`. */
export interface NoteSignature {
  readonly name: string;
  /** 4 bytes that distinguish the keys of one name. */
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Note {
  /** The signed text, including its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteError {
  readonly code: "note_invalid";
  readonly reason:
    | "size"
    | "utf8"
    | "control_character"
    | "no_signature_block"
    | "signature_line"
    | "too_many_signatures";
}

/** Enough for 64 post-quantum signature lines of 5 kB each. */
const MAX_NOTE_BYTES = 512 * 1024;
/** The spec requires clients to accept at least 16. */
const MAX_SIGNATURES = 64;

/** Signature types (c2sp.org/signed-note#signature-types). */
export const NOTE_ED25519 = 0x01;
export const NOTE_ECDSA = 0x02;
export const NOTE_COSIGNATURE = 0x04;
export const NOTE_RFC6962 = 0x05;
export const NOTE_ML_DSA_44 = 0x06;

/** Formats the signed text, an empty line, and the signature lines. */
export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignatureLine).join("")}`;
}

/** Formats one signature line, including its newline. */
export const formatSignatureLine = ({ name, keyId, signature }: NoteSignature): string =>
  `\u2014 ${name} ${encodeBase64(concat(keyId, signature))}\n`;

/** Parses a note, which it splits at the last empty line. Keeps lines of unknown keys. Fails with note_invalid. */
export function parseNote(bytes: Uint8Array): Result<Note, NoteError> {
  const fail = (reason: NoteError["reason"]): Result<Note, NoteError> => err({ code: "note_invalid", reason });
  if (bytes.length > MAX_NOTE_BYTES) return fail("size");
  const decoded = decodeUtf8(bytes);
  if (!decoded.ok) return fail("utf8");
  const note = decoded.value;
  if (hasControlCharacter(note)) return fail("control_character");
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n") || note.endsWith("\n\n")) return fail("no_signature_block");
  const signatures = parseSignatureLines(note.slice(split + 2));
  return signatures.ok ? ok({ text: note.slice(0, split + 1), signatures: signatures.value }) : signatures;
}

/**
 * Parses 1 to 64 signature lines, each with its newline: the signature block of a note, or the answer of a witness.
 * Fails with note_invalid.
 */
export function parseSignatureLines(block: string): Result<readonly NoteSignature[], NoteError> {
  const lines = block.split("\n");
  if (lines.pop() !== "" || lines.length === 0) return err({ code: "note_invalid", reason: "no_signature_block" });
  if (lines.length > MAX_SIGNATURES) return err({ code: "note_invalid", reason: "too_many_signatures" });
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (signature === null) return err({ code: "note_invalid", reason: "signature_line" });
    signatures.push(signature);
  }
  return ok(signatures);
}

function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 && code !== 0x0a) return true;
  }
  return false;
}

function parseSignatureLine(line: string): NoteSignature | null {
  const match = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
  const bytes = decodeBase64(match?.[2] ?? "");
  if (match === null || !bytes.ok || bytes.value.length < 5) return null;
  return { name: match[1] ?? "", keyId: bytes.value.subarray(0, 4), signature: bytes.value.subarray(4) };
}

/** Finds the first signature line of a key; null if there is none. */
export function findSignature(note: Note, name: string, keyId: Uint8Array): NoteSignature | null {
  return note.signatures.find((signature) => signature.name === name && equal(signature.keyId, keyId)) ?? null;
}

/** Key id of an Ed25519 key: SHA-256(name ‖ LF ‖ 0x01 ‖ 32-byte key), first 4 bytes. */
export const ed25519KeyId = (name: string, key: Uint8Array): Uint8Array => keyIdOfType(name, NOTE_ED25519, key);

/** Key id of an ECDSA key: SHA-256(SPKI), first 4 bytes. It covers neither name nor type. */
export const ecdsaKeyId = (spki: Uint8Array): Uint8Array => sha256(spki).subarray(0, 4);

/**
 * Key id of a certificate log's tree head signature: SHA-256(name ‖ LF ‖ 0x05 ‖ 32-byte log id), first 4 bytes
 * (static-ct-api).
 */
export const rfc6962KeyId = (name: string, logId: Uint8Array): Uint8Array => keyIdOfType(name, NOTE_RFC6962, logId);

/**
 * Key id of a witness's Ed25519 key: SHA-256(name ‖ LF ‖ 0x04 ‖ 32-byte key), first 4 bytes
 * (c2sp.org/tlog-cosignature).
 */
export const ed25519CosignatureKeyId = (name: string, key: Uint8Array): Uint8Array =>
  keyIdOfType(name, NOTE_COSIGNATURE, key);

/**
 * Key id of an ML-DSA-44 key of a log or a witness: SHA-256(name ‖ LF ‖ 0x06 ‖ 1,312-byte key), first 4 bytes
 * (c2sp.org/tlog-cosignature).
 */
export const mlDsa44KeyId = (name: string, key: Uint8Array): Uint8Array => keyIdOfType(name, NOTE_ML_DSA_44, key);

function keyIdOfType(name: string, type: number, key: Uint8Array): Uint8Array {
  return sha256(encodeUtf8(`${name}\n`), Uint8Array.of(type), key).subarray(0, 4);
}

/** Formats a verifier key: `<name>+<hex key id>+<base64(type ‖ key)>`. */
export function formatVkey(name: string, keyId: Uint8Array, type: number, key: Uint8Array): string {
  return `${name}+${encodeHex(keyId)}+${encodeBase64(concat(Uint8Array.of(type), key))}`;
}
