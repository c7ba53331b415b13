// SPDX-License-Identifier: Apache-2.0
// Measures our own code's share of a request's CPU: the time in which the isolate of the Worker and its Durable Objects
// runs, by V8's profiler. Miniflare's simulators of D1, R2 and the rate limits are other isolates of the same process,
// and other processes on the platform. Spec: https://chromedevtools.github.io/devtools-protocol/v8/Profiler/

import { items, member } from "../../../shared/json/member.ts";

/** Miniflare's name for the isolate of the Worker. */
const ISOLATE = "core:user:sigedge";
const SAMPLE_MICROSECONDS = 200;
/**
 * The most that one sample counts for. While other isolates run, ours is not sampled, and its next sample has the whole
 * gap as its time. Code of ours is interrupted every 0.2 ms, native calls included.
 */
const MAX_SAMPLE_MICROSECONDS = 5 * SAMPLE_MICROSECONDS;
/** Samples in which no JavaScript of the isolate runs: other isolates, workerd itself, waiting. */
const ELSEWHERE: ReadonlySet<unknown> = new Set(["(idle)", "(program)", "(root)"]);

/** A profiler of the Worker's isolate. */
export class OwnShare {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: unknown) => void>();
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message: unknown = JSON.parse(String(data));
      const id = Number(member(message, "id"));
      this.#waiting.get(id)?.(message);
      this.#waiting.delete(id);
    });
  }

  /** Connects to the inspector of a stack. */
  static async connect(inspectorPort: number): Promise<OwnShare> {
    const targets: unknown = await (await fetch(`http://127.0.0.1:${inspectorPort}/json`)).json();
    const target = Array.isArray(targets) ? targets.find((one) => member(one, "id") === ISOLATE) : undefined;
    const socket = new WebSocket(String(member(target, "webSocketDebuggerUrl")));
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error("the inspector does not answer")));
    });
    const profiler = new OwnShare(socket);
    await profiler.#call("Profiler.enable");
    await profiler.#call("Profiler.setSamplingInterval", { interval: SAMPLE_MICROSECONDS });
    return profiler;
  }

  close(): void {
    this.#socket.close();
  }

  /** The milliseconds in which the isolate runs during `work`. */
  async measure(work: () => Promise<unknown>): Promise<number> {
    await this.#call("Profiler.start");
    await work();
    const profile = member(member(await this.#call("Profiler.stop"), "result"), "profile");
    const elsewhere = items(profile, "nodes").filter((node) =>
      ELSEWHERE.has(member(member(node, "callFrame"), "functionName")),
    );
    const ids = new Set(elsewhere.map((node) => member(node, "id")));
    const deltas = items(profile, "timeDeltas");
    const own = items(profile, "samples").map((id, i) =>
      ids.has(id) ? 0 : Math.min(Number(deltas[i]), MAX_SAMPLE_MICROSECONDS),
    );
    return own.reduce((sum, microseconds) => sum + microseconds, 0) / 1000;
  }

  #call(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#sent;
    const answered = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answered;
  }
}
