// SPDX-License-Identifier: Apache-2.0
// The choice of the person: to sign the files themselves, or a statement of a chosen type about each.

import { PREDICATE_TYPES, SIGNATURE_TYPE } from "../../../shared/bundle/offer.ts";
import { MAX_PREDICATE_BYTES, type Predicate, readPredicate } from "../../../shared/bundle/predicate.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { find } from "../verify/dom.ts";

/** A field of the form, of any kind that has a value. */
export const field = (id: string): HTMLInputElement => find(id) as HTMLInputElement;

/** Shows the fields of a predicate where one is wanted. */
export function followKind(): void {
  const kind = field("kind");
  const show = (): void => {
    find("predicate").hidden = kind.value === "plain" || kind.value === "digest";
    find("type-field").hidden = kind.value !== "other";
  };
  kind.addEventListener("change", show);
  show();
}

/** Reads the choice. The error is a sentence, with the id of the field that it is about. */
export async function readKind(): Promise<Result<Predicate | null, { readonly text: string; readonly field: string }>> {
  const kind = field("kind").value;
  if (kind === "plain") return ok(null);
  if (kind === "digest") return ok({ type: SIGNATURE_TYPE, value: {} });
  const type = kind === "other" ? field("type").value.trim() : kind;
  const text = field("predicate-text").value.trim();
  const [file] = field("predicate-file").files ?? [];
  if (file === undefined && text === "") {
    return err({ text: "Choose the predicate as a file, or type it.", field: "predicate-file" });
  }
  if (file !== undefined && text !== "") {
    return err({ text: "Give the predicate as a file or as text, not as both.", field: "predicate-text" });
  }
  const source = file === undefined ? "predicate-text" : "predicate-file";
  const json = file === undefined ? new TextEncoder().encode(text) : await readSmall(file);
  if (json === null) return err({ text: "The file of the predicate is too large, or cannot be read.", field: source });
  const predicate = readPredicate(type, json);
  return predicate.ok
    ? predicate
    : err({
        text: `The predicate ${predicate.error}.`,
        field: predicate.error.startsWith("has a type") ? "type" : source,
      });
}

async function readSmall(file: File): Promise<Uint8Array | null> {
  if (file.size > MAX_PREDICATE_BYTES) return null;
  const bytes = await file.arrayBuffer().catch(() => null);
  return bytes === null ? null : new Uint8Array(bytes);
}

/** The name of a predicate's type. */
export const nameOfType = (type: string): string =>
  type === SIGNATURE_TYPE
    ? "A signature of the digest"
    : (PREDICATE_TYPES.find(({ uri }) => uri === type)?.name ?? type);

/** Whether a person says with it that they sign the file, and nothing else about it. */
export const isSignature = (predicate: Predicate | null): boolean =>
  predicate === null || predicate.type === SIGNATURE_TYPE;
