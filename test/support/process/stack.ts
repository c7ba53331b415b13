// SPDX-License-Identifier: Apache-2.0
// The whole service for a test: real workerd, Durable Objects, R2 and D1 on a free port, as `npm start` runs it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort, localUrl } from "../../../cli/address.ts";
import { requestToken, type TokenRequest } from "../../../local/dev-issuer.ts";
import { openLocalSettings } from "../../../local/settings.ts";
import { runStack, type WorkerLog } from "../../../local/stack.ts";
import { openLocalTufSettings } from "../../../local/tuf.ts";
import { parsePublicUrl } from "../../../shared/http/public-url.ts";
import { unixMs } from "../../../shared/time.ts";
import { valueOf } from "../value-of.ts";
import { listenerPid } from "./listener.ts";

/** Options of a stack. */
export interface TestStackOptions {
  /** Settings that override the state folder's: `{ ACCEPT: "open" }`. An empty text removes a setting. */
  readonly vars?: Readonly<Record<string, string>>;
  /** A folder that is kept; by default a temporary one that is deleted. */
  readonly state?: string;
  readonly port?: number;
  /** The loopback port of V8's inspector; by default there is none. */
  readonly inspectorPort?: number;
  /** A Worker other than that of `npm start`, for tests that control its inside; relative to the repository. */
  readonly entry?: string;
}

/** A running stack. */
export interface TestStack {
  readonly url: string;
  readonly port: number;
  readonly state: string;
  /** The settings of the services, including keys. */
  readonly vars: Readonly<Record<string, string>>;
  /** The lines that the Worker has written to its console. */
  readonly logs: readonly WorkerLog[];
  /** Gets an identity token from the development issuer. */
  readonly token: (email: string, claims?: Omit<TokenRequest, "email">) => Promise<string>;
  /** The process to kill for a crash. Miniflare starts another after about 0.2 s, on the same port and storage. */
  readonly workerdPid: () => number;
  /** Restarts workerd on the same state, with these settings over the original ones. */
  readonly restart: (changes?: Readonly<Record<string, string>>) => Promise<void>;
  /** Stops workerd and deletes a temporary state folder. */
  readonly stop: () => Promise<void>;
}

/** Starts a stack and waits until it serves. Several can run at once. */
export async function startStack(options: TestStackOptions = {}): Promise<TestStack> {
  const port = options.port ?? (await findAnyPort());
  const url = localUrl(port);
  const state = options.state ?? mkdtempSync(join(tmpdir(), "sigedge-test-"));
  const local = openLocalSettings({ port, state, accept: null });
  if (!local.ok) return fail(local.error);
  const vars = signAnew(state, { ...local.value, ...options.vars }, options.vars ?? {});
  const settings = Object.fromEntries(Object.entries(vars).filter(([, value]) => value !== ""));
  const logs: WorkerLog[] = [];
  const run = (of: Readonly<Record<string, string>>): ReturnType<typeof runStack> =>
    runStack({
      port,
      state,
      settings: of,
      ...(options.entry === undefined ? {} : { entry: options.entry }),
      ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort }),
      log: ({ level, message }) => logs.push({ level, message }),
    });
  let running = await run(settings);
  return {
    url,
    port,
    state,
    vars: settings,
    logs,
    token: (email, claims = {}) => requestToken(url, { email, ...claims }),
    workerdPid: () => listenerPid(port) ?? fail(`nothing listens on port ${port}`),
    restart: async (changes = {}) => {
      await running.stop();
      running = await run({ ...settings, ...changes });
    },
    stop: async () => {
      await running.stop();
      if (options.state === undefined) rmSync(state, { recursive: true, force: true });
    },
  };
}

/** Settings that clients must learn: if one differs, the targets are signed again, as an operator would do. */
const REQUIRED = ["CA_CHAIN", "TSA_CHAIN", "SIGNATURE_LOG_KEY", "CERTIFICATE_LOG_KEY"];
/** Without these the targets name fewer authorities or no provider. */
const OPTIONAL = ["OTHER_CA_CHAINS", "OIDC_PROVIDERS"];

type Vars = Readonly<Record<string, string>>;

function signAnew(state: string, settings: Vars, changes: Vars): Vars {
  const isChanged = [...REQUIRED, ...OPTIONAL].some((name) => name in changes);
  // Nothing can be signed for a service whose key was taken away.
  const isIncomplete = REQUIRED.some((name) => changes[name] === "");
  if (!isChanged || isIncomplete || changes["TRUST_FILE"] !== undefined) return settings;
  const publicUrl = valueOf(parsePublicUrl(settings["PUBLIC_URL"] ?? ""));
  return { ...settings, ...valueOf(openLocalTufSettings({ state, publicUrl, settings, now: unixMs(Date.now()) })) };
}

/** Returns a free port. */
export async function findAnyPort(): Promise<number> {
  const port = await findFreePort(0);
  return port.ok ? port.value : fail(port.error);
}

function fail(reason: string): never {
  throw new Error(reason);
}
