// SPDX-License-Identifier: Apache-2.0
// The Rekor v1 log over HTTP: every endpoint, with the statuses, headers and bodies that clients rely on.

import { execFileSync } from "node:child_process";
import { createHash, createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleFromJSON, type SerializedBundle } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSigningKey, signingKey } from "../support/authority/signing-keys.ts";
import { isConsistent, naiveRoot } from "../support/logs/naive-tree.ts";
import {
  expectV1Checkpoint,
  expectV1Entry,
  makeCosigned,
  makeDsseEntry,
  makeHashedRekord,
  makeIntoto1,
  makeIntoto2,
  makeStatement,
  takeEntry,
  type V1LogEntry,
  type V1Signer,
} from "../support/logs/rekor-v1.ts";
import { plainLeafHash } from "../support/logs/tree-hashes.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const key = signingKey("ecdsa-p256");
const signer: V1Signer = {
  privateKey: key.privateObject,
  pem: String(key.publicObject.export({ format: "pem", type: "spki" })),
};

const anotherKey = signingKey("ecdsa-p384");
const another: V1Signer = {
  privateKey: anotherKey.privateObject,
  pem: String(anotherKey.publicObject.export({ format: "pem", type: "spki" })),
};

let stack: TestStack;
let state: string;
let logKey: string;
let treeId: string;

const api = (path: string): string => `${stack.url}/api/v1${path}`;

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(api(path), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

async function add(entry: object): Promise<V1LogEntry> {
  const response = await post("/log/entries", entry);
  expect(response.status).toBe(201);
  return (await response.json()) as V1LogEntry;
}

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), "sigedge-v1-"));
  stack = await startStack({ state, vars: { ACCEPT: "open" } });
  logKey = await (await fetch(api("/log/publicKey"))).text();
  const info: { treeID: string } = await (await fetch(api("/log"))).json();
  treeId = info.treeID;
});

afterAll(async () => {
  await stack.stop();
  rmSync(state, { recursive: true, force: true });
});

describe("adding an entry", () => {
  it.each([
    ["hashedrekord", makeHashedRekord],
    ["dsse", makeDsseEntry],
    ["dsse with two signatures", (one: V1Signer, subject: string) => makeCosigned([one, another], subject)],
    ["intoto 0.0.1", makeIntoto1],
    ["intoto 0.0.2", makeIntoto2],
  ] as const)("answers 201 with the promise and the proof: %s", async (_, make) => {
    const response = await post("/log/entries", make(signer, "one"));
    expect(response.status).toBe(201);
    const json = (await response.json()) as V1LogEntry;
    expectV1Entry(json, logKey, treeId);
    const [id] = takeEntry(json);
    expect(response.headers.get("etag")).toBe(id);
    expect(response.headers.get("location")).toBe(`/api/v1/log/entries/${id}`);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("answers a repeated one with the same entry", async () => {
    const entry = makeHashedRekord(signer, "twice");
    const [id, first] = takeEntry(await add(entry));
    const [again, second] = takeEntry(await add(entry));
    expect([again, second.logIndex, second.integratedTime]).toEqual([id, first.logIndex, first.integratedTime]);
    expectV1Entry({ [again]: second }, logKey, treeId);
  });

  it("gives one index to entries that are equal and arrive at once", async () => {
    const entry = makeHashedRekord(signer, "at once");
    const answers = await Promise.all(Array.from({ length: 8 }, () => add(entry)));
    const entries = answers.map((json) => expectV1Entry(json, logKey, treeId));
    expect(new Set(entries.map(({ logIndex, integratedTime }) => `${logIndex} ${integratedTime}`)).size).toBe(1);
  });

  it("is rejected without a write, with a sentence", async () => {
    const response = await post("/log/entries", { ...makeHashedRekord(signer, "x"), kind: "helm" });
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        code: 400,
        message: "error processing entry: entry kind 'helm' is not enabled for submission on this server",
      },
    ]);
  });
});

describe("reading an entry", () => {
  let json: V1LogEntry;
  let id: string;

  beforeAll(async () => {
    json = await add(makeDsseEntry(signer, "read"));
    [id] = takeEntry(json);
    await add(makeHashedRekord(signer, "later"));
  });

  /** Later answers have another proof and may have another signature. */
  function expectSame(found: V1LogEntry): void {
    const { verification: _, ...now } = expectV1Entry(found, logKey, treeId);
    const { verification: __, ...before } = takeEntry(json)[1];
    expect([Object.keys(found), now]).toEqual([[id], before]);
  }

  it("finds it by entry ID, by UUID and by index, with a slash at the end too", async () => {
    const { logIndex } = takeEntry(json)[1];
    const paths = [`/${id}`, `/${id.slice(16)}`, `/${id.toUpperCase()}`, `/${id}/`, `?logIndex=${logIndex}`];
    for (const path of paths) {
      const response = await fetch(api(`/log/entries${path}`));
      expect([path, response.status]).toEqual([path, 200]);
      expectSame(await response.json());
    }
  });

  it("finds it below the base URL of the log too", async () => {
    const response = await fetch(`${stack.url}/rekor-v1/api/v1/log/entries/${id}`);
    expectSame(await response.json());
  });

  it("answers 404 without a body where there is none", async () => {
    const other = `0000000000000001${id.slice(16)}`;
    for (const path of [`/${"a".repeat(64)}`, `/${other}`, "?logIndex=4000000"]) {
      const response = await fetch(api(`/log/entries${path}`));
      expect([path, response.status, await response.text()]).toEqual([path, 404, ""]);
    }
  });

  it("retrieves it by ID, by index and as proposed, and leaves out what is not there", async () => {
    const { logIndex } = takeEntry(json)[1];
    const entry = makeHashedRekord(signer, "proposed");
    const proposed = takeEntry(await add(entry))[0];
    const response = await post("/log/entries/retrieve/", {
      entryUUIDs: [id, id.slice(16), "b".repeat(64)],
      logIndexes: [logIndex, 4_000_000],
      entries: [entry, makeHashedRekord(signer, "never logged"), { kind: "helm", apiVersion: "0.0.1", spec: {} }],
    });
    expect(response.status).toBe(200);
    const found = (await response.json()) as V1LogEntry[];
    expect(found.map((one) => takeEntry(one)[0])).toEqual([id, id, proposed, id]);
    for (const one of found) expectV1Entry(one, logKey, treeId);
  });
});

describe("the log", () => {
  it("proves that its tree extends each earlier one", async () => {
    await add(makeHashedRekord(signer, "grown"));
    const info = (await (await fetch(api("/log/"))).json()) as { treeSize: number; rootHash: string };
    const { treeSize } = info;
    const leaves: Buffer[] = [];
    for (let index = 0; index < treeSize; index++) {
      const entry = (await (await fetch(api(`/log/entries?logIndex=${index}`))).json()) as V1LogEntry;
      leaves.push(plainLeafHash(Buffer.from(takeEntry(entry)[1].body, "base64")));
    }
    for (const size of [1, 2, treeSize - 1, treeSize]) {
      const response = await fetch(api(`/log/proof?firstSize=${size}&lastSize=${treeSize}&treeID=${treeId}`));
      const json: { hashes: string[]; rootHash: string } = await response.json();
      expect([size, response.status, json]).toMatchObject([size, 200, {}]);
      const { hashes, rootHash } = json;
      expect(rootHash).toBe(info.rootHash);
      const older = { size, root: naiveRoot(leaves.slice(0, size)) };
      const newer = { size: treeSize, root: naiveRoot(leaves) };
      expect(newer.root.toString("hex")).toBe(rootHash);
      expect(
        isConsistent(
          older,
          newer,
          hashes.map((hash) => Buffer.from(hash, "hex")),
        ),
      ).toBe(true);
    }
  });

  it("signs its checkpoint with one line, at each of its paths", async () => {
    const { signedTreeHead, treeSize, rootHash } = (await (await fetch(api("/log"))).json()) as {
      signedTreeHead: string;
      treeSize: number;
      rootHash: string;
    };
    const rest = `${treeId}\n${treeSize}\n${Buffer.from(rootHash, "hex").toString("base64")}\n`;
    expectV1Checkpoint(signedTreeHead, createPublicKey(logKey), rest);
    const served = await (await fetch(`${stack.url}/rekor-v1/checkpoint`)).text();
    expectV1Checkpoint(served, createPublicKey(logKey), rest);
  });

  it("serves its entries as tlog-tiles", async () => {
    const size = Number((await (await fetch(`${stack.url}/rekor-v1/checkpoint`)).text()).split("\n")[1]);
    const bundle = Buffer.from(await (await fetch(`${stack.url}/rekor-v1/tile/entries/000.p/${size}`)).arrayBuffer());
    const first = JSON.parse(bundle.subarray(2, 2 + bundle.readUInt16BE(0)).toString()) as { kind: string };
    expect(first.kind).toBe("hashedrekord");
  });
});

/** Requests, and the answers of rekor-server v1.6.1 to them. */
const REFUSED: readonly (readonly [string, string, unknown, number, number, string])[] = [
  ["GET", "/log/entries/abc", null, 422, 605, "entryUUID in path should match '^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$'"],
  ["GET", "/log/entries", null, 422, 602, "logIndex in query is required"],
  ["GET", "/log/entries?logIndex=-1", null, 422, 609, "logIndex in query should be greater than or equal to 0"],
  ["GET", "/log/entries?logIndex=x", null, 422, 601, 'logIndex in query must be of type int64: "x"'],
  ["GET", "/log/proof", null, 422, 602, "lastSize in query is required"],
  ["GET", "/log/proof?lastSize=0", null, 422, 609, "lastSize in query should be greater than or equal to 1"],
  [
    "GET",
    "/log/proof?firstSize=0&lastSize=1",
    null,
    422,
    609,
    "firstSize in query should be greater than or equal to 1",
  ],
  ["GET", "/log/proof?firstSize=5&lastSize=1", null, 400, 400, "firstSize(5) must be less than lastSize(1)"],
  ["GET", "/log/proof?lastSize=1&treeID=abc", null, 422, 605, "treeID in query should match '^[0-9]+$'"],
  ["GET", "/log/proof?lastSize=1&treeID=99", null, 400, 400, "no log range found for tree ID 99"],
  ["POST", "/log/entries", "", 422, 602, "proposedEntry in body is required"],
  ["POST", "/log/entries", {}, 422, 602, "kind in body is required"],
  ["POST", "/log/entries", { kind: "hashedrekord", spec: {} }, 422, 602, "apiVersion in body is required"],
  [
    "POST",
    "/log/entries/retrieve",
    { logIndexes: Array(11).fill(0) },
    422,
    611,
    "logIndexes in body should have at most 10 items",
  ],
  ["POST", "/log/entries/retrieve", { logIndexes: [] }, 422, 612, "logIndexes in body should have at least 1 items"],
  [
    "POST",
    "/log/entries/retrieve",
    { logIndexes: [-1] },
    422,
    609,
    "logIndexes.0 in body should be greater than or equal to 0",
  ],
  [
    "POST",
    "/log/entries/retrieve",
    { entryUUIDs: ["abc"] },
    422,
    605,
    "entryUUIDs.0 in body should match '^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$'",
  ],
  ["POST", "/log/entries/retrieve", { entryUUIDs: ["a".repeat(80)] }, 400, 400, `invalid entryID ${"a".repeat(80)}`],
  [
    "POST",
    "/log/entries/retrieve",
    { entryUUIDs: Array(5).fill("a".repeat(64)), logIndexes: Array(6).fill(0) },
    422,
    422,
    "more than max allowed 10 entries in request",
  ],
  [
    "POST",
    "/index/retrieve",
    { hash: "abc" },
    422,
    605,
    "hash in body should match '^(sha512:)?[0-9a-fA-F]{128}$|^(sha256:)?[0-9a-fA-F]{64}$|^(sha1:)?[0-9a-fA-F]{40}$'",
  ],
  ["POST", "/index/retrieve", { email: "abc" }, 422, 601, 'email in body must be of type email: "abc"'],
  ["POST", "/index/retrieve", { operator: "xor" }, 422, 606, "operator in body should be one of [and or]"],
  [
    "POST",
    "/index/retrieve",
    { publicKey: { format: "x509", content: "YWJj" } },
    400,
    400,
    "public key provided could not be parsed",
  ],
  [
    "POST",
    "/index/retrieve",
    { publicKey: { format: "foo", content: "YWJj" } },
    422,
    606,
    "publicKey.publicKey.format in body should be one of [pgp x509 minisign ssh tuf]",
  ],
  [
    "POST",
    "/index/retrieve",
    { publicKey: { content: "YWJj" } },
    422,
    602,
    "publicKey.publicKey.format in body is required",
  ],
];

describe("a request that the reference refuses", () => {
  it.each(REFUSED)(
    "is refused with the same words: %s %s %j",
    async (...[method, path, body, status, code, message]) => {
      const response = method === "GET" ? await fetch(api(path)) : await post(path, body);
      expect([response.status, await response.json()]).toEqual([status, { code, message }]);
    },
  );

  it("for a tree that is larger than the log", async () => {
    const { treeSize } = (await (await fetch(api("/log"))).json()) as { treeSize: number };
    const response = await fetch(api("/log/proof?lastSize=4000"));
    const message = `the tree size requested(4000) was greater than what is currently observable(${treeSize})`;
    expect([response.status, await response.json()]).toEqual([400, { code: 400, message }]);
  });
});

describe("a query that names nothing", () => {
  it.each<[string, unknown]>([
    ["/log/entries/retrieve", {}],
    ["/log/entries/retrieve", { entryUUIDs: null, logIndexes: null, entries: null }],
    ["/log/entries/retrieve", { entries: [] }],
    ["/index/retrieve", {}],
    ["/index/retrieve", { email: null, hash: null, publicKey: null }],
    ["/index/retrieve", { subject: "" }],
    ["/index/retrieve", { hash: "f".repeat(64) }],
  ])("is answered with an empty list: %s %j", async (path, body) => {
    const response = await post(path, body);
    expect([response.status, await response.json()]).toEqual([200, []]);
  });
});

describe("the index", () => {
  it("finds entries by digest, by subject of an attestation and by key, newest first", async () => {
    const artifact = "indexed";
    const digest = createHash("sha256").update(artifact).digest("hex");
    const own = createSigningKey("ecdsa-p256");
    const pem = String(own.publicObject.export({ format: "pem", type: "spki" }));
    const by = { privateKey: own.privateObject, pem };
    const [first] = takeEntry(await add(makeHashedRekord(by, artifact)));
    const [second] = takeEntry(await add(makeDsseEntry(by, artifact)));
    const ids = [second, first];
    const find = async (query: object): Promise<unknown> => await (await post("/index/retrieve", query)).json();
    // The index follows the log.
    await expect.poll(() => find({ hash: `sha256:${digest}` }), { timeout: 10_000 }).toEqual(ids);
    expect(await find({ hash: digest.toUpperCase() })).toEqual(ids);
    const publicKey = { format: "x509", content: Buffer.from(pem).toString("base64") };
    expect(await find({ publicKey })).toEqual(ids);
    expect(await find({ publicKey, hash: digest, operator: "and" })).toEqual(ids);
    expect(await find({ publicKey, hash: "f".repeat(64), operator: "and" })).toEqual([]);
    expect(await find({ publicKey, hash: "f".repeat(64) })).toEqual(ids);
    const search = await (await fetch(`${stack.url}/api/search?digest=sha256:${digest}`)).json();
    expect(search).toMatchObject({ hits: [{ log: "rekor-v1" }, { log: "rekor-v1" }] });
  });
});

describe("the attestation of an intoto entry", () => {
  const get = async (id: string): Promise<V1LogEntry> =>
    (await (await fetch(api(`/log/entries/${id}`))).json()) as V1LogEntry;
  const attestationOf = (json: V1LogEntry): string | null => {
    const { attestation } = takeEntry(json)[1];
    return attestation === undefined ? null : Buffer.from(attestation.data, "base64").toString();
  };

  it.each([
    ["intoto 0.0.1", makeIntoto1],
    ["intoto 0.0.2", makeIntoto2],
  ] as const)("comes with it, but for the answer that it was logged: %s", async (name, make) => {
    const payload = makeStatement(`kept ${name}`);
    const json = await add(make(signer, `kept ${name}`));
    expect(attestationOf(json)).toBeNull();
    const [id, { logIndex }] = takeEntry(json);
    await expect.poll(async () => attestationOf(await get(id)), { timeout: 10_000 }).toBe(payload);
    expectV1Entry(await get(id), logKey, treeId);
    const retrieved = await post("/log/entries/retrieve", { logIndexes: [logIndex] });
    const [entry = {}] = (await retrieved.json()) as V1LogEntry[];
    expect(attestationOf(entry)).toBe(payload);
  });

  it("is not kept if it is larger than 100 KiB, and not for a dsse entry", async () => {
    const statement = JSON.parse(makeStatement("large")) as object;
    const large = JSON.stringify({ ...statement, predicate: { text: "x".repeat(101 * 1024) } });
    const entries = [await add(makeIntoto2(signer, "large", large)), await add(makeDsseEntry(signer, "not kept"))];
    const kept = await add(makeIntoto2(signer, "kept after them"));
    await expect.poll(async () => attestationOf(await get(takeEntry(kept)[0])), { timeout: 10_000 }).not.toBeNull();
    for (const json of entries) expect(attestationOf(await get(takeEntry(json)[0]))).toBeNull();
  });
});

describe("the index of attestations", () => {
  const find = async (query: object): Promise<unknown> => await (await post("/index/retrieve", query)).json();
  const makeSigner = (): V1Signer => {
    const { privateObject, publicObject } = createSigningKey("ecdsa-p256");
    return { privateKey: privateObject, pem: String(publicObject.export({ format: "pem", type: "spki" })) };
  };
  const queryOf = ({ pem }: V1Signer): object => ({
    publicKey: { format: "x509", content: Buffer.from(pem).toString("base64") },
  });

  it.each([
    ["intoto 0.0.1", makeIntoto1],
    ["intoto 0.0.2", makeIntoto2],
  ] as const)("finds one by subject, payload and key: %s", async (name, make) => {
    const by = makeSigner();
    const subject = createHash("sha256").update(name).digest("hex");
    const payload = createHash("sha256").update(makeStatement(name)).digest("hex");
    const [id] = takeEntry(await add(make(by, name)));
    await expect.poll(() => find({ hash: `sha256:${subject}` }), { timeout: 10_000 }).toEqual([id]);
    expect(await find({ hash: payload })).toContain(id);
    expect(await find(queryOf(by))).toEqual([id]);
    const search = await (await fetch(`${stack.url}/api/search?digest=sha256:${subject}`)).json();
    expect(search).toMatchObject({ hits: [{ log: "rekor-v1", kind: "attestation" }] });
  });

  it("finds an entry by the key and by a name of each of its signers", async () => {
    const [first, last] = [makeSigner(), makeSigner()];
    const certified = { ...last, pem: certificateOf(last) };
    const [id] = takeEntry(await add(makeCosigned([first, certified], "cosigned")));
    await expect.poll(() => find(queryOf(first)), { timeout: 10_000 }).toEqual([id]);
    expect(await find(queryOf(certified))).toEqual([id]);
    expect(await find({ email: "Cosigner@example.com" })).toEqual([id]);
    expect(await find({ subject: "https://example.com/cosigner" })).toEqual([id]);
    expect(await find({ email: "somebody@example.com" })).toEqual([]);
    const entry = await (await fetch(api(`/log/entries/${id}`))).json();
    expectV1Entry(entry as V1LogEntry, logKey, treeId);
  });
});

/** A certificate of its own over a key, with two names. */
function certificateOf({ privateKey }: V1Signer): string {
  const file = join(state, "cosigner.pem");
  writeFileSync(file, privateKey.export({ format: "pem", type: "pkcs8" }));
  const names = "subjectAltName=email:cosigner@example.com,URI:https://example.com/cosigner";
  const args = ["req", "-x509", "-new", "-key", file, "-subj", "/CN=cosigner", "-addext", names, "-days", "1"];
  return execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

describe("the documents of trust", () => {
  it("list the log's key, and offer it after the log of Rekor v2", async () => {
    const root: { tlogs: { baseUrl: string; publicKey: { rawBytes: string } }[] } = await (
      await fetch(`${stack.url}/trusted_root.json`)
    ).json();
    const spki = createPublicKey(logKey).export({ format: "der", type: "spki" }).toString("base64");
    expect(root.tlogs.map(({ baseUrl }) => baseUrl)).toEqual([stack.url, `${stack.url}/rekor-v1`]);
    expect(root.tlogs[1]?.publicKey.rawBytes).toBe(spki);
    const config: { rekorTlogUrls: object[] } = await (await fetch(`${stack.url}/signing_config.json`)).json();
    expect(config.rekorTlogUrls).toMatchObject([
      { url: stack.url, majorApiVersion: 2 },
      { url: `${stack.url}/rekor-v1`, majorApiVersion: 1 },
    ]);
  });
});

describe("what operators and people read", () => {
  const runCli = (...args: readonly string[]): string =>
    execFileSync("node", ["cli/sigedge.mjs", ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

  it("knows the log: audit, status and the page of an entry", async () => {
    await add(makeHashedRekord(signer, "audited"));
    const audit = runCli("audit", `${stack.url}/rekor-v1`, "--state", join(state, "audit.json"), "--json");
    expect(JSON.parse(audit)).toMatchObject({ log: { kind: "rekor-v1" } });
    expect(runCli("status", stack.url)).toContain("rekor-v1 log");
    const [, entry] = takeEntry(await add(makeDsseEntry(signer, "shown")));
    const page = await fetch(`${stack.url}/entry/rekor-v1/${entry.logIndex}`, { headers: { accept: "text/html" } });
    expect([page.status, await page.text()]).toEqual([200, expect.not.stringContaining("cannot be shown")]);
  });
});

describe("the bundle that the page of an entry offers", () => {
  const bundleOf = async (artifact: string): Promise<SerializedBundle> => {
    const [, { logIndex }] = takeEntry(await add(makeHashedRekord(signer, artifact)));
    return await (await fetch(`${stack.url}/entry/rekor-v1/${logIndex}.sigstore.json`)).json();
  };
  const check = async (json: SerializedBundle, artifact: string): Promise<void> => {
    const root = TrustedRoot.fromJSON(await (await fetch(`${stack.url}/trusted_root.json`)).json());
    const trust = toTrustMaterial(root, () => ({ publicKey: key.publicObject, validFor: () => true }));
    new Verifier(trust, { tlogThreshold: 1, timestampThreshold: 1 }).verify(
      toSignedEntity(bundleFromJSON(json), Buffer.from(artifact)),
    );
  };

  it("has the log's promise and proof, which @sigstore/verify accepts", async () => {
    const json = await bundleOf("bundled");
    await check(json, "bundled");
    await expect(check(json, "another")).rejects.toThrow();
  });

  it("is rejected with another time, which only the promise covers", async () => {
    const json = await bundleOf("bundled at another time");
    const [entry] = json.verificationMaterial.tlogEntries;
    if (entry === undefined) throw new Error("a bundle without an entry");
    entry.integratedTime = String(Number(entry.integratedTime) + 1);
    await expect(check(json, "bundled at another time")).rejects.toThrow(/inclusion promise/);
  });
});

describe("a page of another origin", () => {
  it("may search and add", async () => {
    const response = await fetch(api("/index/retrieve"), {
      method: "OPTIONS",
      headers: {
        origin: "https://search.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-methods")).toContain("POST");
    expect(response.headers.get("access-control-allow-headers")).toBe("*");
  });
});

describe("a log of more than a bundle", () => {
  it("serves the times of its own entries, by which an audit checks their order", async () => {
    for (let i = 0; i < 16; i++)
      await Promise.all(Array.from({ length: 16 }, (_, j) => add(makeHashedRekord(signer, `many ${i} ${j}`))));
    const read = async (query: string): Promise<Response> => await fetch(`${stack.url}/api/meta/0${query}`);
    await expect.poll(async () => (await read("?log=rekor-v1")).status, { timeout: 20_000 }).toBe(200);
    const lines = (await (await read("?log=rekor-v1")).text()).trim().split("\n");
    const entry: { timestampMs: number } = await (await fetch(`${stack.url}/api/entries/200?log=rekor-v1`)).json();
    expect([lines.length, JSON.parse(lines[200] ?? "")]).toMatchObject([256, { timestamp: entry.timestampMs }]);
    // The signature log has no full bundle, and the certificate log has no sidecars.
    expect((await read("")).status).toBe(404);
    expect((await read("?log=certificate")).status).toBe(404);
    const args = ["audit", `${stack.url}/rekor-v1`, "--json", "--state", join(state, "audit.json")];
    const audit = await runCommand("cli/sigedge.mjs", { args }).ended;
    expect([audit.code, audit.stderr]).toEqual([0, expect.anything()]);
    expect(JSON.parse(audit.stdout)).toMatchObject({ verdict: "good" });
  });
});

describe("REKOR_V1_DUPLICATES=conflict", () => {
  it("answers a repeated entry with 409 and where it is", async () => {
    const entry = makeHashedRekord(signer, "conflict");
    const [id] = takeEntry(await add(entry));
    await stack.restart({ REKOR_V1_DUPLICATES: "conflict" });
    const response = await post("/log/entries", entry);
    const message = `an equivalent entry already exists in the transparency log with UUID ${id}`;
    expect([response.status, await response.json()]).toEqual([409, { code: 409, message }]);
    expect(response.headers.get("location")).toBe(`/api/v1/log/entries/${id}`);
    expect((await fetch(new URL(`/api/v1/log/entries/${id}`, stack.url))).status).toBe(200);
  });
});

describe("the write policy", () => {
  it("is that of the signature log: a key that is not listed writes nothing", async () => {
    await stack.restart({ ACCEPT: "own-ca" });
    for (const make of [makeHashedRekord, makeDsseEntry, makeIntoto1, makeIntoto2]) {
      const response = await post("/log/entries", make(signer, "refused"));
      const answer: { message: string } = await response.json();
      expect([response.status, answer.message]).toEqual([400, expect.stringMatching(/write policy "own-ca" rejects/)]);
    }
  });

  it("is for each signer of an entry", async () => {
    await stack.restart({ ACCEPT: "own-ca+listed-keys", LISTED_KEYS: signer.pem });
    const alone = await post("/log/entries", makeDsseEntry(signer, "listed"));
    expect(alone.status).toBe(201);
    for (const signers of [
      [signer, another],
      [another, signer],
    ]) {
      const response = await post("/log/entries", makeCosigned(signers, "listed"));
      const answer: { message: string } = await response.json();
      expect([response.status, answer.message]).toEqual([400, expect.stringMatching(/write policy .* rejects/)]);
    }
  });
});
