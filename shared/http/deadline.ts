// SPDX-License-Identifier: Apache-2.0
// The time limit on calls to Durable Objects and D1, which may stall for longer than any client waits.

const PENDING = Symbol("pending");
/** Whoever has an answer at once needs no timer, which start-up could not set. */
const NOT_YET: Promise<typeof PENDING> = Promise.resolve(PENDING);

/** Settles like `work`, or rejects with this message once the time is over. The call itself goes on. */
export async function withDeadline<T>(
  milliseconds: number,
  work: Promise<T>,
  message = `no answer within ${milliseconds} ms`,
): Promise<T> {
  const answer = await Promise.race([work, NOT_YET]);
  if (answer !== PENDING) return answer;
  const { promise: expiry, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(message)), milliseconds);
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
