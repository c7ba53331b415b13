// SPDX-License-Identifier: Apache-2.0
// The certificate log over HTTP: submission by RFC 6962, reads by static-ct-api. Trees, SCTs and signatures are
// verified exactly as the specs say, with node:crypto.

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { octetString, oid, sequence } from "../../shared/der/writer.ts";
import { unixMs } from "../../shared/time.ts";
import { encodeCertificate, encodeTbs, parseCertificate } from "../../shared/x509/certificate.ts";
import { encodeExtension, extendedKeyUsage, KEY_USAGE, keyUsage, OID, POISON } from "../../shared/x509/extensions.ts";
import { EMPTY_NAME } from "../../shared/x509/name.ts";
import {
  certificateLeafHash,
  parseTileLeaf,
  readBytes,
  readCheckpoint,
  readRecords,
  rootOfEntry,
  sha256Hex,
  splitTileLeaves,
  tilePath,
} from "../support/logs/log-client.ts";
import type { LogEntryJson } from "../support/logs/log-entry.ts";
import { naiveRoot } from "../support/logs/naive-tree.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

let stack: TestStack;
let chain: readonly X509Certificate[] = [];
beforeAll(async () => {
  stack = await startStack();
  chain = (stack.vars["CA_CHAIN"]?.split(/(?<=-----END CERTIFICATE-----\n)/) ?? [])
    .filter((pem) => pem !== "")
    .map((pem) => new X509Certificate(pem));
});
afterAll(() => stack.stop());

const ct = (): string => `${stack.url}/ct`;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const spkiOf = (certificate: X509Certificate | undefined): Buffer =>
  certificate?.publicKey.export({ format: "der", type: "spki" }) ?? Buffer.alloc(0);

/** The issuer's Name, DER, as in the certificate. */
function subjectOf(certificate: X509Certificate | undefined): Uint8Array {
  const parsed = parseCertificate(certificate?.raw ?? new Uint8Array(0));
  if (!parsed.ok) throw new Error(parsed.error.reason);
  return parsed.value.subject;
}

const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
let serials = 0;

interface Made {
  readonly certificate: Uint8Array;
  readonly tbs: Uint8Array;
  /** The same fields without the poison. */
  readonly tbsWithoutPoison: Uint8Array;
}

const CODE_SIGNING = [keyUsage(KEY_USAGE.digitalSignature), extendedKeyUsage(OID.codeSigning, false)];

/** The fields of a new leaf, without its extensions. @param series the first byte of its serial number */
function leafFields(series: number): Omit<Parameters<typeof encodeTbs>[0], "extensions"> {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = Date.now() - (Date.now() % 1000);
  return {
    serial: Uint8Array.of(series, serials++),
    signatureAlgorithm: ECDSA_SHA256,
    issuer: subjectOf(chain[0]),
    notBefore: unixMs(now),
    notAfter: unixMs(now + 600_000),
    subject: EMPTY_NAME,
    spki: publicKey.export({ format: "der", type: "spki" }),
  };
}

/** A leaf issued by the stack's CA or by the given key; with the poison it is a precertificate. */
function makeLeaf(options: { readonly poison: boolean; readonly caKey?: string }): Made {
  const fields = leafFields(1);
  const tbsWithoutPoison = encodeTbs({ ...fields, extensions: CODE_SIGNING });
  const tbs = options.poison ? encodeTbs({ ...fields, extensions: [...CODE_SIGNING, POISON] }) : tbsWithoutPoison;
  const key = createPrivateKey(options.caKey ?? stack.vars["CA_KEY"] ?? "");
  const certificate = encodeCertificate(tbs, ECDSA_SHA256, sign("sha256", tbs, key));
  return { certificate, tbs, tbsWithoutPoison };
}

interface SctJson {
  readonly sct_version: number;
  readonly id: string;
  readonly timestamp: number;
  readonly extensions: string;
  readonly signature: string;
}

const submit = (endpoint: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${ct()}/ct/v1/${endpoint}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
const chainOf = (leaf: Uint8Array, above: readonly X509Certificate[] = chain): string =>
  JSON.stringify({ chain: [leaf, ...above.map(({ raw }) => raw)].map(base64) });

/** The number of SCTs issued so far. */
let promised = 0;

async function submitted(endpoint: string, body: string): Promise<SctJson> {
  const response = await submit(endpoint, body);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const sct = (await response.json()) as SctJson;
  promised = Math.max(promised, leafIndexOf(sct) + 1);
  return sct;
}

/** The leaf index in the SCT by static-ct-api: extension type 0, length 5, 40 bits. */
function leafIndexOf({ extensions }: SctJson): number {
  const bytes = Buffer.from(extensions, "base64");
  expect(bytes.subarray(0, 3).toString("hex")).toBe("000005");
  expect(bytes.length).toBe(8);
  return bytes.readUIntBE(3, 5);
}

const uint = (value: number, length: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.subarray(8 - length);
};
const vector = (data: Uint8Array, lengthBytes: number): Buffer => Buffer.concat([uint(data.length, lengthBytes), data]);

/** Verifies the SCT over the struct of RFC 6962 §3.2; `entry` is the type and signed_entry. */
function expectValidSct(sct: SctJson, entry: Buffer): void {
  const key = createPublicKey(stack.vars["CERTIFICATE_LOG_KEY"] ?? "");
  expect(sct.sct_version).toBe(0);
  expect(Buffer.from(sct.id, "base64").toString("hex")).toBe(sha256Hex(key.export({ format: "der", type: "spki" })));
  expect(Math.abs(sct.timestamp - Date.now())).toBeLessThan(60_000);
  const extensions = vector(Buffer.from(sct.extensions, "base64"), 2);
  const signed = Buffer.concat([uint(0, 1), uint(0, 1), uint(sct.timestamp, 8), entry, extensions]);
  const digitallySigned = Buffer.from(sct.signature, "base64");
  expect(digitallySigned.subarray(0, 2).toString("hex")).toBe("0403");
  expect(digitallySigned.readUInt16BE(2)).toBe(digitallySigned.length - 4);
  expect(verify("sha256", signed, key, digitallySigned.subarray(4))).toBe(true);
}

const precertEntry = (tbs: Uint8Array): Buffer =>
  Buffer.concat([uint(1, 2), Buffer.from(sha256Hex(spkiOf(chain[0])), "hex"), vector(tbs, 3)]);

/** All records, once a checkpoint covers every SCT: an isolate may serve one that is a second old. */
async function readLog(): Promise<{ readonly records: readonly Buffer[]; readonly root: Buffer }> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const { treeSize, rootHash } = await readCheckpoint(ct());
    if (treeSize >= promised) return { records: await readRecords(ct(), treeSize, "data"), root: rootHash };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no checkpoint of ${promised} entries`);
}

describe("add-pre-chain", () => {
  test("logs the TBSCertificate without its poison and answers with an SCT that verifies", async () => {
    const { certificate, tbsWithoutPoison } = makeLeaf({ poison: true });
    const sct = await submitted("add-pre-chain", chainOf(certificate));
    expectValidSct(sct, precertEntry(tbsWithoutPoison));
    const index = leafIndexOf(sct);
    const { records, root } = await readLog();
    expect(naiveRoot(records.map(certificateLeafHash))).toStrictEqual(root);
    const leaf = parseTileLeaf(records[index] ?? Buffer.alloc(0));
    expect(leaf).toMatchObject({
      timestamp: sct.timestamp,
      entryType: 1,
      issuerKeyHash: Buffer.from(sha256Hex(spkiOf(chain[0])), "hex"),
      signedEntry: Buffer.from(tbsWithoutPoison),
      precertificate: Buffer.from(certificate),
      extensions: Buffer.from(sct.extensions, "base64"),
      fingerprints: chain.map(({ raw }) => sha256Hex(raw)),
    });
    for (const [i, fingerprint] of leaf.fingerprints.entries()) {
      expect(await readBytes(`${ct()}/issuer/${fingerprint}`)).toStrictEqual(chain[i]?.raw);
    }
  });

  test("accepts the chain without its root, or the leaf alone, and logs the whole chain", async () => {
    for (const above of [chain.slice(0, 1), []]) {
      const { certificate } = makeLeaf({ poison: true });
      const index = leafIndexOf(await submitted("add-pre-chain", chainOf(certificate, above)));
      const { records } = await readLog();
      const { fingerprints } = parseTileLeaf(records[index] ?? Buffer.alloc(0));
      expect(fingerprints).toStrictEqual(chain.map(({ raw }) => sha256Hex(raw)));
    }
  });

  test("answers with the same SCT for the same precertificate", async () => {
    const { certificate, tbsWithoutPoison } = makeLeaf({ poison: true });
    const first = await submitted("add-pre-chain", chainOf(certificate));
    const again = await submitted("add-pre-chain", chainOf(certificate));
    expectValidSct(again, precertEntry(tbsWithoutPoison));
    expect({ ...again, signature: "" }).toStrictEqual({ ...first, signature: "" });
  });
});

describe("add-chain", () => {
  test("logs the certificate and answers with an SCT that verifies", async () => {
    const { certificate } = makeLeaf({ poison: false });
    const sct = await submitted("add-chain", chainOf(certificate));
    expectValidSct(sct, Buffer.concat([uint(0, 2), vector(certificate, 3)]));
    const { records, root } = await readLog();
    expect(naiveRoot(records.map(certificateLeafHash))).toStrictEqual(root);
    const leaf = parseTileLeaf(records[leafIndexOf(sct)] ?? Buffer.alloc(0));
    expect(leaf).toMatchObject({ entryType: 0, signedEntry: Buffer.from(certificate), precertificate: null });
  });
});

describe("a certificate whose precertificate is logged", () => {
  /** Both signed twice: ECDSA signatures differ each time. */
  const pair = (): readonly (readonly [endpoint: string, certificate: Uint8Array])[] => {
    const fields = leafFields(2);
    const scts = encodeExtension(OID.sctList, false, octetString(Uint8Array.of(0, 0)));
    const key = createPrivateKey(stack.vars["CA_KEY"] ?? "");
    return (["add-pre-chain", "add-pre-chain", "add-chain", "add-chain"] as const).map((endpoint) => {
      const tbs = encodeTbs({ ...fields, extensions: [...CODE_SIGNING, endpoint === "add-chain" ? scts : POISON] });
      return [endpoint, encodeCertificate(tbs, ECDSA_SHA256, sign("sha256", tbs, key))] as const;
    });
  };

  test("gets the SCT of its precertificate, and no entry", async () => {
    const forms = pair();
    const scts = [];
    for (const [endpoint, certificate] of forms) scts.push(await submitted(endpoint, chainOf(certificate)));
    expect(new Set(scts.map((sct) => JSON.stringify({ ...sct, signature: "" }))).size).toBe(1);
    const { records } = await readLog();
    const leaf = parseTileLeaf(records[leafIndexOf(scts[0] as SctJson)] ?? Buffer.alloc(0));
    expect(leaf.entryType).toBe(1);
    // Every caller gets the promise of the entry in the log.
    for (const sct of scts) expectValidSct(sct, precertEntry(leaf.signedEntry));
    expect(records.filter((record) => parseTileLeaf(record).signedEntry.equals(leaf.signedEntry))).toHaveLength(1);
  });

  test("is refused in another form if it came first itself", async () => {
    const [before, , certificate, other] = pair();
    if (before === undefined || certificate === undefined || other === undefined) throw new Error("no pair");
    const sct = await submitted(certificate[0], chainOf(certificate[1]));
    expect(leafIndexOf(await submitted(certificate[0], chainOf(certificate[1])))).toBe(leafIndexOf(sct));
    for (const [endpoint, der] of [before, other]) {
      const response = await submit(endpoint, chainOf(der));
      expect([response.status, await response.text()]).toEqual([
        400,
        expect.stringContaining(`has this certificate at index ${leafIndexOf(sct)} in another form`),
      ]);
    }
  });
});

describe("a rejected submission", () => {
  test("gets a status and a reason in text, and leaves no entry", async () => {
    const { records } = await readLog();
    const foreignKey = String(
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "pem", type: "pkcs8" }),
    );
    const plain = makeLeaf({ poison: false }).certificate;
    const poisoned = makeLeaf({ poison: true }).certificate;
    const foreign = makeLeaf({ poison: true, caKey: foreignKey }).certificate;
    const [ca, root] = chain;
    if (ca === undefined || root === undefined) throw new Error("the chain is too short");
    const refusals: readonly [endpoint: string, body: string, status: number, reason: string][] = [
      ["add-pre-chain", chainOf(foreign), 400, "not issued by a CA that this log accepts"],
      ["add-chain", chainOf(makeLeaf({ poison: false, caKey: foreignKey }).certificate), 400, "not issued by a CA"],
      ["add-pre-chain", chainOf(plain), 400, "send it to add-chain"],
      ["add-chain", chainOf(poisoned), 400, "send it to add-pre-chain"],
      ["add-chain", chainOf(root.raw, []), 400, "codeSigning"],
      ["add-pre-chain", chainOf(poisoned, [root]), 400, "not issued by a CA"],
      ["add-pre-chain", chainOf(poisoned, [ca, root, root]), 400, "certificate 3"],
      ["add-pre-chain", "", 400, "JSON"],
      ["add-pre-chain", '{"chain":[]}', 400, "the chain is empty"],
      ["add-pre-chain", '{"chain":["%"]}', 400, "base64"],
      ["add-pre-chain", '{"chain":["AAAA"]}', 400, "not an X.509 v3 certificate"],
      ["add-pre-chain", `${chainOf(poisoned).slice(0, -1)},"more":1}`, 400, "nothing else"],
      ["add-chain", JSON.stringify({ chain: ["A".repeat(524_288)] }), 413, "at most 524288 bytes"],
    ];
    for (const [endpoint, body, status, reason] of refusals) {
      const response = await submit(endpoint, body);
      expect([response.status, await response.text()]).toStrictEqual([status, expect.stringContaining(reason)]);
      expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
    // An accepted one shows that the log continues at the same index.
    const sct = await submitted("add-pre-chain", chainOf(poisoned));
    expect(leafIndexOf(sct)).toBe(records.length);
  });

  test("with the wrong method is 405", async () => {
    for (const [path, method, allow] of [
      ["ct/v1/add-chain", "GET", "POST"],
      ["ct/v1/add-pre-chain", "PUT", "POST"],
      ["ct/v1/get-roots", "POST", "GET, HEAD"],
    ] as const) {
      const response = await fetch(`${ct()}/${path}`, { method });
      expect([path, response.status, response.headers.get("allow")]).toStrictEqual([path, 405, allow]);
    }
  });
});

describe("reads of the certificate log", () => {
  test("get-roots answers with the root, and RFC 6962's read API does not exist", async () => {
    const roots = await (await fetch(`${ct()}/ct/v1/get-roots`)).json();
    expect(roots).toStrictEqual({ certificates: chain.slice(-1).map(({ raw }) => base64(raw)) });
    for (const path of ["get-sth", "get-entries?start=0&end=1", "get-sth-consistency", "get-entry-and-proof"]) {
      expect((await fetch(`${ct()}/ct/v1/${path}`)).status).toBe(404);
    }
    expect((await fetch(`${ct()}/issuer/${"00".repeat(32)}`)).status).toBe(404);
  });

  test("the checkpoint is an RFC 6962 tree head signed by the log", async () => {
    const { origin, treeSize, rootHash, signatures } = await readCheckpoint(ct());
    expect(origin).toBe(`localhost:${stack.port}/ct`);
    const key = createPublicKey(stack.vars["CERTIFICATE_LOG_KEY"] ?? "");
    const [line, ...more] = signatures;
    if (line === undefined) throw new Error("no signature");
    expect([line.name, more.length]).toStrictEqual([origin, 0]);
    const logId = Buffer.from(sha256Hex(key.export({ format: "der", type: "spki" })), "hex");
    const named = Buffer.concat([Buffer.from(`${origin}\n`), uint(5, 1), logId]);
    expect(line.keyId.toString("hex")).toBe(sha256Hex(named).slice(0, 8));
    const timestamp = line.signature.subarray(0, 8);
    const treeHead = Buffer.concat([uint(0, 1), uint(1, 1), timestamp, uint(treeSize, 8), rootHash]);
    expect(verify("sha256", treeHead, key, line.signature.subarray(12))).toBe(true);
  });

  test("data tiles exist in every width up to the head, and not beyond", async () => {
    const { records } = await readLog();
    for (let width = 1; width <= records.length; width++) {
      const bundle = await readBytes(`${ct()}/${tilePath("data", 0, width)}`);
      expect(splitTileLeaves(bundle)).toStrictEqual(records.slice(0, width));
      const tile = await readBytes(`${ct()}/${tilePath(0, 0, width)}`);
      expect(tile).toStrictEqual(Buffer.concat(records.slice(0, width).map(certificateLeafHash)));
    }
    for (const path of [tilePath("data", 0, records.length + 1), tilePath("data", 0), tilePath("entries", 0, 1)]) {
      expect((await fetch(`${ct()}/${path}`)).status).toBe(404);
    }
  });

  test("an entry is served with its proof", async () => {
    const { records, root } = await readLog();
    for (const index of [0, records.length - 1]) {
      const response = await fetch(`${stack.url}/api/entries/${index}?log=certificate`);
      const answer = (await response.json()) as { readonly entry: LogEntryJson; readonly certificate: string };
      const leaf = parseTileLeaf(records[index] ?? Buffer.alloc(0));
      const kind = leaf.entryType === 1 ? "precert_entry" : "x509_entry";
      expect(answer).toMatchObject({ index, log: "certificate", kind, entry: { kindVersion: { kind, version: "1" } } });
      expect(answer.certificate).toBe(base64(leaf.precertificate ?? leaf.signedEntry));
      expect(answer.entry.inclusionProof.treeSize).toBe(String(records.length));
      expect(rootOfEntry(answer.entry)).toStrictEqual(root);
    }
  });
});

describe("proofs of the certificate log", () => {
  test("are served like those of the signature log, as JSON and as a file", async () => {
    const { records, root } = await readLog();
    const index = records.length - 1;
    const response = await fetch(`${stack.url}/api/proof/inclusion?index=${index}&log=certificate`);
    const answer = (await response.json()) as { readonly leafHash: string; readonly rootHash: string };
    expect(answer).toMatchObject({ log: "certificate", index, rootHash: base64(root) });
    expect(answer.leafHash).toBe(base64(certificateLeafHash(records[index] ?? Buffer.alloc(0))));
    const file = await (await fetch(`${stack.url}/api/entries/${index}.tlog-proof?log=certificate`)).text();
    expect(file).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex \d+\n/);
    expect(file).toContain(`\n\nlocalhost:${stack.port}/ct\n${records.length}\n${base64(root)}\n\n— localhost:`);
  });
});

describe("a network that sends too many chains", () => {
  test("gets 429 while reads still succeed", async () => {
    // A request of the owner of a local stack names no network.
    const send = (host: number): Promise<Response> =>
      submit("add-chain", "{", { "cf-connecting-ip": `2001:db8:0:1::${host.toString(16)}` });
    const statuses = new Set<number>();
    let refused: Response | null = null;
    for (let i = 0; i < 20 && refused === null; i++) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, host) => send(20 * i + host)));
      for (const answer of answers) {
        statuses.add(answer.status);
        if (answer.status === 429) refused = answer;
      }
    }
    expect(statuses).toStrictEqual(new Set([400, 429]));
    expect([refused?.headers.get("retry-after"), await refused?.text()]).toStrictEqual([
      "10",
      "too many submissions from this network: retry in ten seconds\n",
    ]);
    expect((await fetch(`${ct()}/checkpoint`)).status).toBe(200);
  });
});
