// SPDX-License-Identifier: Apache-2.0
// The log service over logs, an index and rate limits in memory.

import { afterEach, beforeEach, vi } from "vitest";
import { encodePem } from "../../../shared/bytes/pem.ts";
import type { CertificateSubmission, SignatureSubmission } from "../../../shared/rpc/sequencer.ts";
import type { LogEnv } from "../../../workers/log/env.ts";
import service from "../../../workers/log/index.ts";
import vectors from "../../vectors/python-cryptography/ct_chain.json" with { type: "json" };
import { NaiveLog, naiveRecords } from "./naive-log.ts";
import { type MemoryD1, memoryD1 } from "./sqlite-d1.ts";
import { tilesContext } from "./tiles-context.ts";

/** Decodes base64. */
export const der = (base64: string): Buffer => Buffer.from(base64, "base64");
const CA_CHAIN = encodePem("CERTIFICATE", der(vectors.ca)) + encodePem("CERTIFICATE", der(vectors.root));
const SCT = {
  logId: new Uint8Array(32).fill(9),
  timestamp: 1_790_000_000_123,
  extensions: Uint8Array.of(0, 0, 5, 0, 0, 0, 0, 7),
  signature: Uint8Array.of(0x30, 1, 2),
};

/** The log service over logs in memory. */
export interface LogService {
  readonly env: LogEnv;
  readonly logs: Readonly<Record<"signature" | "certificate", NaiveLog>>;
  readonly database: MemoryD1;
  readonly submitted: (CertificateSubmission | SignatureSubmission)[];
  /** The addresses whose reads and writes were counted. */
  readonly limited: string[];
  readonly limitedWrites: string[];
  /** The sequencer's response to an append. */
  answer: unknown;
  admits: boolean;
}

/**
 * Creates a service with a signature log and a certificate log.
 * @param size entries of each log
 * @param published full tiles that R2 has
 */
export function makeLogService(size = 0, published = 0): LogService {
  const logs = {
    signature: new NaiveLog("signature", naiveRecords("signature", size)),
    certificate: new NaiveLog("certificate", naiveRecords("certificate", size)),
  };
  for (const log of Object.values(logs)) log.publish(published);
  const submitted: LogService["submitted"] = [];
  const limited: string[] = [];
  const limitedWrites: string[] = [];
  const limiter = (keys: string[]): object => ({
    limit: ({ key }: { readonly key: string }) => {
      keys.push(key);
      return Promise.resolve({ success: fake.admits });
    },
  });
  const database = memoryD1();
  for (const log of Object.values(logs)) {
    Object.assign(log, {
      appendCertificate: (submission: CertificateSubmission) => {
        submitted.push(submission);
        return Promise.resolve(fake.answer);
      },
      describe: () => Promise.resolve({ logId: new Uint8Array(32).fill(1) }),
    });
  }
  const env = {
    PUBLIC_URL: "https://log.example.com",
    CA_CHAIN,
    SEQUENCER: { getByName: (name: keyof typeof logs) => logs[name] },
    TILES: {
      get: (key: string) => {
        const bytes = logs.signature.objects.get(key) ?? logs.certificate.objects.get(key);
        return Promise.resolve(
          bytes === undefined ? null : { arrayBuffer: () => Promise.resolve(new Uint8Array(bytes).buffer) },
        );
      },
    },
    INDEX: database.d1,
    READS: limiter(limited),
    WRITES: limiter(limitedWrites),
  } as unknown as LogEnv;
  const stores = { env, logs, database, submitted, limited, limitedWrites };
  const fake: LogService = { ...stores, answer: { ok: true, value: SCT }, admits: true };
  return fake;
}

/** Sends a request to the service. */
export const send = (fake: LogService, path: string, init: RequestInit = {}): Promise<Response> =>
  sendTo(path, fake.env, init);
/** Sends a request to a service with this environment. */
export const sendTo = (path: string, env: LogEnv, init: RequestInit = {}): Promise<Response> =>
  service.fetch(new Request(`https://log.example.com${path}`, init), env, tilesContext(env, false));

/** Mutes console.error in every test of a file and returns the lines of the current test. */
export function recordErrors(): readonly string[] {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    vi.spyOn(console, "error").mockImplementation((line: string) => lines.push(line));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return lines;
}
