// SPDX-License-Identifier: Apache-2.0
// The time limit on calls to Durable Objects.

/** A log may take a while to start, but the most impatient clients give up after 5 s. */
const DEADLINE_MS = 4_000;

/** Awaits the call, or rejects with `message` once the deadline has passed. */
export async function withDeadline<T>(call: Promise<T>, message: string): Promise<T> {
  const { promise: expiry, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(message)), DEADLINE_MS);
  try {
    return await Promise.race([call, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
