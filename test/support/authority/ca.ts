// SPDX-License-Identifier: Apache-2.0
// A CA for unit tests: keys and chain like a deployment's, and a certificate log that signs real SCTs and records its
// calls.

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { certifyAuthority, spkiOf } from "../../../cli/keys/certificates.ts";
import { concat } from "../../../shared/bytes/bytes.ts";
import { uint, vector } from "../../../shared/bytes/writer.ts";
import type { LoggedCertificate } from "../../../shared/ct/sct.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AppendError, CertificateSubmission } from "../../../shared/rpc/sequencer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { CaEnv } from "../../../workers/ca/env.ts";
import type { PlatformCache } from "../../../workers/ca/issuer-keys/key-store.ts";
import type { IssuerKey } from "./identity-token.ts";

/** A curve of the CA's key, by its name in node. */
export type Curve = "prime256v1" | "secp384r1";

const makeKey = (namedCurve: Curve): KeyObject => generateKeyPairSync("ec", { namedCurve }).privateKey;
const pkcs8 = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

/** The CA's settings. */
export interface CaMaterial {
  readonly CA_CHAIN: string;
  readonly CA_KEY: string;
}

/** Creates a CA key and a chain with a root. */
export function makeCaMaterial(now: UnixMs, curve: Curve = "prime256v1"): CaMaterial {
  const online = makeKey(curve);
  const CA_CHAIN = certifyAuthority({ root: makeKey("secp384r1"), online }, { hostname: "ca.example", now });
  return { CA_CHAIN, CA_KEY: pkcs8(online) };
}

/** A stand-in for the sequencer: one log, in memory. */
export class FakeCertificateLog {
  readonly #key: KeyObject;
  readonly #now: () => UnixMs;
  readonly submissions: CertificateSubmission[] = [];
  /** If set, the next calls fail with this instead of returning an SCT. */
  failure: AppendError | Error | null = null;
  /** Changes the answers of the next calls after signing. */
  change: Partial<LoggedCertificate> = {};
  /** Changes what the next calls sign. */
  promise: Partial<Pick<LoggedCertificate, "timestamp" | "extensions">> = {};

  constructor(now: () => UnixMs, curve: Curve = "prime256v1", key: KeyObject = makeKey(curve)) {
    this.#now = now;
    this.#key = key;
  }

  /** The log's key: SubjectPublicKeyInfo, DER. */
  get spki(): Uint8Array {
    return spkiOf(this.#key);
  }

  get logId(): Uint8Array {
    return createHash("sha256").update(this.spki).digest();
  }

  /** The log's part of an answer with an SCT. */
  get identity(): Pick<LoggedCertificate, "logId" | "spki"> {
    return { logId: this.logId, spki: this.spki };
  }

  async appendCertificate(submission: CertificateSubmission): Promise<Result<LoggedCertificate, AppendError>> {
    if (this.failure instanceof Error) throw this.failure;
    if (this.failure !== null) return err(this.failure);
    const index = this.submissions.push(submission) - 1;
    const { timestamp, extensions } = {
      timestamp: this.#now(),
      extensions: concat(Uint8Array.of(0, 0, 5), uint(index, 5)),
      ...this.promise,
    };
    const signed = concat(
      Uint8Array.of(0, 0),
      uint(timestamp, 8),
      Uint8Array.of(0, 1),
      submission.issuerKeyHash ?? new Uint8Array(0),
      vector(submission.signedEntry, 3),
      vector(extensions, 2),
    );
    const signature = sign("sha256", signed, this.#key);
    return ok({ ...this.identity, timestamp, extensions, signature, ...this.change });
  }
}

/** The environment of a CA at `https://sigstore.example.com` with these parts. */
export function makeCaEnv(
  material: CaMaterial,
  log: FakeCertificateLog,
  builtIn: { readonly jwks: () => Promise<{ readonly keys: readonly unknown[] }> },
  shards: Readonly<Record<string, FakeCertificateLog>> = {},
): CaEnv {
  const names: string[] = [];
  const namespace = {
    getByName: (name: string) => {
      names.push(name);
      const named = name === "certificate" ? log : shards[name];
      if (named === undefined) throw new Error(`no log ${name}`);
      return named;
    },
  };
  const unlimited = { limit: async () => ({ success: true }) };
  const used = new Set<string>();
  const usedTokens = {
    getByName: (issuer: string) => ({
      use: async (token: string) => used.size < used.add(`${issuer} ${token}`).size,
      isUsed: async (token: string) => used.has(`${issuer} ${token}`),
      release: async (token: string) => void used.delete(`${issuer} ${token}`),
    }),
  };
  return {
    PUBLIC_URL: "https://sigstore.example.com",
    ISSUERS: "public",
    ...material,
    SEQUENCER: namespace as unknown as CaEnv["SEQUENCER"],
    USED_TOKENS: usedTokens as unknown as CaEnv["USED_TOKENS"],
    WRITES: unlimited,
    IDENTITIES: unlimited,
    OIDC: builtIn as unknown as CaEnv["OIDC"],
  };
}

/** The JWK Set of these keys. */
export const jwksOf = (...keys: readonly IssuerKey[]): { readonly keys: readonly unknown[] } => ({
  keys: keys.map(({ jwk }) => jwk),
});

/** A clock that moves only when it is set. */
export interface Clock {
  now: () => UnixMs;
  advance: (ms: number) => void;
}

/** Creates a clock. */
export function makeClock(start = Date.UTC(2027, 0, 15, 8, 0, 0, 250)): Clock {
  let time = unixMs(start);
  return {
    now: () => time,
    advance: (ms) => {
      time = unixMs(time + ms);
    },
  };
}

/** A platform cache that stores nothing. */
export const emptyCache = async (): Promise<PlatformCache> => ({ match: async () => undefined, put: async () => {} });
