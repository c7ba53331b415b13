// SPDX-License-Identifier: Apache-2.0
// A stack to fuzz, and its requests: the one with a number follows from seed and number, but for keys and signatures.

import { generateKeyPairSync } from "node:crypto";
import { isObject } from "../../../shared/json/member.ts";
import { Random } from "../../faults/random.ts";
import { FedLog } from "../../support/logs/fed-log.ts";
import { findAnyPort, startStack, type TestStack } from "../../support/process/stack.ts";
import { hostileBodies } from "./hostile-der.ts";
import { replaceTexts } from "./hostile-values.ts";
import { type Draft, mutate } from "./mutations.ts";
import { type Content, contents, type Material, makeMaterial } from "./requests.ts";
import { FUZZED_ROUTES, type FuzzedRoute } from "./routes.ts";

/** A stack to fuzz: with a heap as an isolate has it, open to every key, and a witness. */
export interface FuzzedStack {
  readonly stack: TestStack;
  readonly witnessed: FedLog;
  readonly inspectorPort: number;
}

/** V8's heap in an isolate of 128 MB, whose other memory counts too. */
const HEAP_MEGABYTES = 100;
const TOKEN_LIFE_MS = 300_000;
/** A tenth of these ask for a certificate, and an identity gets 1,000 in a minute. */
const REQUESTS_PER_IDENTITY = 3000;

/** Valid requests whose values are replaced, one of each form: a route may take several. */
const VALID_REQUESTS = 12;
const ED25519_PEM = String(generateKeyPairSync("ed25519").publicKey.export({ format: "pem", type: "spki" }));
/** The base64 of a PEM text of one block, as it stands in JSON. */
const contentOf = (pem: string): string => JSON.stringify(pem.split(/-----[A-Z ]+-----\n/)[1] ?? "").slice(1, -1);

/** Starts a stack under a heap limit. */
export async function startFuzzedStack(): Promise<FuzzedStack> {
  const witnessed = new FedLog("log.example.com/fuzz").grow(8);
  const key = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  process.env["MINIFLARE_WORKERD_V8_FLAGS"] = `--max-old-space-size=${HEAP_MEGABYTES}`;
  try {
    const vars = { ACCEPT: "open", WITNESS_KEY: key, WITNESSED_LOGS: `log ${witnessed.vkey}` };
    const inspectorPort = await findAnyPort();
    return { stack: await startStack({ vars, inspectorPort }), witnessed, inspectorPort };
  } finally {
    delete process.env["MINIFLARE_WORKERD_V8_FLAGS"];
  }
}

/** Makes requests. One that is made again has other signatures, so that a log does not take it for a duplicate. */
export class Drafts {
  readonly #fuzzed: FuzzedStack;
  #material: Material | null = null;
  #madeAt = 0;
  #identities = 0;
  #requests = 0;

  constructor(fuzzed: FuzzedStack) {
    this.#fuzzed = fuzzed;
  }

  /** The changed request of this number. */
  async changed(seed: number, number: number): Promise<Draft> {
    const random = new Random((seed ^ Math.imul(number + 1, 0x9e3779b1)) >>> 0);
    const draft = await this.valid(random.pick(FUZZED_ROUTES), random);
    mutate(draft, random);
    return draft;
  }

  /** A valid request of a route. */
  async valid(row: FuzzedRoute, random: Random): Promise<Draft> {
    const make = new Map(Object.entries(contents(await this.#freshMaterial()))).get(row.handler);
    if (make === undefined) throw new Error(`${row.handler} has no valid request`);
    return draftOf(row, make(random), random);
  }

  /** Requests with DER that costs a parser most, in every place of a route that takes DER. */
  async *withDer(row: FuzzedRoute): AsyncGenerator<Draft> {
    const random = new Random(2);
    for (const content of hostileBodies(row.handler, row.maxBodyBytes ?? 0, await this.#makeMaterial()))
      yield draftOf(row, content, random);
  }

  /** Requests with values that code looks up or decodes, in the place of every text of a route's JSON. */
  async *withValues(row: FuzzedRoute): AsyncGenerator<Draft> {
    const { pem } = await this.#freshMaterial();
    const forms = new Set<string>();
    const networks = new Random(3);
    for (let i = 0; i < VALID_REQUESTS; i++) {
      const draft = await this.valid(row, new Random(i));
      const text = Buffer.from(draft.body ?? []).toString();
      const form = JSON.stringify(parseOrNull(text), (_, value: unknown) =>
        isObject(value) || Array.isArray(value) ? value : typeof value,
      );
      if (forms.has(form)) continue;
      forms.add(form);
      // An Ed25519 key is verified by other code than those of ECDSA.
      for (const body of new Set([text, text.replace(contentOf(pem), contentOf(ED25519_PEM))])) {
        for (const changed of replaceTexts(parseOrNull(body))) {
          const headers = { ...draft.headers, "cf-connecting-ip": anyNetwork(networks) };
          yield { ...draft, headers, body: Buffer.from(JSON.stringify(changed)) };
        }
      }
    }
  }

  /** Returns material for requests, with a token that is still valid and an identity below its limit. */
  async #freshMaterial(): Promise<Material> {
    const isFresh = Date.now() < this.#madeAt + TOKEN_LIFE_MS && ++this.#requests < REQUESTS_PER_IDENTITY;
    return this.#material === null || !isFresh ? await this.#makeMaterial() : this.#material;
  }

  async #makeMaterial(): Promise<Material> {
    const { stack, witnessed } = this.#fuzzed;
    this.#material = await makeMaterial(stack, witnessed, `fuzz-${this.#identities++}@example.com`);
    this.#madeAt = Date.now();
    this.#requests = 0;
    return this.#material;
  }
}

/** Another network each time, so that no limit answers in place of the service. */
const anyNetwork = (random: Random): string => `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`;

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function draftOf(row: FuzzedRoute, content: Content, random: Random): Draft {
  const { rest = "", query, contentType, body, authorization } = content;
  const path = row.path.replace(/\*$|:\w+(?:\/:\w+)?(?:\.[a-z.-]+)?/, rest);
  return {
    row,
    method: row.method ?? "GET",
    declaredPath: path,
    path: query === undefined ? path : `${path}?${query}`,
    headers: {
      "cf-connecting-ip": anyNetwork(random),
      ...(contentType === undefined ? {} : { "content-type": contentType }),
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: body === undefined ? null : Buffer.from(body),
    maxBodyBytes: row.maxBodyBytes ?? null,
  };
}
