// SPDX-License-Identifier: Apache-2.0
// Virtual time. Events run in order of their time, one at a time, each with all microtasks that it starts before the
// next. Nothing waits for a real clock, so hours pass in seconds and a run can be repeated.

/** Code that runs at one time. */
export interface Event {
  readonly label: string;
  readonly run: () => void;
  /** Runs when all microtasks that `run` started are done. */
  readonly after?: () => void;
}

interface Scheduled extends Event {
  readonly at: number;
  /** Order of scheduling: it decides between two events at one time. */
  readonly order: number;
  isCancelled: boolean;
}

/** The clock of one world. */
export class Scheduler {
  /** Milliseconds since the start. */
  now = 0;
  readonly #heap: Scheduled[] = [];
  #order = 0;
  readonly #onEvent: (label: string) => void;

  constructor(onEvent: (label: string) => void = () => undefined) {
    this.#onEvent = onEvent;
  }

  /** Runs the event after `delay`, unless the returned function is called first. */
  schedule(delay: number, event: Event): () => void {
    const scheduled: Scheduled = { ...event, at: this.now + delay, order: this.#order++, isCancelled: false };
    this.#push(scheduled);
    return () => {
      scheduled.isCancelled = true;
    };
  }

  sleep(delay: number, label = "sleep"): Promise<void> {
    return new Promise((resolve) => this.schedule(delay, { label, run: resolve }));
  }

  /** Runs the next event. False if there is none. */
  async step(): Promise<boolean> {
    for (;;) {
      const event = this.#pop();
      if (event === undefined) return false;
      if (event.isCancelled) continue;
      this.now = event.at;
      this.#onEvent(event.label);
      event.run();
      await drainMicrotasks();
      event.after?.();
      return true;
    }
  }

  #push(event: Scheduled): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, event)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): Scheduled | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || first === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const below = earlierChild(heap, at);
      const child = heap[below];
      if (child === undefined || isBefore(last, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function earlierChild(heap: readonly Scheduled[], at: number): number {
  const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
  return left !== undefined && right !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
}

const isBefore = (a: Scheduled, b: Scheduled): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Node runs an immediate when no microtask is left. */
const drainMicrotasks = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
