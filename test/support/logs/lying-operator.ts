// SPDX-License-Identifier: Apache-2.0
// The operator of a stack who lies with the log's own keys. It copies the log over HTTP, makes any other history of it,
// with tiles and checkpoint as their specs say and over node:crypto, and serves that in front of the real service.

import { createPrivateKey, createPublicKey } from "node:crypto";
import { createServer, type Server } from "node:http";
import { LISTEN_ADDRESS } from "../../../cli/address.ts";
import type { TestStack } from "../process/stack.ts";
import { certificateLeafHash, readCheckpoint, readRecords } from "./log-client.ts";
import {
  ecdsaSigner,
  ed25519Signer,
  entryRecord,
  type NoteSigner,
  ServedLog,
  type ServedRecord,
  type SignerKeys,
  treeHeadSigner,
} from "./served-log.ts";

/** The logs of a stack: their paths, bundles, and how to frame what a client reads of them. */
const LOGS = {
  signature: { base: "", bundles: "entries", toRecord: entryRecord },
  certificate: {
    base: "/ct",
    bundles: "data",
    toRecord: (leaf: Buffer): ServedRecord => ({ framed: leaf, leafHash: certificateLeafHash(leaf) }),
  },
} as const;

type Kind = keyof typeof LOGS;

/** A log that its operator can change. */
export class LyingOperator {
  readonly kind: Kind;
  /** The records of the real log. */
  readonly records: readonly Buffer[];
  /** Answers in place of the service's, by path without a leading slash. */
  readonly answers = new Map<string, Buffer>();
  readonly #stack: TestStack;
  readonly #server: Server;
  #log: ServedLog | null = null;

  private constructor(stack: TestStack, kind: Kind, records: readonly Buffer[]) {
    this.kind = kind;
    this.records = records;
    this.#stack = stack;
    this.#server = createServer((request, response) => {
      void this.#answer(request.url ?? "/").then(({ status, body }) => response.writeHead(status).end(body));
    });
  }

  /** Copies a log, and serves it as it is. */
  static async copy(stack: TestStack, kind: Kind): Promise<LyingOperator> {
    const { base, bundles } = LOGS[kind];
    const { treeSize } = await readCheckpoint(`${stack.url}${base}`);
    const records = await readRecords(`${stack.url}${base}`, treeSize, bundles);
    const operator = new LyingOperator(stack, kind, records);
    await new Promise<void>((resolve) => operator.#server.listen({ port: 0, host: LISTEN_ADDRESS }, resolve));
    return operator;
  }

  /** The address that an auditor is given. */
  get url(): string {
    const address = this.#server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return `http://${LISTEN_ADDRESS}:${port}${LOGS[this.kind].base}`;
  }

  /** Serves a history of these records, signed with the real keys. @param at when a tree head is signed, in ms */
  tell(records: readonly Buffer[], at = Date.now()): void {
    const { base, bundles, toRecord } = LOGS[this.kind];
    const origin = this.kind === "signature" ? "localhost" : `localhost:${this.#stack.port}${base}`;
    this.#log = new ServedLog(origin, bundles, this.#signers(origin, at));
    this.#log.append(records.map(toRecord));
  }

  /** Serves the real log again. */
  tellTheTruth(): void {
    this.#log = null;
    this.answers.clear();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #signers(origin: string, at: number): readonly NoteSigner[] {
    if (this.kind === "certificate") return [treeHeadSigner(origin, this.#keys("CERTIFICATE_LOG_KEY"), at)];
    return [
      ecdsaSigner(origin, this.#keys("SIGNATURE_LOG_KEY")),
      ed25519Signer(origin, this.#keys("SIGNATURE_LOG_ED25519_KEY")),
    ];
  }

  #keys(setting: string): SignerKeys {
    const privateKey = createPrivateKey(this.#stack.vars[setting] ?? "");
    return { privateKey, publicKey: createPublicKey(privateKey) };
  }

  async #answer(url: string): Promise<{ readonly status: number; readonly body: Buffer }> {
    const path = url.slice(1);
    const base = LOGS[this.kind].base.slice(1);
    const inLog = base === "" ? path : path.startsWith(`${base}/`) ? path.slice(base.length + 1) : null;
    const own = this.answers.get(path) ?? (inLog === null ? undefined : this.#log?.files.get(inLog));
    if (own !== undefined) return { status: 200, body: own };
    // An operator who tells another history has no files of the real one.
    if (this.#log !== null && inLog !== null && /^(?:tile\/|checkpoint$)/.test(inLog)) {
      return { status: 404, body: Buffer.of() };
    }
    const answer = await fetch(`${this.#stack.url}${url}`);
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  }
}
