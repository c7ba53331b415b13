// SPDX-License-Identifier: Apache-2.0
// The time limit on calls to Durable Objects and D1, which may stall for longer than any client waits.

/** Settles like `work`, or rejects with this message once the time is over. The call itself goes on. */
export async function withDeadline<T>(
  milliseconds: number,
  work: Promise<T>,
  message = `no answer within ${milliseconds} ms`,
): Promise<T> {
  const { promise: expiry, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(message)), milliseconds);
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
