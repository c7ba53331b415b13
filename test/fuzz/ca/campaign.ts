// SPDX-License-Identifier: Apache-2.0
// Sends malformed requests to the CA in this process and checks every response: none is a failure, none takes long,
// every certificate satisfies the invariants, and the dry run has predicted each result.

import { unixMs } from "../../../shared/time.ts";
import { createCa } from "../../../workers/ca/index.ts";
import { Random } from "../../faults/random.ts";
import { emptyCache, FakeCertificateLog, makeCaEnv, makeCaMaterial } from "../../support/authority/ca.ts";
import { certificatesIn, checkChain } from "./certificate-invariants.ts";
import { checkExplanation, isExplainable, toExplain } from "./explanation.ts";
import { mutate } from "./mutations.ts";
import { ISSUERS, toRequest, validDraft } from "./valid-request.ts";

/** The result of a campaign. */
export interface Outcome {
  /** Status → count. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly certificates: number;
  /** Time of the slowest case. */
  readonly slowestMs: number;
}

const NOW = unixMs(Date.UTC(2027, 0, 15, 8));
/** 501 answers a wrong method, 204 a preflight. */
const EXPECTED = new Set([200, 201, 204, 400, 501]);
const MAX_MS = 5_000;

/** Runs the cases `first` to `first + count`. Throws with the number of a failed case; number and seed reproduce it. */
export async function runCampaign(
  seed: number,
  count: number,
  report: (done: number) => void = () => {},
): Promise<Outcome> {
  const log = new FakeCertificateLog(() => NOW);
  const env = { ...makeCaEnv(makeCaMaterial(NOW), log, { jwks: async () => ({ keys: [] }) }), ISSUERS };
  const ca = createCa(
    { allowLoopbackIssuers: false },
    {
      now: () => NOW,
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      fetch: () => Promise.reject(new TypeError("no network")),
      keepAlive: () => {},
      cache: emptyCache,
    },
  );
  const statuses = new Map<number, number>();
  const serials = new Set<string>();
  let slowestMs = 0;
  for (let i = 0; i < count; i++) {
    const random = new Random((seed ^ Math.imul(i + 1, 0x9e3779b1)) >>> 0);
    const draft = validDraft(random, NOW / 1000);
    mutate(draft, random);
    try {
      const [request, copy] = await twice(toRequest(draft));
      const explained = isExplainable(draft) ? await ca.fetch(toExplain(copy), env) : null;
      const started = performance.now();
      const response = await ca.fetch(request, env);
      const text = await response.text();
      const ms = performance.now() - started;
      if (ms > MAX_MS) throw new Error(`took ${Math.round(ms)} ms`);
      slowestMs = Math.max(slowestMs, ms);
      checkAnswer(response, text, { log, serials });
      if (explained !== null) await checkExplanation(explained, { status: response.status, text });
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    } catch (error) {
      throw new Error(
        `case ${i} of seed ${seed} (${draft.identity.name}): ${error instanceof Error ? error.message : "?"}`,
        { cause: error },
      );
    }
    // The fake log keeps everything, and nobody needs a hundred thousand entries.
    log.submissions.length = 0;
    if ((i + 1) % 5000 === 0) report(i + 1);
  }
  return { statuses, certificates: serials.size, slowestMs };
}

/** Two requests of the same bytes. A clone would wait for the other half of a body that the CA stops reading. */
async function twice(request: Request): Promise<readonly [Request, Request]> {
  const { url, method, headers } = request;
  const body = method === "POST" ? await request.arrayBuffer() : null;
  return [new Request(url, { method, headers, body }), new Request(url, { method, headers, body })];
}

interface Campaign {
  readonly log: FakeCertificateLog;
  readonly serials: Set<string>;
}

function checkAnswer({ status }: Response, text: string, { log, serials }: Campaign): void {
  if (!EXPECTED.has(status)) throw new Error(`status ${status}: ${text.slice(0, 500)}`);
  if (status === 201) checkChain(text.split(/(?<=-----END CERTIFICATE-----)\n/), log, serials);
  if (status === 200) checkChain(certificatesIn(text), log, serials);
  if (status === 400 || status === 501) {
    if (text === "") return;
    const { code, message } = JSON.parse(text) as { readonly code: number; readonly message: string };
    if (code !== (status === 400 ? 3 : 12) || message === "") throw new Error(`an error without its code: ${text}`);
  }
}
