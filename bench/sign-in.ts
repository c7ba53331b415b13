// SPDX-License-Identifier: Apache-2.0
// Measures the CPU time of each request of a sign-in, warm and in a fresh isolate, with an OpenID provider beside the
// stack. Each request is prepared by the steps before it, which do not count.

import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { member } from "../shared/json/member.ts";
import type { Upstream } from "../test/support/oauth/upstream.ts";
import { type Figure, figure, type Row, type Section } from "./figures.ts";
import type { Answer, SentRequest } from "./load.ts";
import { BUDGET, type Plan } from "./plan.ts";
import type { BenchStack, StandInsInUse } from "./stack.ts";
import { median } from "./statistics.ts";

const LISTENER = "http://localhost:43117/auth/callback";
const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** A client, a person and their browser. */
export class SignIns {
  /** An address of the provider's that has an answer without a body. */
  get empty(): string {
    return `${this.#upstream.url}/nothing`;
  }

  readonly #stack: BenchStack;
  readonly #upstream: Upstream;

  constructor(stack: BenchStack, upstream: Upstream) {
    this.#stack = stack;
    this.#upstream = upstream;
  }

  async #send(request: SentRequest): Promise<Answer> {
    return await this.#stack.client.request(request);
  }

  /** The request that begins a sign-in, of a client that leaves the choice to the person or names the connector. */
  authorize(verifier: string, isChosen: boolean): SentRequest {
    const query = new URLSearchParams({
      client_id: "sigstore",
      redirect_uri: LISTENER,
      response_type: "code",
      scope: "openid email",
      state: randomBytes(16).toString("hex"),
      nonce: randomBytes(16).toString("hex"),
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...(isChosen ? { connector_id: this.#upstream.url } : {}),
    });
    return get(`/oidc/auth?${query.toString()}`, isChosen ? 302 : 200);
  }

  /** The request of a person who chooses the connector. */
  async choose(): Promise<SentRequest> {
    const page = await this.#send(this.authorize(makeVerifier(), false));
    const [, path = ""] = /href="[^"]*?(\/oidc\/auth\/work\?ticket=[^"]+)"/.exec(unescape(page.body.toString())) ?? [];
    return get(path, 302, cookieOf(page));
  }

  /** The request of a browser that comes back from the provider. */
  async prepareCallback(verifier = makeVerifier()): Promise<SentRequest> {
    const begun = await this.#send(this.authorize(verifier, true));
    const there = await fetch(begun.headers.location ?? "", { redirect: "manual" });
    const { pathname, search } = new URL(there.headers.get("location") ?? "");
    return get(pathname + search, 200, cookieOf(begun));
  }

  /** The form of a person who grants. */
  async confirm(verifier = makeVerifier()): Promise<SentRequest> {
    const callback = await this.prepareCallback(verifier);
    const page = unescape((await this.#send(callback)).body.toString());
    const valueOf = (name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? "";
    const form = { ticket: valueOf("ticket"), address: valueOf("address"), answer: "grant" };
    return post("/oidc/confirm", form, callback.headers);
  }

  /** The client's request for the token. */
  async redeem(): Promise<SentRequest> {
    const verifier = makeVerifier();
    const page = unescape((await this.#send(await this.confirm(verifier))).body.toString());
    const [, code = ""] = /[?&]code=([\w-]+)/.exec(page) ?? [];
    const form = { grant_type: "authorization_code", client_id: "sigstore", redirect_uri: LISTENER };
    return post("/oidc/token", { ...form, code, code_verifier: verifier });
  }

  requestDevice(): SentRequest {
    return post("/oidc/device/code", { client_id: "sigstore", scope: "openid email" }, fromNewNetwork());
  }

  /** A device that has just asked: a member of the answer. */
  async #startDevice(name: "device_code" | "user_code"): Promise<string> {
    const { body } = await this.#send(this.requestDevice());
    return String(member(JSON.parse(body.toString()), name));
  }

  /** The form with the code of a device. */
  async sendUserCode(): Promise<SentRequest> {
    return post("/oidc/device", { user_code: await this.#startDevice("user_code") });
  }

  /** A device that asks whether somebody has confirmed. */
  async poll(): Promise<SentRequest> {
    const device_code = await this.#startDevice("device_code");
    return { ...post("/oidc/token", { grant_type: DEVICE_GRANT, client_id: "sigstore", device_code }), status: 400 };
  }
}

const makeVerifier = (): string => randomBytes(32).toString("base64url");

const get = (path: string, status: number, headers: SentRequest["headers"] = {}): SentRequest => ({
  method: "GET",
  path,
  status,
  headers,
});

const post = (
  path: string,
  form: Readonly<Record<string, string>>,
  headers: SentRequest["headers"] = {},
): SentRequest => ({
  method: "POST",
  path,
  status: 200,
  headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
  body: Buffer.from(new URLSearchParams(form).toString()),
});

const cookieOf = ({ headers }: Answer): SentRequest["headers"] => {
  const [pair = ""] = headers["set-cookie"]?.[0]?.split(";") ?? [];
  return { cookie: pair };
};

/** Ten devices of one network may wait. */
const fromNewNetwork = (): SentRequest["headers"] => ({ "cf-connecting-ip": `10.${[...randomBytes(3)].join(".")}` });

const unescape = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

/** A deployment lets 1,000 devices wait; five batches of each of three steps stay below it. */
const MOST_DEVICES = 20;

interface Step {
  readonly name: string;
  readonly isOfDevice?: true;
  /** The row of the other invocation of this step, the one that asks the provider. */
  readonly remote?: string;
  readonly prepare: (signIns: SignIns) => Promise<SentRequest> | SentRequest;
}

const STEPS: readonly Step[] = [
  { name: "discovery document", prepare: () => get("/oidc/.well-known/openid-configuration", 200) },
  { name: "keys", prepare: () => get("/oidc/keys", 200) },
  { name: "GET /auth: the page to choose on", prepare: (signIns) => signIns.authorize(makeVerifier(), false) },
  { name: "GET /auth: on to the provider", prepare: (signIns) => signIns.authorize(makeVerifier(), true) },
  { name: "GET /auth/SLUG: chosen", prepare: (signIns) => signIns.choose() },
  {
    name: "GET /callback: the page",
    remote: "GET /callback: token and keys",
    prepare: (signIns) => signIns.prepareCallback(),
  },
  { name: "POST /confirm: a code", prepare: (signIns) => signIns.confirm() },
  { name: "POST /token: a code for a token", prepare: (signIns) => signIns.redeem() },
  { name: "POST /device/code", isOfDevice: true, prepare: (signIns) => signIns.requestDevice() },
  { name: "GET /device: the page", prepare: () => get("/oidc/device", 200) },
  { name: "POST /device: the code typed", isOfDevice: true, prepare: (signIns) => signIns.sendUserCode() },
  { name: "POST /token: a device that waits", isOfDevice: true, prepare: (signIns) => signIns.poll() },
];

/** The stack, the plan and the sign-ins on it. */
interface SignInBench {
  readonly stack: BenchStack;
  readonly plan: Plan;
  readonly signIns: SignIns;
  readonly progress: (line: string) => void;
}

async function prepareMany(
  { signIns }: SignInBench,
  { prepare }: Step,
  count: number,
): Promise<readonly SentRequest[]> {
  const requests: SentRequest[] = [];
  for (let i = 0; i < count; i++) requests.push(await prepare(signIns));
  return requests;
}

async function sendAll({ stack }: SignInBench, requests: readonly SentRequest[]): Promise<void> {
  for (const one of requests) await stack.client.request(one);
}

/** CPU time of the Worker's own invocation, and of the one that asks the provider: what both take longer. */
interface Apart {
  readonly own: number;
  readonly remote: number | null;
}

async function measureApart({ remote }: Step, measure: (inUse: StandInsInUse) => Promise<number>): Promise<Apart> {
  const both = await measure("and of the sequencer");
  if (remote === undefined) return { own: both, remote: null };
  const own = await measure("and of sequencer and provider");
  return { own, remote: Math.max(0, both - own) };
}

async function measureMany(bench: SignInBench, step: Step, inUse: StandInsInUse): Promise<number> {
  const { stack, plan } = bench;
  const batch = step.isOfDevice ? Math.min(plan.batch, MOST_DEVICES) : plan.batch;
  const sample: number[] = [];
  // The first batch is not measured: V8 compiles the code.
  for (let i = 0; i <= plan.batches; i++) {
    await stack.useStandIns(true);
    const requests = await prepareMany(bench, step, batch);
    await stack.useStandIns(inUse);
    sample.push((await stack.readProcessorMs(() => sendAll(bench, requests))) / batch);
  }
  return median(sample.slice(1));
}

async function measureFresh({ stack, plan, signIns, progress }: SignInBench, step: Step): Promise<Apart> {
  progress(`sign-in, fresh isolate: ${step.name}`);
  return await measureApart(step, async (inUse) => {
    const sample: number[] = [];
    for (let i = 0; i < plan.freshRuns; i++) {
      await stack.useStandIns(true);
      const request = await step.prepare(signIns);
      await stack.restart();
      await stack.useStandIns(inUse);
      // Exclude what workerd itself does for the first time.
      for (let j = 0; j < 5; j++) await stack.ask("nothing");
      await sleep(50);
      sample.push(await stack.readProcessorMs(async () => await stack.client.request(request)));
    }
    return median(sample);
  });
}

interface WarmStep extends Apart {
  readonly step: Step;
  /** With the object of grants, whose invocation counts by itself. */
  readonly together: number;
}

async function measureWarm(bench: SignInBench, step: Step): Promise<WarmStep> {
  bench.progress(`sign-in, warm: ${step.name}`);
  const together = await measureMany(bench, step, true);
  return { step, together, ...(await measureApart(step, (inUse) => measureMany(bench, step, inUse))) };
}

/**
 * An empty request to the provider: HTTP and Miniflare's own Worker in front of the network, which Cloudflare does not
 * count.
 */
async function measureEmptyRequest({ stack, plan, signIns }: SignInBench): Promise<number> {
  const path = `fetch?url=${encodeURIComponent(signIns.empty)}`;
  const measure = async (ask: string): Promise<number> => {
    const sample: number[] = [];
    for (let i = 0; i <= plan.batches; i++) {
      const used = await stack.readProcessorMs(async () => {
        for (let j = 0; j < plan.batch; j++) await stack.ask(ask);
      });
      sample.push(used / plan.batch);
    }
    return median(sample.slice(1));
  };
  return Math.max(0, (await measure(path)) - (await measure("nothing")));
}

/** The requests to the provider of the second invocation: for the token, and in a fresh isolate for the keys too. */
const REMOTE_REQUESTS = { warm: 1, fresh: 2 } as const;

function rowsOf({ step, together, ...warm }: WarmStep, fresh: Apart, emptyMs: number): readonly Row[] {
  const figuresOf = (warmMs: number, freshMs: number): readonly Figure[] => [
    figure("warm", warmMs, "ms", BUDGET.warmMs),
    figure("fresh", freshMs, "ms", BUDGET.freshMs),
  ];
  const own = {
    name: step.name,
    figures: [...figuresOf(warm.own, fresh.own), figure("with the object", together, "ms")],
  };
  const { remote: name } = step;
  if (name === undefined || warm.remote === null || fresh.remote === null) return [own];
  const withoutEmpty = (ms: number, requests: number): number => Math.max(0, ms - requests * emptyMs);
  const figures = figuresOf(
    withoutEmpty(warm.remote, REMOTE_REQUESTS.warm),
    withoutEmpty(fresh.remote, REMOTE_REQUESTS.fresh),
  );
  return [own, { name, figures }];
}

/** Measures every step of a sign-in. */
export async function measureSignIn(bench: SignInBench): Promise<Section> {
  const warm: WarmStep[] = [];
  for (const step of STEPS) warm.push(await measureWarm(bench, step));
  const rows: Row[] = [];
  const emptyMs = await measureEmptyRequest(bench);
  for (const one of warm) rows.push(...rowsOf(one, await measureFresh(bench, one.step), emptyMs));
  rows.push({ name: "an empty request to the provider", figures: [figure("warm", emptyMs, "ms")] });
  return {
    title: "CPU of one request of a sign-in",
    notes: [
      "The Worker: HTTP (which Cloudflare does not count), front end and service, and the requests to the provider, whose own work is not",
      "included; with an object of grants that responds immediately. with the object: with its invocation and its commit to disk.",
      "token and keys: the second invocation of the way back, which redeems the provider's code and verifies its token, less what",
      "its empty requests take: one, and two in a fresh isolate. They are HTTP and Miniflare's own Worker in front of the network.",
      "fresh: GET /auth reads the provider's discovery document too, by such a request.",
    ],
    rows,
  };
}
