// SPDX-License-Identifier: Apache-2.0
// The form: what the reader gave, checked before anything is read or sent.

import { MAX_BUNDLE_BYTES } from "../../../shared/bundle/bundle.ts";
import type { VerifyOptions } from "../../../shared/bundle/verify.ts";
import { decodePem } from "../../../shared/bytes/pem.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { type CosignatureKey, parseCosignatureVkey } from "../../../shared/tlog/cosignature.ts";

/** An entry of a log of this service, named in the address of the page. */
export interface EntryName {
  readonly log: string;
  readonly index: string;
}

/** Everything that the reader gave. */
export interface Question {
  readonly file: File | null;
  readonly bundle: File | null;
  readonly entry: EntryName | null;
  readonly signer: VerifyOptions["signer"];
  readonly witnesses: readonly CosignatureKey[];
  /** Another service's trusted root; null for that of this service. */
  readonly trustFile: File | null;
}

const MAX_KEY_BYTES = 16 * 1024;

/** Reads the form. The error is a sentence for the reader. */
export async function readQuestion(form: HTMLFormElement, entry: EntryName | null): Promise<Result<Question, string>> {
  const data = new FormData(form);
  const [file, bundle, trustFile] = [fileOf(data, "file"), fileOf(data, "bundle"), fileOf(data, "root")];
  if (file === null && bundle === null) return err("Choose the file first, or its bundle.");
  if (bundle !== null && bundle.size > MAX_BUNDLE_BYTES)
    return err(
      `${bundle.name} is no bundle: it has more than ${MAX_BUNDLE_BYTES / 1024 / 1024} MiB. Choose the small file that came with the large one.`,
    );
  const witnesses = readWitnesses(textOf(data, "witnesses") ?? "");
  const signer = await readSigner(data, fileOf(data, "key"));
  if (!witnesses.ok) return witnesses;
  if (!signer.ok) return signer;
  return ok({
    file,
    bundle,
    entry: bundle === null ? entry : null,
    signer: signer.value,
    witnesses: witnesses.value,
    trustFile,
  });
}

/** Browsers send an empty file without a name where none was chosen. */
function fileOf(data: FormData, name: string): File | null {
  const value = data.get(name);
  return value instanceof File && (value.name !== "" || value.size > 0) ? value : null;
}

/** Null for a field that was left empty. */
function textOf(data: FormData, name: string): string | null {
  const value = data.get(name);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

async function readSigner(data: FormData, key: File | null): Promise<Result<VerifyOptions["signer"], string>> {
  const [identity, issuer] = [textOf(data, "identity"), textOf(data, "issuer")];
  if (key === null) return ok({ kind: "identity", identity, issuer });
  if (identity !== null || issuer !== null)
    return err("Give a public key, or the name of the signer and who vouches for it, not both.");
  const pem = key.size > MAX_KEY_BYTES ? null : decodePem(await key.text());
  const [block, ...more] = pem?.ok === true ? pem.value : [];
  return block?.label === "PUBLIC KEY" && more.length === 0
    ? ok({ kind: "key", spki: block.der })
    : err(`${key.name} is not one public key in PEM (-----BEGIN PUBLIC KEY-----).`);
}

function readWitnesses(text: string): Result<readonly CosignatureKey[], string> {
  const keys: CosignatureKey[] = [];
  for (const line of text.split(/\s+/).filter((part) => part !== "")) {
    const key = parseCosignatureVkey(line);
    if (!key.ok) return err(`${line} is not the key of a witness, which looks like name+hex+base64.`);
    keys.push(key.value);
  }
  return ok(keys);
}
