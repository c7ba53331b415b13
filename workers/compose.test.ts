// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openLocalSettings } from "../local/settings.ts";
import { createFailingBindings, CONTEXT as ctx, SERVICES, COMPOSED as worker } from "../test/support/composed.ts";
import { type ComposedEnv, serviceEnv } from "./compose.ts";
import {
  DECLARATIONS,
  DECLARED_SERVICES,
  type DeclaredService,
  listRequired,
  resourceNames,
  settingNames,
} from "./declarations.ts";
import { OidcKeys, Sequencer } from "./entrypoints.ts";
import { SERVICE_ROUTES, type ServiceName } from "./front/routes.ts";

/** The verifier key of sum.golang.org. */
const WITNESSED_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const URL_TEXT = "http://localhost:8787";
const SHARD = { name: "sig-2027", kind: "signature", url: "http://127.0.0.2:8787" };

function shardKeys(): string {
  const pem = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" }).toString();
  const ecdsa = pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  return JSON.stringify({ [SHARD.name]: { ecdsa, ed25519: pem(generateKeyPairSync("ed25519").privateKey) } });
}
const SERVICE_NAMES = Object.keys(SERVICES) as ServiceName[];
/** The secret settings that a service declares, all parts of split ones included. */
const secretsOf = (service: DeclaredService): readonly string[] =>
  settingNames(
    Object.fromEntries(Object.entries(DECLARATIONS[service].settings).filter(([, row]) => "isSecret" in row)),
  );
const ALL_SECRETS = DECLARED_SERVICES.flatMap(secretsOf);

let state: string;
let settings: Readonly<Record<string, string>>;

beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), "sigedge-compose-"));
  const read = openLocalSettings({ port: 8787, state, accept: null });
  if (!read.ok) throw new Error(read.error);
  const witnessKey = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  settings = {
    ...read.value,
    SHARDS: JSON.stringify([SHARD]),
    SHARD_KEYS: shardKeys(),
    SHARD_KEYS_2: "",
    SHARD_KEYS_3: "",
    SHARD_KEYS_4: "",
    OIDC_CONNECTOR_SECRETS: "{}",
    MAIL_HEADERS: "{}",
    WATCH_SECRETS: "{}",
    WITNESS_KEY: witnessKey,
    WITNESSED_LOGS: `log ${WITNESSED_VKEY}`,
  };
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

const completeEnv = (): ComposedEnv => ({ ...createFailingBindings(), ...settings }) as unknown as ComposedEnv;

/** The complete environment, but a secret that is not among `own` must not be read. */
function guardedEnv(own: readonly string[], touched: Set<string>): ComposedEnv {
  return new Proxy(completeEnv(), {
    get: (target, name) => {
      if (typeof name === "string" && ALL_SECRETS.includes(name)) {
        touched.add(name);
        if (!own.includes(name)) throw new Error(`reads ${name}, which is another service's`);
      }
      return Reflect.get(target, name);
    },
  });
}

describe("narrowed environments", () => {
  it("give every secret to one service only", () => {
    expect(ALL_SECRETS.toSorted()).toEqual([
      "CA_KEY",
      "CERTIFICATE_LOG_KEY",
      "MAIL_HEADERS",
      "OIDC_CONNECTOR_SECRETS",
      "OIDC_KEY",
      "OIDC_SEAL_KEY",
      "OIDC_SUBJECT_KEY",
      "SHARD_KEYS",
      "SHARD_KEYS_2",
      "SHARD_KEYS_3",
      "SHARD_KEYS_4",
      "SIGNATURE_LOG_ED25519_KEY",
      "SIGNATURE_LOG_KEY",
      "TSA_KEY",
      "TUF_KEY",
      "WATCH_SECRETS",
      "WITNESS_KEY",
    ]);
  });

  it.each(SERVICE_NAMES)("hold what %s may see and nothing else", (service) => {
    const narrow = serviceEnv[service](completeEnv());
    const { settings: own, bindings } = DECLARATIONS[service];
    expect([...settingNames(own), ...resourceNames(bindings)]).toEqual(expect.arrayContaining(Object.keys(narrow)));
    expect(Object.keys(narrow)).toEqual(expect.arrayContaining([...secretsOf(service)]));
  });

  it("are one object per environment, so that a service parses its keys once", () => {
    const env = completeEnv();
    expect(serviceEnv.tsa(env)).toBe(serviceEnv.tsa(env));
    expect(serviceEnv.tsa(env)).not.toBe(serviceEnv.tsa(completeEnv()));
  });
});

describe("each service", () => {
  it.each(SERVICE_ROUTES)(
    "$service reads no other service's secret when it answers $path",
    async ({ path, service }) => {
      vi.spyOn(console, "error").mockImplementation(() => undefined);
      vi.spyOn(console, "warn").mockImplementation(() => undefined);
      const touched = new Set<string>();
      const env = guardedEnv(secretsOf(service), touched);
      for (const method of ["GET", "POST"]) {
        const request = new Request(`${URL_TEXT}${path.replace("*", "x")}`, {
          method,
          headers: { "content-type": "application/json" },
          body: method === "POST" ? "{}" : null,
        });
        const response = await worker.fetch(request, env, ctx);
        expect(await response.text()).not.toContain("not configured");
      }
      expect(secretsOf(service)).toEqual(expect.arrayContaining([...touched]));
      vi.restoreAllMocks();
    },
  );

  it("gets the token keys by RPC", async () => {
    const touched = new Set<string>();
    const entrypoint = new OidcKeys(ctx, guardedEnv(secretsOf("oidc"), touched));
    expect((await entrypoint.jwks()).keys).toHaveLength(1);
    expect([...touched].toSorted()).toEqual([...secretsOf("oidc")].toSorted());
  });

  it("reaches a sequencer that has only the log keys", () => {
    const touched = new Set<string>();
    const objectCtx = { id: { name: "certificate" } } as unknown as DurableObjectState;
    const object = new Sequencer(objectCtx, guardedEnv(secretsOf("sequencer"), touched));
    expect(object).toBeInstanceOf(Sequencer);
    expect([...touched].toSorted()).toEqual(secretsOf("sequencer").toSorted());
  });
});

describe("an incomplete environment", () => {
  it("is listed completely, on every route", async () => {
    for (const path of ["/", "/checkpoint", "/api/v2/signingCert", "/metrics"]) {
      const response = await worker.fetch(new Request(`${URL_TEXT}${path}`), {} as ComposedEnv, ctx);
      expect(response.status).toBe(503);
      const { message } = (await response.json()) as { message: string };
      const required = Object.values(DECLARATIONS).flatMap((declared) => listRequired(declared.settings));
      expect(required).toContain("CERTIFICATE_LOG_KEY");
      for (const name of [...required, "PUBLIC_URL", "CA_CHAIN", "TSA_CHAIN", "SEQUENCER", "TILES", "INDEX"]) {
        expect(message).toContain(`${name} is missing`);
      }
    }
  });

  it("names the one thing that is missing, and nothing optional", async () => {
    const { TSA_KEY: _, ...rest } = completeEnv();
    const response = await worker.fetch(new Request(`${URL_TEXT}/healthz`), rest as ComposedEnv, ctx);
    expect(await response.json()).toMatchObject({ status: "NOT_SERVING", problems: ["TSA_KEY is missing"] });
  });

  it("names what is wrong with an address", async () => {
    const env = { ...completeEnv(), PUBLIC_URL: "http://sigstore.example.com" };
    const response = await worker.fetch(new Request(`${URL_TEXT}/healthz`), env, ctx);
    expect(await response.json()).toMatchObject({
      problems: [expect.stringMatching(/^PUBLIC_URL must start with https/)],
    });
  });
});
