// SPDX-License-Identifier: Apache-2.0
// The answers to reads, recorded once and then repeated from memory: those of D1 and the objects, so that a page can be
// measured without Miniflare's simulators, and those of the log's own reads, which are invocations of their own. The
// client carries the recordings over to a fresh isolate.

/** The answers that were recorded. */
export class Recordings {
  /** Whether answers are repeated, and recorded where there is none yet. */
  isInUse = false;
  /** Whether the log's own reads are among what is repeated: a page is then measured without them. */
  hasReads = false;
  readonly #kept = new Map<string, unknown>();

  /** Repeats the answer to a question, or asks. The answer is copied as in RPC, so that the caller pays its half. */
  async answer<T>(question: string, ask: () => Promise<T>): Promise<T> {
    if (!this.isInUse) return await ask();
    if (!this.#kept.has(question)) this.#kept.set(question, structuredClone(await ask()));
    return structuredClone(this.#kept.get(question)) as T;
  }

  /** An object whose methods repeat their answers, or the object itself while recordings are not in use. */
  answerCalls<T extends object>(name: string, target: T): T {
    if (!this.isInUse) return target;
    return new Proxy(target, {
      get: (_, method) => {
        const called: unknown = Reflect.get(target, method);
        if (typeof called !== "function" || typeof method === "symbol") return called;
        return async (...args: readonly unknown[]) =>
          await this.answer(
            `${name}.${method}(${JSON.stringify(args)})`,
            async () => (await Reflect.apply(called, target, args)) as unknown,
          );
      },
    });
  }

  toText(): string {
    return JSON.stringify([...this.#kept], (_, value: unknown) =>
      value instanceof Uint8Array ? { [BYTES]: Buffer.from(value).toString("base64") } : value,
    );
  }

  /** Takes the recordings of another isolate. */
  load(text: string): void {
    const pairs: unknown = JSON.parse(text, (_, value: unknown) => toBytes(value) ?? value);
    if (!Array.isArray(pairs)) throw new TypeError("not recordings");
    for (const [question, answer] of pairs as readonly (readonly unknown[])[]) this.#kept.set(String(question), answer);
  }
}

/** The name under which bytes are in the text. */
const BYTES = "base64 of bytes";

function toBytes(value: unknown): Uint8Array | null {
  if (typeof value !== "object" || value === null || !(BYTES in value)) return null;
  return new Uint8Array(Buffer.from(String(value[BYTES]), "base64"));
}
