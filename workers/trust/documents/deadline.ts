// SPDX-License-Identifier: Apache-2.0
// How long the service waits for a Durable Object.

/** A log that is starting may take a while; clients give up after 5 s and more. */
const DEADLINE_MS = 4_000;

/** The answer, or a rejection with the complaint when it does not come in time. */
export async function withDeadline<T>(answer: Promise<T>, complaint: string): Promise<T> {
  const { promise: expiry, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(complaint)), DEADLINE_MS);
  try {
    return await Promise.race([answer, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
