// SPDX-License-Identifier: Apache-2.0
// Expected failures are values: a parser or verifier returns a Result and never throws for bad input.

/** A value, or the reason why there is none. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** Wraps a success. */
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });

/** Wraps an expected failure. `error` carries a stable lower_snake `code` and data, no prose. */
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });
