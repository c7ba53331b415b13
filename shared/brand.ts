// SPDX-License-Identifier: Apache-2.0
// Nominal types over plain values: a tree size cannot be passed where a leaf index is expected.

declare const brand: unique symbol;

/** A `Base` that only its own parser or constructor creates. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
