// SPDX-License-Identifier: Apache-2.0
// A secret that somebody replaces by another valid key, behind the back of `sigedge deploy`: the service that it
// belongs to signs nothing with it, and /healthz, which `status` and `doctor` print, says which secret it is.

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DECLARATIONS } from "../../workers/declarations.ts";
import { requestCertificate } from "../support/authority/request-certificate.ts";
import { artifactRequest, clientKey } from "../support/logs/log-client.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const pem = (key: KeyObject): string => String(key.export({ format: "pem", type: "pkcs8" }));
const p256 = (): string => pem(generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey);
const ed25519 = (): string => pem(generateKeyPairSync("ed25519").privateKey);

interface Replacement {
  readonly key: () => string;
  /** The deployment's report of the problem. */
  readonly sentence: string;
  /** The answers that stop; null if only clients that check expiry notice, days later. */
  readonly stops: "certificates" | "timestamps" | "entries" | null;
}

const ofLog = (setting: string, log: string): string =>
  `the log ${log} refuses to write: ${setting} is not the key that the log ${log} was created with: put the old key back`;

/** Every secret; a text says why another key is no fault that the deployment could see. */
const SECRETS: Readonly<Record<string, Replacement | string>> = {
  CA_KEY: { key: p256, sentence: "CA_KEY is not the key of the first certificate of CA_CHAIN", stops: "certificates" },
  TSA_KEY: { key: p256, sentence: "TSA_KEY is not the key of the first certificate of TSA_CHAIN", stops: "timestamps" },
  SIGNATURE_LOG_KEY: { key: p256, sentence: ofLog("SIGNATURE_LOG_KEY", "signature"), stops: "entries" },
  SIGNATURE_LOG_ED25519_KEY: {
    key: ed25519,
    sentence: ofLog("SIGNATURE_LOG_ED25519_KEY", "signature"),
    stops: "entries",
  },
  CERTIFICATE_LOG_KEY: { key: p256, sentence: ofLog("CERTIFICATE_LOG_KEY", "certificate"), stops: "certificates" },
  TUF_KEY: {
    key: p256,
    sentence:
      "TUF_KEY is not the key that the newest root names: deploy the secret and the trust file of the same rotation.",
    stops: null,
  },
  SHARD_KEYS: "as the keys of the first logs; workers/sequencer/recovery/opening.test.ts",
  OIDC_KEY: "the JWK Set publishes its public half, and verifiers follow that",
  OIDC_SEAL_KEY: "a sign-in under way ends at a page that says so, and the next one works",
  OIDC_SUBJECT_KEY: "people get another `sub`, which nothing else refers to",
  OIDC_CONNECTOR_SECRETS: "the providers refuse it, and `doctor` says whose",
  WATCH_SECRETS: "a receiver refuses what another secret signs, the message waits, and the operator is told",
  MAIL_HEADERS: "the mail API refuses them, the mail waits, and the operator is told",
  WITNESS_KEY: "its public half is configured where its cosignatures are checked, and those fail there",
};

const secrets = new Set(
  Object.values(DECLARATIONS).flatMap(({ settings }) =>
    Object.entries(settings).flatMap(([name, setting]) => ("isSecret" in setting ? [name] : [])),
  ),
);

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({ vars: { ACCEPT: "open" } });
  expect(await attempts()).toEqual({ certificates: 200, timestamps: 200, entries: 201 });
});
afterAll(() => stack.stop());

/** Status of an attempt at each thing that is signed. */
async function attempts(): Promise<object> {
  const post = async (path: string, body: object): Promise<number> => {
    const headers = { "content-type": "application/json" };
    return (await fetch(`${stack.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })).status;
  };
  const certificate = await requestCertificate(stack, { email: "alice@example.com", key: clientKey() });
  return {
    certificates: certificate.status,
    timestamps: await post("/api/v1/timestamp", {
      artifactHash: Buffer.alloc(32).toString("base64"),
      hashAlgorithm: "sha256",
    }),
    entries: await post("/api/v2/log/entries", artifactRequest(clientKey(), String(Math.random()))),
  };
}

const heads = (): Promise<readonly string[]> =>
  Promise.all(["/checkpoint", "/ct/checkpoint"].map(async (path) => await (await fetch(`${stack.url}${path}`)).text()));

it("every secret is in the table", () => {
  expect(Object.keys(SECRETS).toSorted()).toEqual([...secrets].toSorted());
});

const replaceable = Object.entries(SECRETS).flatMap(([name, of]) =>
  typeof of === "string" ? [] : [[name, of] as const],
);

describe.each(replaceable)("%s, replaced by another key", (name, { key, sentence, stops }) => {
  it("signs nothing, is named, and does no harm once it is put back", async () => {
    const before = await heads();
    await stack.restart({ [name]: key() });
    const health = await fetch(`${stack.url}/healthz`);
    const { problems } = (await health.json()) as { readonly problems: readonly string[] };
    expect([health.status, problems]).toEqual([503, [sentence]]);
    const statuses = (await attempts()) as Readonly<Record<string, number>>;
    for (const [what, status] of Object.entries(statuses))
      expect([what, status >= 500]).toEqual([what, what === stops]);
    if (stops !== null && name.endsWith("LOG_KEY")) {
      const after = await heads();
      expect(after[stops === "entries" ? 0 : 1]).toBe(before[stops === "entries" ? 0 : 1]);
    }
    await stack.restart();
    expect(await attempts()).toEqual({ certificates: 200, timestamps: 200, entries: 201 });
    expect((await fetch(`${stack.url}/healthz`)).status).toBe(200);
  });
});
