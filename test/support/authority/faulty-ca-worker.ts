// SPDX-License-Identifier: Apache-2.0
// The stack of `npm start`, with a CA in which a request causes the fault that it names in `x-fault`: in a dependency
// (the sequencer, its anchor, the oidc service, the store of used tokens) or in the CA's own settings.

import type { LoggedCertificate } from "../../../shared/ct/sct.ts";
import type { CertificateSubmission } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";
import type { CaEnv } from "../../../workers/ca/env.ts";
import { createCa } from "../../../workers/ca/index.ts";
import { compose } from "../../../workers/compose.ts";
import log from "../../../workers/log/index.ts";
import monitor from "../../../workers/monitor/index.ts";
import oidc from "../../../workers/oidc/index.ts";
import trust from "../../../workers/trust/index.ts";
import tsa from "../../../workers/tsa/index.ts";
import web from "../../../workers/web/index.ts";
import witness from "../../../workers/witness/index.ts";

export * from "../../../workers/entrypoints.ts";

const sequencer = (append: () => Promise<unknown>): Partial<CaEnv> => ({
  SEQUENCER: { getByName: () => ({ appendCertificate: append }) } as unknown as CaEnv["SEQUENCER"],
});
const refuseWith = (error: object): Partial<CaEnv> => sequencer(async () => ({ ok: false, error }));
/** Changes the real log's answer. */
const changeAnswer =
  (change: (sct: LoggedCertificate) => object) =>
  (env: CaEnv): Partial<CaEnv> => ({
    SEQUENCER: {
      getByName: (name: string) => ({
        appendCertificate: async (submission: CertificateSubmission) => {
          const answer = await env.SEQUENCER.getByName(name).appendCertificate(submission);
          return answer.ok ? { ok: true, value: { ...answer.value, ...change(answer.value) } } : answer;
        },
      }),
    } as unknown as CaEnv["SEQUENCER"],
  });
const flip = (bytes: Uint8Array): Uint8Array => bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1);
const loseConnection = async (): Promise<never> => {
  throw new Error("Network connection lost.");
};

const FAULTS: Readonly<Record<string, Partial<CaEnv> | ((env: CaEnv) => Partial<CaEnv>)>> = {
  "log-busy": refuseWith({ code: "log_busy", retryAfterSeconds: 3 }),
  "anchor-away": refuseWith({ code: "log_starting", reason: "the anchor cannot be reached" }),
  "anchor-ahead": refuseWith({ code: "log_refusing", reason: "it is behind its anchor" }),
  "tiles-differ": refuseWith({ code: "log_refusing", reason: "a full tile in R2 differs" }),
  "clock-behind": refuseWith({ code: "clock_behind", lastTimestamp: 2, now: 1 }),
  "entry-too-large": refuseWith({ code: "entry_too_large", maxBytes: 65_535 }),
  "log-lost": sequencer(loseConnection),
  "sct-short-id": changeAnswer(({ logId }) => ({ logId: logId.subarray(1) })),
  "sct-of-another-log": changeAnswer(({ logId }) => ({ logId: flip(logId) })),
  "sct-of-another-key": changeAnswer(({ spki }) => ({ spki: flip(spki) })),
  "sct-of-yesterday": changeAnswer(() => ({ timestamp: unixMs(1) })),
  "sct-of-tomorrow": changeAnswer(() => ({ timestamp: unixMs(Date.UTC(2100, 0)) })),
  "sct-of-another-second": changeAnswer(({ timestamp }) => ({ timestamp: timestamp + 1000 })),
  "sct-without-index": changeAnswer(() => ({ extensions: new Uint8Array(0) })),
  "sct-of-another-index": changeAnswer(({ extensions }) => ({ extensions: flip(extensions) })),
  "sct-without-signature": changeAnswer(() => ({ signature: new Uint8Array(0) })),
  "sct-with-another-signature": changeAnswer(({ signature }) => ({ signature: flip(signature) })),
  "key-missing": { CA_KEY: "" },
  "key-damaged": { CA_KEY: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
  "key-not-pem": { CA_KEY: "key" },
  "chain-missing": { CA_CHAIN: "" },
  "issuers-broken": { ISSUERS: "{" },
  "lifetime-broken": { CERTIFICATE_LIFETIME: "x" },
  "token-keys-lost": { OIDC: { jwks: loseConnection } as unknown as CaEnv["OIDC"] },
  "token-keys-empty": { OIDC: { jwks: async () => ({ keys: [] }) } as unknown as CaEnv["OIDC"] },
  "used-tokens-lost": {
    USED_TOKENS: { getByName: () => ({ use: loseConnection }) } as unknown as CaEnv["USED_TOKENS"],
  },
  "limits-lost": { IDENTITIES: { limit: loseConnection } },
};

const healthy = createCa({ allowLoopbackIssuers: true });
const envs = new Map<string, CaEnv>();

const ca = {
  ...healthy,
  fetch: (request: Request, env: CaEnv): Promise<Response> => {
    const fault = request.headers.get("x-fault") ?? "";
    const change = FAULTS[fault];
    const broken = envs.get(fault) ?? { ...env, ...(typeof change === "function" ? change(env) : change) };
    envs.set(fault, broken);
    return healthy.fetch(request, broken);
  },
};

export default compose({ ca, tsa, log, trust, oidc, witness, monitor, web }, (ctx) => ctx.exports);
