// SPDX-License-Identifier: Apache-2.0
// The meanings that a text in the box of the web site can have.

import type { TermTexts } from "./parameters.ts";

/** One meaning of a text. `what` names it for people: "a SHA-256 digest", "an e-mail address". */
export type Understanding =
  /** GET /api/search accepts the terms. */
  | { readonly kind: "search"; readonly what: string; readonly terms: TermTexts }
  /** The index of an entry in a log. */
  | { readonly kind: "entry"; readonly what: string; readonly index: number }
  /** It is something, but nothing that an entry is found by. `advice` says what to enter instead. */
  | { readonly kind: "nothing"; readonly what: string; readonly advice: string };

/** Meanings, the likeliest first; none if the recognizer does not know the text. */
export type Recognizer = (text: string) => readonly Understanding[];

/** A meaning that is searched for. */
export const meansSearch = (what: string, terms: TermTexts): Understanding => ({ kind: "search", what, terms });

/** A meaning that is not searchable. */
export const meansNothing = (what: string, advice: string): Understanding => ({ kind: "nothing", what, advice });
