// SPDX-License-Identifier: Apache-2.0
// The Rekor v1 log beside rekor-server, as released: the same requests, and rekor-cli with both. The reference needs
// Debian's mariadb-server, which `.ci/run` installs; elsewhere these tests are skipped without it.

import { spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interopTool } from "../../tools/interop-tools.ts";
import { Random } from "../faults/random.ts";
import {
  makeCosigned,
  makeDsseEntry,
  makeHashedRekord,
  makeIntoto1,
  makeIntoto2,
  takeEntry,
  type V1LogEntry,
} from "../support/logs/rekor-v1.ts";
import {
  makeRekord,
  type SignedFile,
  signWithMinisign,
  signWithSsh,
  stampWithOpenssl,
  toRekord,
  toRfc3161,
} from "../support/logs/rekor-v1-files.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { hasMariaDb, type RekorServer, startRekor } from "./rekor-server.ts";

const MUTATIONS = Number(process.env["SIGEDGE_REKOR_MUTATIONS"] ?? 2000);

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const signer = { privateKey, pem: String(publicKey.export({ format: "pem", type: "spki" })) };

const others = generateKeyPairSync("ec", { namedCurve: "P-384" });
const second = {
  privateKey: others.privateKey,
  pem: String(others.publicKey.export({ format: "pem", type: "spki" })),
};

const ed25519 = generateKeyPairSync("ed25519");
/** The program's arguments for a new key. */
const SSH_KEYS = [
  ["-t", "ed25519"],
  ["-t", "ecdsa", "-b", "384"],
  ["-t", "rsa", "-b", "2048"],
] as const;

/** Entries that other programs sign: changed ones begin from a few of them. */
let samples: readonly object[];
/** Every kind of entry. */
const MAKERS: readonly ((artifact: string) => object)[] = [
  (artifact) => makeHashedRekord(signer, artifact),
  (artifact) => makeDsseEntry(signer, artifact),
  (artifact) => makeCosigned([signer, second], artifact),
  (artifact) => makeIntoto1(signer, artifact),
  (artifact) => makeIntoto2(signer, artifact),
  (artifact) => makeRekord(signer, artifact),
  (artifact) => toRekord(signWithMinisign(ed25519, artifact, "ED")),
  (artifact) => toRekord(signWithMinisign(ed25519, artifact, "Ed")),
];

const ALPINE = "test/vectors/rekor-v1/alpine/test_alpine";

/** Packages that rekor-server has taken before. */
const listPackages = (): readonly object[] =>
  (JSON.parse(readFileSync("test/vectors/rekor-v1/files.json", "utf8")) as readonly VectorRow[])
    .filter(({ name, status }) => name.startsWith("alpine") && status === 201)
    .map(({ proposed }) => proposed);

interface VectorRow {
  readonly name: string;
  readonly status: number;
  readonly proposed: object;
}

let reference: RekorServer;
let stack: TestStack;
let folder: string;

beforeAll(async () => {
  if (!hasMariaDb) return;
  folder = mkdtempSync(join(tmpdir(), "sigedge-rekor-v1-"));
  samples = [
    ...SSH_KEYS.map((args) => toRekord(signWithSsh(folder, "a sample", args))),
    toRfc3161(stampWithOpenssl(folder, "a sample")),
    ...listPackages(),
  ];
  const vars = { ACCEPT: "open", REKOR_V1_DUPLICATES: "conflict", ENTRIES_PER_KEY: "1000000" };
  [reference, stack] = await Promise.all([startRekor(), startStack({ vars })]);
}, 180_000);

afterAll(async () => {
  if (!hasMariaDb) return;
  await Promise.all([reference.stop(), stack.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** An answer without what must differ: tree, index, time and signatures. */
interface Comparable {
  readonly status: number;
  readonly body: string | null;
  readonly uuid: string | null;
  readonly message: string | null;
  readonly headers: readonly string[];
}

async function post(url: string, text: string): Promise<Comparable> {
  const response = await fetch(`${url}/api/v1/log/entries`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: text,
  });
  const json: unknown = await response.json();
  const headers = ["etag", "location"].filter((name) => response.headers.has(name));
  if (response.status !== 201) {
    const { message } = json as { message: string };
    const uuid = response.status === 409 ? message.slice(-64) : null;
    return { status: response.status, body: null, uuid, message: uuid === null ? message : null, headers };
  }
  const [id, { body }] = takeEntry(json as V1LogEntry);
  expect(response.headers.get("etag")).toBe(id);
  expect(response.headers.get("location")).toBe(`/api/v1/log/entries/${id}`);
  return { status: 201, body, uuid: id.slice(16), message: null, headers };
}

/** Whether an answer says that the entry is in the log now. */
const isLogged = ({ status }: Comparable): boolean => status === 201 || status === 409;

/** The reasons for which only the reference takes an entry (docs/rekor-v1.md), and spellings that only Go reads. */
const STRICTER =
  /PKI format|reading (?:signature|control)|in tar archive|\.PKGINFO|names another key|not a timestamp response that this log takes|ssh: no key found|in the order of the signatures|without its chain|failure decoding PEM|malformed certificate|invalid public key|base64|well-formed JSON|is not JSON|JSON|invalid value for hash/;

function mutate(random: Random, value: unknown): unknown {
  if (typeof value === "string") return mutateText(random, value);
  if (typeof value !== "object" || value === null) return random.pick([null, 0, "", [], {}, "0.0.1"]);
  if (random.chance(0.15)) return random.pick([null, 0, "", [], {}]);
  const entries = Object.entries(value);
  if (entries.length === 0) return value;
  const [name, old] = random.pick(entries);
  const rest = entries.filter(([other]) => other !== name);
  if (random.chance(0.12)) return Array.isArray(value) ? rest.map(([, one]) => one) : Object.fromEntries(rest);
  const changed = entries.map(([other, one]) => [other, other === name ? mutate(random, old) : one] as const);
  return Array.isArray(value) ? changed.map(([, one]) => one) : Object.fromEntries(changed);
}

function mutateText(random: Random, text: string): string {
  // An envelope is JSON in a text.
  if (text.startsWith("{ ") && random.chance(0.7)) return JSON.stringify(mutate(random, JSON.parse(text)));
  const at = random.below(text.length + 1);
  switch (random.below(7)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + random.pick(["A", "=", "\n", " ", '"', "\u00e9", "0"]) + text.slice(at);
    case 2:
      return text.toUpperCase();
    case 3:
      return text.slice(0, at);
    case 4:
      return mutateDecoded(random, text);
    case 5:
      return random.pick([
        "sha256",
        "sha384",
        "sha512",
        "dsse",
        "intoto",
        "rekord",
        "rfc3161",
        "ssh",
        "x509",
        "minisign",
        "0.0.1",
        "0.0.2",
      ]);
    default:
      return `${text}${random.pick(["", " ", "\n", "AAAA"])}`;
  }
}

/** Changes what a text in base64 says: a key's PEM, or a payload. */
function mutateDecoded(random: Random, text: string): string {
  const decoded = Buffer.from(text, "base64").toString("latin1");
  return Buffer.from(mutateText(random, decoded), "latin1").toString("base64");
}

describe.skipIf(!hasMariaDb)("rekor-server and our log", () => {
  it("answer equal entries with the same bodies, UUIDs and headers, and their repetition with 409", async () => {
    for (const entry of [...MAKERS.map((make) => make("compared")), ...samples]) {
      const text = JSON.stringify(entry);
      const theirs = await post(reference.url, text);
      expect(await post(stack.url, text)).toEqual(theirs);
      expect(theirs.status).toBe(201);
      const again = await post(reference.url, text);
      expect(await post(stack.url, text)).toEqual(again);
      expect(again.status).toBe(409);
    }
  });

  it("answer with the same attestations", async () => {
    const read = async ({ url }: { readonly url: string }, uuid: string): Promise<string | null> => {
      const entry = (await (await fetch(`${url}/api/v1/log/entries/${uuid}`)).json()) as V1LogEntry;
      return takeEntry(entry)[1].attestation?.data ?? null;
    };
    for (const [i, make] of MAKERS.entries()) {
      const text = JSON.stringify(make(`attested ${i}`));
      const { uuid } = await post(reference.url, text);
      expect((await post(stack.url, text)).uuid).toBe(uuid);
      const kind = (JSON.parse(text) as { readonly kind: string }).kind;
      // Both keep it after their answer.
      const wanted = kind === "intoto" ? expect.any(String) : null;
      await expect.poll(() => read(reference, uuid ?? ""), { timeout: 10_000 }).toEqual(wanted);
      const theirs = await read(reference, uuid ?? "");
      await expect.poll(() => read(stack, uuid ?? ""), { timeout: 10_000 }).toBe(theirs);
    }
  });

  it(`agree about ${MUTATIONS} changed entries: ours takes none that theirs rejects`, async () => {
    const random = new Random(Number(process.env["SIGEDGE_SEED"] ?? Date.now() % 1_000_000));
    const counts = new Map<string, number>();
    const disagreements: object[] = [];
    for (let i = 0; i < MUTATIONS; i++) {
      const entry = random.chance(0.3) ? random.pick(samples) : random.pick(MAKERS)(`changed ${i}`);
      const text = random.chance(0.9)
        ? JSON.stringify(mutate(random, entry))
        : mutateText(random, JSON.stringify(entry));
      const [theirs, ours] = await Promise.all([post(reference.url, text), post(stack.url, text)]);
      const isStricter = isLogged(theirs) && !isLogged(ours) && STRICTER.test(ours.message ?? "");
      const isSame = isLogged(theirs) === isLogged(ours) && ours.uuid === theirs.uuid && ours.body === theirs.body;
      const outcome = isLogged(ours) ? "logged" : isStricter ? "stricter" : "rejected";
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      if (!isSame && !isStricter) disagreements.push({ text, theirs, ours });
      expect(ours.status).toBeLessThan(500);
    }
    expect(disagreements).toEqual([]);
    expect(counts.get("logged")).toBeGreaterThan(0);
    expect(counts.get("rejected")).toBeGreaterThan(MUTATIONS / 4);
  }, 600_000);
});

describe.skipIf(!hasMariaDb)("rekor-cli, unmodified,", () => {
  const file = (name: string): string => join(folder, name);
  const cli = (server: string, ...args: readonly string[]): { readonly code: number | null; readonly out: string } => {
    const env = { ...process.env, HOME: folder };
    const done = spawnSync(interopTool("rekor", "rekor-cli"), ["--rekor_server", server, ...args], { env });
    return { code: done.status, out: `${done.stdout.toString()}${done.stderr.toString()}` };
  };
  const signed = (): readonly string[] => [
    "--artifact",
    file("artifact"),
    "--signature",
    file("signature"),
    "--public-key",
    file("key.pem"),
    "--pki-format",
    "x509",
  ];

  beforeAll(() => {
    const artifact = Buffer.from(`an artifact of ${Date.now()}\n`);
    writeFileSync(file("artifact"), artifact);
    writeFileSync(file("signature"), sign("sha256", artifact, privateKey));
    writeFileSync(file("key.pem"), signer.pem);
  });

  it.each(["", "/rekor-v1"])(
    "uploads, verifies, gets, searches and reads the log at %j",
    async (path) => {
      const server = `${stack.url}${path}`;
      const uploaded = cli(server, "upload", ...signed());
      expect(uploaded).toMatchObject({ code: 0, out: expect.stringMatching(/Created entry at index|already exists/) });
      const [, id = ""] = /log\/entries\/([0-9a-f]{80})/.exec(uploaded.out) ?? [];
      expect(cli(server, "upload", ...signed()).out).toContain(`Entry already exists; available at: `);
      expect(cli(server, "verify", ...signed())).toMatchObject({ code: 0, out: expect.stringContaining(id.slice(16)) });
      expect(cli(server, "get", "--uuid", id)).toMatchObject({ code: 0, out: expect.stringContaining(id) });
      expect(cli(server, "get", "--log-index", "0")).toMatchObject({
        code: 0,
        out: expect.stringContaining("Index: 0"),
      });
      await expect
        .poll(() => cli(server, "search", "--artifact", file("artifact")).out, { timeout: 20_000, interval: 500 })
        .toContain(id);
      const search = cli(server, "search", "--public-key", file("key.pem"), "--pki-format", "x509");
      expect(search).toMatchObject({ code: 0, out: expect.stringContaining(id) });
      for (let i = 0; i < 2; i++) {
        expect(cli(server, "loginfo")).toMatchObject({
          code: 0,
          out: expect.stringContaining("Verification Successful!"),
        });
        await post(stack.url, JSON.stringify(makeHashedRekord(signer, `growth ${path} ${i}`)));
      }
      const proof = cli(server, "logproof", "--first-size", "1", "--last-size", "2");
      expect(proof).toMatchObject({ code: 0, out: expect.stringMatching(/Hashes: \[\w{64}/) });
    },
    60_000,
  );

  /** Writes a signed file, and returns what rekor-cli asks for to upload it. */
  function artifactArguments(name: string, { file: bytes, key, signature, format }: SignedFile): readonly string[] {
    const paths = { artifact: file(name), signature: file(`${name}.sig`), key: file(`${name}.pub`) };
    writeFileSync(paths.artifact, bytes);
    writeFileSync(paths.signature, signature);
    writeFileSync(paths.key, key);
    const both = ["--artifact", paths.artifact, "--signature", paths.signature];
    return [...both, "--public-key", paths.key, "--pki-format", format];
  }

  /** Uploads, verifies and gets an entry, which the comparison may have logged. Returns its ID. */
  function uploadEntry(args: readonly string[], shown: string): string {
    const uploaded = cli(stack.url, "upload", ...args);
    expect(uploaded).toMatchObject({ code: 0, out: expect.stringMatching(/Created entry at index|already exists/) });
    const [, id = ""] = /log\/entries\/([0-9a-f]{80})/.exec(uploaded.out) ?? [];
    expect(cli(stack.url, "verify", ...args)).toMatchObject({ code: 0, out: expect.stringContaining(id.slice(16)) });
    expect(cli(stack.url, "get", "--uuid", id)).toMatchObject({ code: 0, out: expect.stringContaining(shown) });
    return id;
  }

  const named = `a file of ${Date.now()}\n`;
  it.each([
    ["x509", ["--type", "rekord"], () => x509File(named)],
    ["minisign", ["--type", "rekord"], () => signWithMinisign(ed25519, named, "ED")],
    ["minisign", ["--type", "rekord:0.0.1"], () => signWithMinisign(generateKeyPairSync("ed25519"), named, "Ed")],
    ...SSH_KEYS.map((args) => ["ssh", ["--type", "rekord"], () => signWithSsh(folder, named, args)] as const),
  ] as const)("uploads, verifies, gets and finds a file that is signed with %s %j", async (format, type, make) => {
    const args = [...artifactArguments(`file-${format}`, make()), ...type];
    const id = uploadEntry(args, "RekordObj");
    await expectFound(id, ["--artifact", file(`file-${format}`)]);
    await expectFound(id, ["--sha", createHash("sha256").update(named).digest("hex")]);
    await expectFound(id, ["--public-key", file(`file-${format}.pub`), "--pki-format", format]);
  });

  it("uploads, verifies, gets and finds a timestamp", async () => {
    writeFileSync(file("tsr"), stampWithOpenssl(folder, named));
    const args = ["--type", "rfc3161", "--artifact", file("tsr")];
    const id = uploadEntry(args, "tsr");
    await expectFound(id, ["--artifact", file("tsr")]);
  });

  it("uploads, verifies, gets and finds an Alpine package", async () => {
    const [artifact, key] = [`${ALPINE}.apk`, `${ALPINE}.pub`];
    const id = uploadEntry(["--type", "alpine", "--artifact", artifact, "--public-key", key], "apache2-ctl");
    await expectFound(id, ["--artifact", artifact]);
    await expectFound(id, ["--public-key", key, "--pki-format", "x509"]);
  });

  const x509File = (text: string): SignedFile => ({
    format: "x509",
    file: text,
    key: signer.pem,
    signature: sign("sha256", Buffer.from(text), privateKey),
  });

  /** The index follows the log. */
  const expectFound = async (id: string, args: readonly string[]): Promise<void> =>
    await expect.poll(() => cli(stack.url, "search", ...args).out, { timeout: 20_000, interval: 500 }).toContain(id);
});
