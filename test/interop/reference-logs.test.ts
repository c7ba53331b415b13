// SPDX-License-Identifier: Apache-2.0
// `sigedge monitor` beside Sigstore's own servers, as released: certificates that Fulcio issues and TesseraCT logs, and
// signatures that rekor-tiles logs. Then each log lies, with its own key, and libraries of others verify the evidence.

import { execFile } from "node:child_process";
import { createHash, createPublicKey } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unixMs } from "../../shared/time.ts";
import { interopTool } from "../../tools/interop-tools.ts";
import { makeCaMaterial } from "../support/authority/ca.ts";
import { signToken } from "../support/authority/identity-token.ts";
import { type LoopbackIssuers, startLoopbackIssuers } from "../support/authority/loopback-issuers.ts";
import { requestCertificateFor } from "../support/authority/request-certificate.ts";
import { signingKey } from "../support/authority/signing-keys.ts";
import { rootOf } from "../support/authority/thief.ts";
import { addEntry, bareVerifier, base64, makeHashedRequest } from "../support/logs/entries.ts";
import { parseTileLeaf } from "../support/logs/log-client.ts";
import { type MonitorRun, runMonitor } from "../support/monitor/run-monitor.ts";
import { type ServedFolder, serveFolder } from "../support/process/served-folder.ts";
import { tesseractFsck, tesseraFsck, type Verdict } from "./fsck.ts";
import { type Fulcio, startFulcio } from "./fulcio.ts";
import { makeRekorTiles, makeTesseract, type ReferenceLog } from "./reference-logs.ts";

const ALICE = "alice@example.com";
const BOB = "bob@example.com";
/** Whoever has the watched key. */
const KEY = "key";
/** TesseraCT takes none with a port. */
const CT_ORIGIN = "ct.example.com/2026";
const person = signingKey("ecdsa-p256");
const watched = signingKey("ecdsa-p384");

const folder = mkdtempSync(join(tmpdir(), "sigedge-reference-"));
const inFolder = (name: string, text?: string): string => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};

/** A log, its running server, and the web server in front of the folder that it writes. */
interface Stage {
  readonly kind: "signature" | "certificate";
  readonly log: ReferenceLog;
  readonly origin: string;
  readonly served: ServedFolder;
  /** In whose name each entry is. */
  readonly names: string[];
  stop: () => Promise<void>;
}

const WATCHED = createHash("sha256").update(watched.spki).digest("hex");
const CONFIG = inFolder(
  "monitor.yaml",
  `watch:\n  - name: mine\n    identity: ${ALICE}\n  - name: key\n    key: ${WATCHED}\n`,
);
const material = makeCaMaterial(unixMs(Date.now()));
let issuers: LoopbackIssuers;
let signatures: Stage;
let certificates: Stage;
let fulcio: Fulcio;

beforeAll(async () => {
  issuers = await startLoopbackIssuers();
  signatures = await openStage("signature", (keyFile) => makeRekorTiles(keyFile, "127.0.0.1"));
  const roots = inFolder("roots.pem", rootOf(material.CA_CHAIN));
  certificates = await openStage("certificate", (keyFile) => makeTesseract(keyFile, { origin: CT_ORIGIN, roots }));
  const issuer = `${issuers.origin}/people`;
  const config = {
    "oidc-issuers": { [issuer]: { "issuer-url": issuer, "client-id": "sigstore", type: "email" } },
  };
  const key = createPublicKey({ key: certificates.log.spki, format: "der", type: "spki" });
  const publicKey = key.export({ type: "spki", format: "pem" }).toString();
  fulcio = await startFulcio({ material, config, log: { url: certificates.log.url, publicKey } });
});
afterAll(async () => {
  for (const { stop, served } of [signatures, certificates]) await Promise.all([stop(), served.stop()]);
  await fulcio.stop();
  issuers.close();
  rmSync(folder, { recursive: true, force: true });
});

type MakeLog = (keyFile: string) => Promise<ReferenceLog>;

async function openStage(kind: Stage["kind"], makeLog: MakeLog): Promise<Stage> {
  const files = inFolder(kind);
  mkdirSync(files);
  const served = await serveFolder(files);
  const log = await makeLog(inFolder(`${kind}.key`));
  return { kind, log, origin: log.vkey.split("+")[0] ?? "", served, names: [], stop: await log.start(files) };
}

/** Starts the log's server again, on another folder. */
async function restart(stage: Stage, on: string): Promise<void> {
  await stage.stop();
  stage.stop = await stage.log.start(on);
}

// ---- entries ----

/** Has Fulcio issue a certificate, which TesseraCT logs. */
async function certify(email: string): Promise<Uint8Array> {
  const token = (): Promise<string> => Promise.resolve(makeToken(email));
  const key = { privateKey: person.privateObject, spki: Buffer.from(person.spki) };
  const certificate = await requestCertificateFor({ url: fulcio.url, token }, { email, key });
  certificates.names.push(email);
  return certificate;
}

function makeToken(email: string): string {
  const seconds = Math.floor(Date.now() / 1000);
  const claims = { iss: `${issuers.origin}/people`, aud: "sigstore", sub: email, email, email_verified: true };
  return signToken({ ...claims, iat: seconds, exp: seconds + 60 }, issuers.key, { alg: "ES256" });
}

const issued = new Map<string, Uint8Array>();

/** Logs a signature with the person's first certificate. */
async function sign(email: string): Promise<void> {
  const certificate = issued.get(email) ?? (await certify(email));
  issued.set(email, certificate);
  const verifier = { x509Certificate: { rawBytes: base64(certificate) }, keyDetails: bareVerifier(person).keyDetails };
  await addAs(email, makeHashedRequest(person, Buffer.from("artifact"), verifier));
}

/** Has rekor-tiles log a request. */
async function addAs(name: string, request: object): Promise<void> {
  await addEntry(signatures.log, request);
  signatures.names.push(name);
}

/** Adds an entry in each of these names. */
async function grow({ kind }: Stage, ...emails: readonly string[]): Promise<void> {
  for (const email of emails) await (kind === "signature" ? sign(email) : certify(email));
}

// ---- judges ----

/** Makes a pass. @param state the name of its state */
function monitor({ kind, log, served }: Stage, state = "state"): Promise<MonitorRun> {
  const file = inFolder(`${kind}.${state}.json`);
  return runMonitor(served.url, "--key", log.vkey, "--config", CONFIG, "--state", file);
}

/** Checks the served files with Tessera's or TesseraCT's own checker. */
const fsck = ({ kind, log, origin, served: { url } }: Stage): Promise<Verdict> =>
  kind === "signature" ? tesseraFsck({ url, vkey: log.vkey }) : tesseractFsck({ url, origin, spki: log.spki });

/** Verifies the evidence of a run's event with libraries of others. Resolves to what it proves. */
async function verifyEvidence({ log }: Stage, { lines }: MonitorRun): Promise<string> {
  const file = lines.find(({ kind }) => kind === "log.inconsistent")?.details?.evidence ?? "";
  const { stdout } = await promisify(execFile)(interopTool("fork-evidence"), [file, log.vkey]);
  return stdout.trim();
}

/** The logs, by the programs that write them. */
const STAGES: readonly (readonly [program: string, stage: () => Stage])[] = [
  ["rekor-tiles", () => signatures],
  ["TesseraCT", () => certificates],
];

/** The keys of the events about the entries from an index on. */
const expectedKeys = ({ origin, names }: Stage, from: number): readonly string[] =>
  names.flatMap((name, index) => {
    const selector = { [ALICE]: "mine", [KEY]: "key" }[name];
    const isNew = selector !== undefined && index >= from;
    return isNew ? [`match.unexpected/${selector}/${encodeURIComponent(origin)}/${index}`] : [];
  });

const covers = (from: number, to: number): unknown =>
  expect.objectContaining({ type: "coverage", from, to, isWhole: true });

describe.each(STAGES)("a log of %s", (_program, getStage) => {
  /** Makes a pass. Expects it to read what is new, and to warn of what is watched in it. */
  async function follow(stage: Stage, from: number, keys: number): Promise<void> {
    const run = await monitor(stage);
    const expected = expectedKeys(stage, from);
    expect(expected).toHaveLength(keys);
    expect(run.keys).toEqual(expected);
    expect(run.lines).toContainEqual(covers(from, stage.names.length));
    expect([run.code, run.stderr]).toEqual([keys > 0 ? 1 : 0, ""]);
  }

  it("is read and followed: what is watched is told once", async () => {
    const stage = getStage();
    await grow(stage, BOB, ALICE, BOB);
    const first = stage.names.length;
    await follow(stage, 0, expectedKeys(stage, 0).length);
    await follow(stage, first, 0);
    await grow(stage, BOB);
    await follow(stage, first, 0);
    await grow(stage, BOB, ALICE);
    await follow(stage, first + 1, 1);
    expect((await fsck(stage)).sound?.size).toBe(stage.names.length);
  });

  it("is unreachable: could not tell, until it is back", async () => {
    const stage = getStage();
    const { folder: files } = stage.served;
    stage.served.folder = inFolder("nowhere");
    const away = await monitor(stage);
    stage.served.folder = files;
    expect(away).toMatchObject({ code: 3, kinds: ["log.unreachable"] });
    expect(away.lines).toContainEqual(expect.objectContaining({ type: "coverage", isWhole: false }));
    expect(await monitor(stage)).toMatchObject({ code: 0, kinds: ["recovered"] });
  });

  it("forks and shrinks: exit code 2, with evidence that others verify", async () => {
    const stage = getStage();
    const truth = stage.served.folder;
    const size = stage.names.length;
    await stage.stop();
    for (const copy of ["early", "fork"]) copyLog(truth, `${truth}.${copy}`);
    stage.stop = await stage.log.start(truth);
    await grow(stage, BOB);
    expect((await monitor(stage)).code).toBe(0);
    await restart(stage, `${truth}.fork`);
    await grow(stage, ALICE);
    const forked = {
      [`${truth}.early`]: `shrank ${size + 1} ${size}`,
      [`${truth}.fork`]: `forked ${size + 1} ${size + 1}`,
    };
    for (const [files, proven] of Object.entries(forked)) await expectLie(stage, files, proven);
    await grow(stage, BOB);
    await expectLie(stage, `${truth}.fork`, `forked ${size + 1} ${size + 2}`);
    await restart(stage, truth);
    stage.served.folder = truth;
    stage.names.splice(size + 1);
    // The monitor still knows the head that it saw.
    expect((await monitor(stage)).code).toBe(0);
  });

  /** Serves another history, which is sound to whoever sees it alone. */
  async function expectLie(stage: Stage, files: string, proven: string): Promise<void> {
    stage.served.folder = files;
    const run = await monitor(stage);
    expect(run.kinds).toEqual(["log.inconsistent"]);
    expect(run.code).toBe(2);
    expect(await verifyEvidence(stage, run)).toBe(proven);
    expect((await fsck(stage)).sound).not.toBeNull();
  }

  it.each([
    ["rewrites a tile", (files: string, _stage: Stage) => change(openTile(files, "tile/0"), flipLast)],
    [
      "drops an entry",
      (files: string, stage: Stage) => change(openTile(files, BUNDLES[stage.kind]), DROPPED[stage.kind]),
    ],
  ] as const)("%s: exit code 2, with the head that it signed", async (_, damage) => {
    const stage = getStage();
    const truth = stage.served.folder;
    const copy = mkdtempSync(`${truth}.damaged-`);
    copyLog(truth, copy);
    damage(copy, stage);
    stage.served.folder = copy;
    const run = await monitor(stage, basename(copy));
    const verdict = await fsck(stage);
    stage.served.folder = truth;
    expect(run.kinds).toContain("log.inconsistent");
    expect(run.code).toBe(2);
    expect(await verifyEvidence(stage, run)).toBe(`signed ${stage.names.length}`);
    expect(verdict.sound).toBeNull();
    expect((await monitor(stage, basename(copy))).code).toBe(1);
  });
});

/** Copies a log's files, without TesseraCT's index of duplicates, which has gigabytes of holes: it makes a new one. */
const copyLog = (from: string, to: string): void =>
  cpSync(from, to, { recursive: true, filter: (path) => basename(path) !== "antispam" });

const BUNDLES = { signature: "tile/entries", certificate: "tile/data" } as const;

/** The open tile of a small log. */
function openTile(files: string, level: string): string {
  const open = join(files, level, "000.p");
  const widest = readdirSync(open).toSorted((a, b) => Number(b) - Number(a))[0] ?? "";
  return join(open, widest);
}

const change = (file: string, make: (bytes: Buffer) => Buffer): void => writeFileSync(file, make(readFileSync(file)));

function flipLast(bytes: Buffer): Buffer {
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return bytes;
}

/** A bundle without its first record. */
const DROPPED = {
  signature: (bytes: Buffer) => bytes.subarray(2 + bytes.readUInt16BE(0)),
  certificate: (bytes: Buffer) => {
    const { timestampedEntry, precertificate, fingerprints } = parseTileLeaf(bytes);
    return bytes.subarray(timestampedEntry.length + 3 + (precertificate?.length ?? 0) + 2 + 32 * fingerprints.length);
  },
};

it("a signature by a watched key, without a certificate, is found in rekor-tiles", async () => {
  const from = signatures.names.length;
  await addAs(KEY, makeHashedRequest(watched, Buffer.from("artifact")));
  await addAs(BOB, makeHashedRequest(person, Buffer.from("artifact")));
  expect(expectedKeys(signatures, from)).toHaveLength(1);
  expect((await monitor(signatures)).keys).toEqual(expectedKeys(signatures, from));
});

it("both logs are watched by a trusted root that lists one, and a configuration that names the other", async () => {
  const { log: listed, served, origin } = signatures;
  const logId = createHash("sha256").update(`${origin}\n`).update(Buffer.of(1)).update(listed.spki.subarray(-32));
  const instance = {
    baseUrl: served.url,
    hashAlgorithm: "SHA2_256",
    publicKey: {
      rawBytes: base64(listed.spki),
      keyDetails: "PKIX_ED25519",
      validFor: { start: "2026-01-01T00:00:00Z" },
    },
    logId: { keyId: logId.digest("base64") },
  };
  const mediaType = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
  const root = inFolder("trusted_root.json", JSON.stringify({ mediaType, tlogs: [instance] }));
  const other = `logs:\n  - url: ${certificates.served.url}\n    kind: certificate\n    vkey: ${certificates.log.vkey}\n`;
  const config = inFolder("both.yaml", readFileSync(CONFIG, "utf8") + other);
  const run = await runMonitor(
    served.url,
    "--trusted-root",
    root,
    "--config",
    config,
    "--state",
    inFolder("both.json"),
  );
  expect(run.stderr).toBe("");
  expect(new Set(run.keys)).toEqual(new Set([signatures, certificates].flatMap((stage) => expectedKeys(stage, 0))));
  for (const { names } of [signatures, certificates]) expect(run.lines).toContainEqual(covers(0, names.length));
  expect(run.code).toBe(1);
});
