// SPDX-License-Identifier: Apache-2.0

/** The time that a Durable Object has. A log may take a while to start; the most impatient clients give up after 5 s. */
export const DEADLINE_MS = 4_000;
