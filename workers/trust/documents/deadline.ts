// SPDX-License-Identifier: Apache-2.0

/** Limits a call to a Durable Object. A log may take a while to start, and some clients give up after 5 s. */
export const DEADLINE_MS = 4_000;
