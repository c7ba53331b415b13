// SPDX-License-Identifier: Apache-2.0
// The service over anchors in SQLite, with honest, mistaken and dishonest feeders. In workerd, with kills:
// test/interop/witness-kill.test.ts; with feeders of others: test/interop/witness-role.test.ts.

import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CosignedAdvance } from "../../shared/rpc/anchor.ts";
import { verifyNote, witnessVkey } from "../../test/interop/signed-note.ts";
import { FedLog, request } from "../../test/support/logs/fed-log.ts";
import { SqliteStorage } from "../../test/support/logs/sqlite-storage.ts";
import {
  exchangeAnchoredHead,
  prepareAnchoredHead,
  readAnchoredHead,
  readCosignedNote,
} from "../sequencer/anchor/anchored-head.ts";
import type { WitnessEnv } from "./env.ts";
import service from "./index.ts";

const PREFIX = "https://sigstore.example.com/witness";
const keys = generateKeyPairSync("ed25519");
const vkey = witnessVkey("sigstore.example.com/witness", rawOf(keys.publicKey));

let log: FedLog;
let anchors: Map<string, SqliteStorage>;
/** Runs between the read and the exchange of a request. */
let between: () => Promise<void>;
let isLimited: boolean;
let env: WitnessEnv;

function rawOf(key: KeyObject): Uint8Array {
  return key.export({ type: "spki", format: "der" }).subarray(-32);
}

beforeEach(() => {
  log = new FedLog("log.example.com/one").grow(20);
  anchors = new Map();
  between = () => Promise.resolve();
  isLimited = false;
  env = makeEnv();
});

afterEach(() => void vi.restoreAllMocks());

function makeEnv(settings: Partial<Record<keyof WitnessEnv, string>> = {}): WitnessEnv {
  const stub = (name: string): object => {
    const storage = anchors.get(name) ?? new SqliteStorage();
    prepareAnchoredHead(storage);
    anchors.set(name, storage);
    return {
      read: () => Promise.resolve(readAnchoredHead(storage)),
      exchange: async (step: CosignedAdvance) => {
        await between();
        return exchangeAnchoredHead(storage, step);
      },
      readNote: () => Promise.resolve(readCosignedNote(storage)),
    };
  };
  return {
    PUBLIC_URL: "https://sigstore.example.com",
    WITNESS_KEY: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    WITNESSED_LOGS: `# logs of others\nlog ${log.vkey} https://log.example.com/one\nlog ${new FedLog("other.example.com").vkey}\n`,
    ...settings,
    ANCHOR: { getByName: stub } as never,
    READS: { limit: () => Promise.resolve({ success: !isLimited }) },
    WRITES: { limit: () => Promise.resolve({ success: !isLimited }) },
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type: string | null;
}

async function feed(body: string | Uint8Array, method = "POST"): Promise<Answer> {
  const sent = method === "POST" ? { method, body } : { method };
  const response = await service.fetch(new Request(`${PREFIX}/add-checkpoint`, sent), env);
  expect(response.headers.get("cache-control")).toBe("no-store");
  return { status: response.status, text: await response.text(), type: response.headers.get("content-type") };
}

const feedStatus = async (body: string): Promise<number> => (await feed(body)).status;

function expectCosigned({ status, text }: Answer, size: number): void {
  expect(status).toBe(200);
  const seconds = verifyNote(`${log.text(size)}\n${text}`, vkey);
  expect(seconds).toBeTypeOf("number");
  expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(60);
}

describe("an honest feeder", () => {
  it("gets the first checkpoint of a log cosigned, and every later one that extends it", async () => {
    let oldSize = 0;
    for (const size of [1, 2, 7, 8, 9, 16, 20]) {
      expectCosigned(await feed(log.request(oldSize, size)), size);
      oldSize = size;
    }
  });

  it("gets the same checkpoint cosigned again", async () => {
    await feed(log.request(0, 5));
    expectCosigned(await feed(log.request(5, 5)), 5);
    expectCosigned(await feed(log.request(5, 20)), 20);
  });

  it("gets an empty tree cosigned", async () => {
    expectCosigned(await feed(log.request(0, 0)), 0);
    expectCosigned(await feed(log.request(0, 0)), 0);
    expectCosigned(await feed(log.request(0, 3)), 3);
  });

  it("gets extension lines cosigned with the rest", async () => {
    const text = `${log.text(4)}an extension\n`;
    const { status, text: line } = await feed(request(0, [], `${text}\n${log.line(text)}`));
    expect([status, typeof verifyNote(`${text}\n${line}`, vkey)]).toEqual([200, "number"]);
  });

  it("may include signature lines of others", async () => {
    const [text, lines = ""] = log.checkpoint(4).split("\n\n");
    const other = new FedLog("log.example.com/one");
    expect(await feedStatus(request(0, [], `${text}\n\n${other.line(`${text}\n`)}${lines}`))).toBe(200);
  });

  it.each([0, 3, 6])("gets the cosigned size if it assumes another: %i", async (believed) => {
    await feed(log.request(0, 5));
    expect(await feed(log.request(believed, 9))).toEqual({ status: 409, text: "5\n", type: "text/x.tlog.size" });
    expectCosigned(await feed(log.request(5, 9)), 9);
  });

  it("gets separate sizes for two logs", async () => {
    await feed(log.request(0, 5));
    expect([...anchors.keys()]).toEqual(["witness log.example.com/one"]);
  });
});

describe("a dishonest feeder", () => {
  beforeEach(async () => {
    await feed(log.request(0, 10));
  });

  it.each<[string, () => string, number]>([
    ["a fork with the proof of another tree", () => request(10, log.proof(10, 15), log.fork(4, 15).checkpoint()), 422],
    ["a fork with its own proof", () => log.fork(4, 15).request(10, 15), 422],
    ["a fork of the same size", () => log.fork(4, 10).request(10, 10), 422],
    ["a smaller tree", () => log.request(7, 7), 409],
    ["a smaller tree than the one it names", () => request(10, [], log.checkpoint(7)), 400],
    ["a proof that is empty", () => request(10, [], log.checkpoint(15)), 422],
    [
      "a proof with one hash too many",
      () => request(10, [...log.proof(10, 15), Buffer.alloc(32)], log.checkpoint(15)),
      422,
    ],
    ["a proof with one hash too few", () => request(10, log.proof(10, 15).slice(1), log.checkpoint(15)), 422],
    ["a proof in another order", () => request(10, log.proof(10, 15).toReversed(), log.checkpoint(15)), 422],
    ["a proof where none is needed", () => request(10, [Buffer.alloc(32)], log.checkpoint(10)), 422],
    ["another key", () => new FedLog(log.origin).grow(15).request(10, 15), 403],
    ["a wrong signature beside a good one", () => withBadLine(15), 403],
    ["an unknown log", () => new FedLog("unknown.example.com").grow(3).request(0, 3), 404],
  ])("with %s gets no cosignature", async (_, body, status) => {
    const before = anchors.get("witness log.example.com/one")?.exec("SELECT size FROM head");
    const answer = await feed(body());
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain("—");
    expect(anchors.get("witness log.example.com/one")?.exec("SELECT size FROM head")).toEqual(before);
    expectCosigned(await feed(log.request(10, 20)), 20);
  });

  it("that starts a log with a proof, or with a wrong empty root, gets no cosignature", async () => {
    anchors.clear();
    expect(await feedStatus(request(0, [Buffer.alloc(32)], log.checkpoint(3)))).toBe(422);
    const text = log.text(0, Buffer.alloc(32));
    expect(await feedStatus(request(0, [], `${text}\n${log.line(text)}`))).toBe(422);
    expect(anchors.get("witness log.example.com/one")?.exec("SELECT size FROM head")).toEqual([]);
  });

  function withBadLine(size: number): string {
    const [text = "", line = ""] = log.checkpoint(size).split("\n\n");
    const bad = log.line("another text\n");
    return request(10, log.proof(10, size), `${text}\n\n${line}${bad}`);
  }
});

describe("malformed requests", () => {
  it.each<[string, () => string | Uint8Array, number]>([
    ["empty", () => "", 400],
    ["without an old size", () => `\n${log.checkpoint(3)}`, 400],
    ["with an old size with a leading zero", () => request("00", [], log.checkpoint(3)), 400],
    ["with an old size with a sign", () => request("+0", [], log.checkpoint(3)), 400],
    ["with two spaces", () => request(" 0", [], log.checkpoint(3)), 400],
    ["with an old size beyond 2^53", () => request("9007199254740993", [], log.checkpoint(3)), 400],
    ["with a proof line that is not base64", () => `old 0\n?\n\n${log.checkpoint(3)}`, 400],
    ["with a proof line of 31 bytes", () => request(1, [Buffer.alloc(31)], log.checkpoint(3)), 400],
    ["with 64 proof lines", () => request(1, Array<Buffer>(64).fill(Buffer.alloc(32)), log.checkpoint(3)), 400],
    ["without a checkpoint", () => "old 0\n\n", 400],
    ["with a checkpoint that is not signed", () => `old 0\n\n${log.text(3)}`, 400],
    ["with carriage returns", () => log.request(0, 3).replaceAll("\n", "\r\n"), 400],
    ["not UTF-8", () => Buffer.concat([Buffer.from("old 0\n\xff", "latin1"), Buffer.from(log.checkpoint(3))]), 400],
    ["larger than 64 KiB", () => log.request(0, 3).padEnd(64 * 1024 + 1, "x"), 413],
  ])("are rejected: %s", async (_, body, status) => {
    expect((await feed(body())).status).toBe(status);
  });

  it("are rejected like requests with another method", async () => {
    expect(await feedStatus(log.request(0, 3))).toBe(200);
    expect((await feed("", "GET")).status).toBe(405);
  });

  it("are rejected like requests over the rate limit", async () => {
    isLimited = true;
    expect(await feedStatus(log.request(0, 3))).toBe(429);
  });
});

describe("concurrent feeders", () => {
  it("that start from one head: exactly one is cosigned", async () => {
    await feed(log.request(0, 4));
    const forks = [log, log.fork(4, 12), log.fork(4, 15), log.fork(4, 20)];
    const answers = await Promise.all([...forks, ...forks].map((fork) => feed(fork.request(4))));
    const cosigned = answers.filter(({ status }) => status === 200);
    expect(cosigned).toHaveLength(1);
    const size = readAnchoredHead(anchors.get("witness log.example.com/one") ?? new SqliteStorage())?.treeSize;
    for (const { status, text } of answers) if (status !== 200) expect([status, text]).toEqual([409, `${size}\n`]);
  });

  it("that advance during a request cause a conflict with the new size", async () => {
    await feed(log.request(0, 4));
    let isFirst = true;
    between = async () => {
      if (!isFirst) return;
      isFirst = false;
      expectCosigned(await feed(log.request(4, 9)), 9);
    };
    expect(await feed(log.fork(4, 12).request(4))).toEqual({ status: 409, text: "9\n", type: "text/x.tlog.size" });
  });

  it("get no cosignature before the head is durable, nor if that is unknown", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    between = () => Promise.reject(new Error("the platform failed"));
    const { status, text } = await feed(log.request(0, 4));
    expect([status, text.includes("—")]).toEqual([503, false]);
  });
});

describe("a monitor", () => {
  const read = async (origin: string, init: RequestInit = {}): Promise<Response> => {
    const hash = createHash("sha256").update(origin).digest("hex");
    return await service.fetch(new Request(`${PREFIX}/${hash}/checkpoint`, init), env);
  };

  it("gets the newest cosigned checkpoint, with the lines that the feeder and the log made and no others", async () => {
    const other = new FedLog(log.origin);
    for (const [from, to] of [
      [0, 5],
      [5, 5],
      [5, 12],
    ] as const) {
      const text = log.text(to);
      const note = `${text}\n${other.line(text)}${log.line(text)}`;
      const { text: line } = await feed(request(from, log.proof(from, to), note));
      const response = await read(log.origin);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("cache-control")).toBe("public, max-age=1");
      const shown = await response.text();
      expect(shown).toBe(`${text}\n${log.line(text)}${line}`);
      expect(verifyNote(shown, log.vkey)).toBe(true);
      expect(verifyNote(shown, vkey)).toBeTypeOf("number");
    }
  });

  it("gets what was cosigned last when a later checkpoint is refused or comes too late", async () => {
    await feed(log.request(0, 5));
    const before = await (await read(log.origin)).text();
    await feed(log.fork(4, 15).request(5, 15));
    between = async () => {
      between = () => Promise.resolve();
      await feed(log.request(5, 9));
    };
    expect((await feed(log.request(5, 12))).status).toBe(409);
    const shown = await (await read(log.origin)).text();
    expect([shown.split("\n")[1], shown === before]).toEqual(["9", false]);
  });

  it("gets headers alone, a validator and 429 like any reader", async () => {
    await feed(log.request(0, 5));
    const head = await read(log.origin, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const etag = head.headers.get("etag") ?? "";
    expect((await read(log.origin, { headers: { "if-none-match": etag } })).status).toBe(304);
    isLimited = true;
    const limited = await read(log.origin);
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "10"]);
    expect(await limited.text()).toBe("too many reads from this network\n");
  });

  it("gets 404 for a log that the witness does not know, or has not cosigned", async () => {
    for (const origin of [log.origin, "other.example.com"]) {
      const response = await read(origin);
      expect([response.status, await response.text()]).toEqual([
        404,
        "this witness has not cosigned a checkpoint of the log yet\n",
      ]);
    }
    await feed(log.request(0, 5));
    expect((await read("unknown.example.com")).status).toBe(404);
    const upper = createHash("sha256").update(log.origin).digest("hex").toUpperCase();
    for (const path of [upper, log.origin, encodeURIComponent(log.origin), ""])
      expect((await service.fetch(new Request(`${PREFIX}/${path}/checkpoint`), env)).status).toBe(404);
  });
});

describe("GET /witness/about", () => {
  const about = async (): Promise<Response> => await service.fetch(new Request(`${PREFIX}/about`), env);

  it("answers with the verifier key and the witnessed logs", async () => {
    const text = await (await about()).text();
    expect(text).toContain(`witness sigedge ${vkey} ${PREFIX}\n`);
    expect(text).toContain("# log.example.com/one\n# other.example.com\n");
  });

  it("answers 404 without a key", async () => {
    env = makeEnv({ WITNESS_KEY: "", WITNESSED_LOGS: "" });
    expect((await about()).status).toBe(404);
    expect(await feed(log.request(0, 3))).toMatchObject({
      status: 404,
      text: expect.stringContaining("not a witness") as string,
    });
  });

  it.each([
    [{ WITNESS_KEY: "" }, "WITNESS_KEY is missing"],
    [{ WITNESSED_LOGS: "" }, "WITNESSED_LOGS is missing"],
    [{ WITNESS_KEY: "x" }, "WITNESS_KEY is not an Ed25519 private key"],
    [{ WITNESSED_LOGS: "\nlog x" }, "WITNESSED_LOGS line 2: its vkey must be that of a log's key"],
    [{ WITNESSED_LOGS: `log ${vkey}` }, "line 1: its vkey"],
    [{ WITNESSED_LOGS: "quorum none" }, "line 1: a line must be"],
    [{ WITNESSED_LOGS: "# nothing" }, "at least one log line is required"],
  ])("reports what is wrong with %j", async (settings, problem) => {
    env = makeEnv(settings);
    const response = await about();
    expect(response.status).toBe(503);
    expect(await response.text()).toContain(problem);
  });
});
