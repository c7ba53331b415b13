// SPDX-License-Identifier: Apache-2.0
// Expected failure as a value: a parser or verifier returns Result and never throws for bad input.

export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** Wraps a success. */
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });

/** Wraps an expected failure; `error` carries a stable lower_snake `code` and data, no prose. */
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });
