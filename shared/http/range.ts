// SPDX-License-Identifier: Apache-2.0
// Parses the part of a body that a request asks for: one range or the whole. Several ranges at once get the whole, as
// any server may choose.
// Spec: RFC 9110 §14.1.2, §14.2

/** A part of a body; `end` is exclusive. */
export type AskedRange =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly start: number; readonly end: number }
  /** Well-formed but beyond the end: 416. */
  | { readonly kind: "unsatisfiable" };

const WHOLE: AskedRange = { kind: "whole" };
const UNSATISFIABLE: AskedRange = { kind: "unsatisfiable" };

/** Parses a Range header for a body of `length` bytes. A malformed one or another unit counts as absent (§14.2). */
export function parseRange(header: string | null, length: number): AskedRange {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return WHOLE;
  if (first === "") return suffix(Number(last), length);
  const start = Number(first);
  const end = last === "" ? length : Math.min(Number(last) + 1, length);
  if (last !== "" && Number(last) < start) return WHOLE;
  return start < length ? { kind: "part", start, end } : UNSATISFIABLE;
}

/** Returns the last `count` bytes, or all if there are fewer. */
function suffix(count: number, length: number): AskedRange {
  const isSatisfiable = count > 0 && length > 0;
  return isSatisfiable ? { kind: "part", start: Math.max(0, length - count), end: length } : UNSATISFIABLE;
}
