// SPDX-License-Identifier: Apache-2.0
// Stands in for the module "cloudflare:workers" in unit tests: base classes that keep their arguments, like workerd's.

class Base<Env> {
  protected readonly ctx: unknown;
  protected readonly env: Env;

  constructor(ctx: unknown, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** The base class of Durable Objects. */
export class DurableObject<Env = unknown> extends Base<Env> {}
/** Keeps the invocation alive; in a unit test there is none. */
export const waitUntil = (): void => {};

/** The base class of entrypoints. */
export class WorkerEntrypoint<Env = unknown> extends Base<Env> {}
