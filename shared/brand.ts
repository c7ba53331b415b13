// SPDX-License-Identifier: Apache-2.0
// Nominal types over plain values, so that a tree size is never passed for a leaf index.

declare const brand: unique symbol;

/** A `Base` that only its own parser or constructor can make. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
