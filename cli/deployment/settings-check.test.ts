// SPDX-License-Identifier: Apache-2.0
// Every setting, once wrong, at every place that reads settings: each names it with the same sentence.

import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { describeLocalIssuers, openLocalSettings } from "../../local/settings.ts";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { COMPOSED, CONTEXT, createFailingBindings, SERVICES } from "../../test/support/composed.ts";
import { FakeWitness } from "../../test/support/logs/fake-witness.ts";
import { valueOf } from "../../test/support/value-of.ts";
import type { ComposedEnv } from "../../workers/compose.ts";
import { DECLARATIONS, type DeclaredService, settingNames } from "../../workers/declarations.ts";
import gateway from "../../workers/gateway/index.ts";
import sequencer from "../../workers/sequencer/index.ts";
import { DEPLOY } from "../deploy/command.ts";
import { adviceFor } from "../doctor/advice.ts";
import { localChecks } from "../doctor/local-checks.ts";
import { publicChecks } from "../doctor/public-checks.ts";
import { openSite, type Site } from "../doctor/site.ts";
import { INIT } from "../init/command.ts";
import { STATUS } from "../status/command.ts";
import { createDeployment } from "./create.ts";
import { type Deployment, openIssuersLine, readDeployment, workerSettings, writeDeployment } from "./deployment.ts";
import { settingsProblems } from "./settings-check.ts";

type SettingName = { [S in DeclaredService]: keyof (typeof DECLARATIONS)[S]["settings"] }[DeclaredService];

interface Bad {
  readonly text: string;
  readonly sentence: string;
  /** The file of the setting in a deployment's folder; null for a setting of deployment.json. */
  readonly file: string | null;
  /** Its file in the state folder of a local stack, if it has one there. */
  readonly local?: string;
}

const PEM_BLOCK = "must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)";
const NO_CHAIN = "is not PEM text of certificates";
const keyFile = (file: string): { readonly file: string; readonly local: string } => ({
  file: `keys/${file}`,
  local: `keys/${file}`,
});
const sameFile = (file: string): { readonly file: string; readonly local: string } => ({ file, local: file });

/** One wrong text for every setting; a new setting needs a row here. */
const BAD: Readonly<Record<SettingName, Bad>> = {
  PUBLIC_URL: { text: "http://sign.example.com", sentence: "PUBLIC_URL must start with https://", file: null },
  CA_CHAIN: { text: "x", sentence: `CA_CHAIN ${NO_CHAIN}`, ...keyFile("ca-chain.pem") },
  CA_KEY: { text: "x", sentence: `CA_KEY ${PEM_BLOCK}`, ...keyFile("ca.key.pem") },
  ISSUERS: {
    text: '[{"issuer-url":"https://a.example","type":"x"}]',
    sentence: "[0].type must be",
    file: "issuers.yaml",
    local: "issuers.yaml",
  },
  OTHER_CA_CHAINS: { text: "x", sentence: `OTHER_CA_CHAINS ${NO_CHAIN}`, file: null },
  RETIRED_KEYS: { text: "x", sentence: "RETIRED_KEYS must be a JSON list of retired keys", file: null },
  OIDC_PROVIDERS: {
    text: '["login.example.com"]',
    sentence: "OIDC_PROVIDERS [0].url is not a URL",
    ...sameFile("oidc-providers.json"),
  },
  CERTIFICATE_LIFETIME: {
    text: "ten minutes",
    sentence: "CERTIFICATE_LIFETIME must be 60 to 3600 seconds",
    file: null,
  },
  SHARDS: { text: '[{"name":"X"}]', sentence: "[0].name must be 1 to 32 characters", ...sameFile("shards.json") },
  TSA_CHAIN: { text: "x", sentence: `TSA_CHAIN ${NO_CHAIN}`, ...keyFile("tsa-chain.pem") },
  TSA_KEY: { text: "x", sentence: `TSA_KEY ${PEM_BLOCK}`, ...keyFile("tsa.key.pem") },
  ACCEPT: { text: "all", sentence: "ACCEPT must be one of own-ca, own-ca+listed-keys, open", file: null },
  LISTED_KEYS: {
    text: "x",
    sentence: "LISTED_KEYS must have 1 to 64 public keys, in PEM or as lines of ssh or minisign",
    ...sameFile("listed-keys.pem"),
  },
  CERTIFICATE_GRACE: { text: "a while", sentence: "CERTIFICATE_GRACE must be", file: null },
  ENTRIES_PER_CERTIFICATE: { text: "many", sentence: "ENTRIES_PER_CERTIFICATE must be", file: null },
  ENTRIES_PER_KEY: { text: "many", sentence: "ENTRIES_PER_KEY must be", file: null },
  SIGNING_ALGORITHMS: { text: "ECDSA", sentence: "SIGNING_ALGORITHMS has ECDSA; known are", file: null },
  REKOR_V1_DUPLICATES: { text: "409", sentence: "REKOR_V1_DUPLICATES must be entry or conflict", file: null },
  OTHER_TSA_CHAINS: { text: "x", sentence: `OTHER_TSA_CHAINS ${NO_CHAIN}`, file: null },
  TUF_KEY: { text: "x", sentence: "TUF_KEY is not a P-256 private key in PKCS#8 PEM", file: "keys/tuf.key.pem" },
  TRUST_FILE: { text: "x", sentence: "TRUST_FILE is not JSON.", file: null },
  OIDC_KEY: { text: "x", sentence: `OIDC_KEY ${PEM_BLOCK}`, ...keyFile("oidc.key.pem") },
  OTHER_OIDC_KEYS: { text: "x", sentence: "OTHER_OIDC_KEYS must be PEM text of public keys", file: null },
  OIDC_CONNECTORS: {
    text: '[{"type":"smoke-signals"}]',
    sentence: "OIDC_CONNECTORS [0].type must be one of",
    ...sameFile("connectors.yaml"),
  },
  OIDC_CONNECTOR_SECRETS: {
    text: "x",
    sentence: "OIDC_CONNECTOR_SECRETS must be a JSON object",
    ...keyFile("connector-secrets.json"),
  },
  OIDC_SEAL_KEY: { text: "x", sentence: "OIDC_SEAL_KEY must be 1 to 4 secrets", ...keyFile("oidc-seal.txt") },
  OIDC_SUBJECT_KEY: { text: "x", sentence: "OIDC_SUBJECT_KEY must be 32 bytes", ...keyFile("oidc-subject.txt") },
  OIDC_SUBJECT: { text: "plain", sentence: "OIDC_SUBJECT must be private or dex", file: null },
  OIDC_CLIENTS: { text: "x", sentence: "OIDC_CLIENTS must be a JSON list of clients", file: null },
  OIDC_DEVICE: { text: "maybe", sentence: "OIDC_DEVICE must be one of on, same-network, off", file: null },
  OIDC_OOB: { text: "maybe", sentence: "OIDC_OOB must be on or off", file: null },
  WITNESS_KEY: {
    text: "x",
    sentence: "WITNESS_KEY is not an Ed25519 private key in PKCS#8 PEM",
    ...keyFile("witness.key.pem"),
  },
  WITNESSED_LOGS: { text: "garbage", sentence: "WITNESSED_LOGS line 1: ", ...sameFile("witnessed-logs.txt") },
  SIGNATURE_LOG_KEY: { text: "x", sentence: "SIGNATURE_LOG_KEY is not a P-256", ...keyFile("signature-log.key.pem") },
  SIGNATURE_LOG_ED25519_KEY: {
    text: "x",
    sentence: "SIGNATURE_LOG_ED25519_KEY is not an Ed25519 private key in PKCS#8 PEM",
    ...keyFile("signature-log-ed25519.key.pem"),
  },
  CERTIFICATE_LOG_KEY: {
    text: "x",
    sentence: "CERTIFICATE_LOG_KEY is not a P-256",
    ...keyFile("certificate-log.key.pem"),
  },
  SHARD_KEYS: { text: "x", sentence: "SHARD_KEYS.sig-2.ecdsa is not a P-256", ...keyFile("shards/sig-2/log.key.pem") },
  WITNESS_POLICY: {
    text: "garbage",
    sentence: "WITNESS_POLICY: line 1: ",
    ...sameFile("witness-policy.txt"),
  },
  WATCHES: { text: '[{"id":"widget"}]', sentence: "WATCHES [0] must name what it is about", file: null },
  MAIL_URL: { text: "http://mail.example.com", sentence: "MAIL_URL must start with https://", file: null },
  MAIL_FROM: { text: "nobody", sentence: "MAIL_FROM must be an address", file: null },
  MAIL_HEADERS: { text: "x", sentence: "MAIL_HEADERS must be a JSON object of texts", ...keyFile("mail-headers.json") },
  MAIL_BODY: { text: "{}", sentence: "MAIL_BODY must hold {{to}}", file: null },
  OPERATOR_ALERTS: { text: "x", sentence: "OPERATOR_ALERTS must be a JSON object", file: null },
  WATCH_SECRETS: {
    text: "x",
    sentence: "WATCH_SECRETS must be a JSON object of texts",
    ...keyFile("watch-secrets.json"),
  },
  WITNESS_MODE: { text: "maybe", sentence: "WITNESS_MODE must be fail-open or require-quorum", file: null },
};
const NAMES = Object.keys(BAD) as SettingName[];

const URL_TEXT = "https://sign.example.com";
const PORT = 8787;
const SHARD = (url: string): string => JSON.stringify([{ name: "sig-2", kind: "signature", url }]);
const VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

let root: string;
let good: Deployment;
let texts: Readonly<Record<string, string>>;
let publicUrl: PublicUrl;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "sigedge-settings-check-"));
  publicUrl = valueOf(parsePublicUrl(URL_TEXT));
  const wanted = { name: "sigedge-x", publicUrl, issuers: "none", passphrase: "correct horse battery" } as const;
  good = valueOf(await createDeployment({ ...wanted, folder: join(root, "good") }));
  writeFileSync(join(good.folder, "shards.json"), SHARD("https://2027.example.com"));
  writeFileSync(join(good.folder, "witnessed-logs.txt"), `log ${VKEY}\n`);
  const { vars, secrets } = valueOf(workerSettings(good));
  texts = { ...vars, ...secrets };
  const state = join(root, "state");
  mkdirSync(state);
  writeFileSync(join(state, "shards.json"), SHARD(`http://127.0.0.2:${PORT}`));
  writeFileSync(join(state, "witnessed-logs.txt"), `log ${VKEY}\n`);
  valueOf(openLocalSettings({ port: PORT, state, accept: null }));
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Returns the settings of a Worker in which one is wrong. */
function badTexts(name: SettingName): Readonly<Record<string, string>> {
  const { text } = BAD[name];
  if (name !== "SHARD_KEYS") return { ...texts, [name]: text };
  const keys = JSON.parse(texts["SHARD_KEYS"] ?? "") as Record<string, object>;
  return { ...texts, SHARD_KEYS: JSON.stringify({ "sig-2": { ...keys["sig-2"], ecdsa: text } }) };
}

/** A copy of the folder in which the setting is wrong. */
function badFolder(name: SettingName): string {
  const { text, file } = BAD[name];
  const folder = mkdtempSync(join(root, "bad-"));
  cpSync(good.folder, folder, { recursive: true });
  if (file !== null) {
    writeFileSync(join(folder, file), text);
    return folder;
  }
  const path = join(folder, "deployment.json");
  const json = JSON.parse(readFileSync(path, "utf8")) as { readonly settings: object };
  const changed = name === "PUBLIC_URL" ? { url: text } : { settings: { ...json.settings, [name]: text } };
  writeFileSync(path, JSON.stringify({ ...json, ...changed }));
  return folder;
}

const composedEnv = (settings: Readonly<Record<string, string>>): ComposedEnv =>
  ({
    ...createFailingBindings(),
    READS: { limit: () => Promise.resolve({ success: true }) },
    ...settings,
  }) as unknown as ComposedEnv;

/** Fetches a path from the composed Worker. */
const fetchComposed = (path: string, settings: Readonly<Record<string, string>>): Promise<Response> =>
  COMPOSED.fetch(new Request(`${URL_TEXT}${path}`), composedEnv(settings), CONTEXT);

/** Fetches a path through the gateway from services that each have only their own settings. */
function fetchSplit(path: string, settings: Readonly<Record<string, string>>): Promise<Response> {
  const services = Object.entries({ ...SERVICES, sequencer }).map(([service, module]) => {
    const { settings: rows, bindings } = DECLARATIONS[service as DeclaredService];
    const own = settingNames(rows).filter((name) => name in settings);
    const env = {
      ...Object.fromEntries(Object.keys(bindings).map((name) => [name, {}])),
      ...Object.fromEntries(own.map((name) => [name, settings[name]])),
    };
    const ask = module.fetch as (request: Request, env: object, context: object) => Response | Promise<Response>;
    return [service.toUpperCase(), { fetch: (request: Request) => ask(request, env, CONTEXT) }];
  });
  const { PUBLIC_URL, SHARDS } = settings;
  return gateway.fetch(
    new Request(`${URL_TEXT}${path}`),
    { PUBLIC_URL, SHARDS, ...Object.fromEntries(services) },
    CONTEXT,
  );
}

const siteOf = (deployment: Deployment): Site => openSite(publicUrl, adviceFor(deployment));

/** Runs a command in this process. Gives its exit code and all that it printed. */
async function runHere(
  command: { readonly execute: (args: readonly string[]) => Promise<number> },
  args: readonly string[],
): Promise<{ readonly code: number; readonly printed: string }> {
  let printed = "";
  const take = (text: string | Uint8Array): boolean => {
    printed += String(text);
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write").mockImplementation(take));
  const code = await command.execute(args);
  for (const spy of spies) spy.mockRestore();
  return { code, printed };
}

it("finds nothing wrong with right settings", async () => {
  expect(settingsProblems(texts, { allowLoopbackIssuers: false })).toEqual([]);
  for (const ask of [fetchComposed, fetchSplit]) {
    // The trust service and the logs are out of reach here, which is no problem of a setting.
    expect(await (await ask("/healthz", texts)).json()).toMatchObject({ status: "DEGRADED" });
  }
});

it("has a wrong text for every setting that a service declares", () => {
  const declared = Object.values(DECLARATIONS).flatMap(({ settings }) => Object.keys(settings));
  expect(NAMES.toSorted()).toEqual([...new Set(declared)].toSorted());
});

it.each(["ACEPT", "CA_KEYS", "SOMETHING_ELSE"])("names %s, which is no setting", (name) => {
  const meant =
    { ACEPT: "did you mean ACCEPT?", CA_KEYS: "did you mean CA_KEY?" }[name] ?? "docs/reference/settings.md";
  const settings = { ...good.settings, [name]: "x" };
  expect(workerSettings({ ...good, settings })).toMatchObject({
    error: expect.stringContaining(`${name} is not a setting; ${meant}`) as unknown,
  });
});

it.each([
  ["http://witness.example", "must start with https://"],
  ["https://127.0.0.1:9", "is a loopback address, for development only"],
  [`${URL_TEXT}/witness`, "is this deployment's own"],
  ["https://2027.example.com/witness", "is this deployment's own"],
])("names a witness that the log would never ask: %s", (address, reason) => {
  const { name, vkey } = new FakeWitness("w.example");
  const policy = (url: string): string => `witness ${name} ${vkey} ${url}\nquorum ${name}\n`;
  const problems = (url: string): readonly string[] =>
    settingsProblems({ ...texts, WITNESS_POLICY: policy(url) }, { allowLoopbackIssuers: false });
  expect(problems("https://witness.example")).toEqual([]);
  expect(problems(address)).toEqual([
    `WITNESS_POLICY: the address of witness w.example ${reason} (from witness-policy.txt)`,
  ]);
});

it.each(["connectors.json", "connectors.yml", "Connectors.yaml", "connector.yaml"])("does not ignore %s", (name) => {
  const misspelt = copy((folder) => writeFileSync(join(folder, name), "[]"));
  expect(refusal(misspelt)).toContain(`${name} is not read; name it connectors.yaml`);
});

it("reads connectors as dex's YAML, of any length that fits", () => {
  const row = (i: number): string =>
    `  - type: oidc\n    id: https://${i}.example\n    slug: p-${i}\n    config:\n      issuer: https://${i}.example/${"x".repeat(400)}\n      clientID: id\n`;
  const withRows = (count: number): Deployment =>
    copy((folder) => {
      writeFileSync(
        join(folder, "connectors.yaml"),
        `connectors:\n${Array.from({ length: count }, (_, i) => row(i)).join("")}`,
      );
      const secrets = Object.fromEntries(Array.from({ length: count }, (_, i) => [`p-${i}`, "s"]));
      writeFileSync(join(folder, "keys", "connector-secrets.json"), JSON.stringify(secrets), { mode: 0o600 });
    });
  const { vars, secrets } = valueOf(workerSettings(withRows(16)));
  expect(Object.keys(vars)).toEqual(expect.arrayContaining(["OIDC_CONNECTORS", "OIDC_CONNECTORS_2"]));
  expect(Object.keys(secrets)).toContain("OIDC_CONNECTOR_SECRETS");
  expect(refusal(withRows(17))).toContain(
    "OIDC_CONNECTORS must not have more than 16 connectors (from connectors.yaml)",
  );
  const broken = copy((folder) => writeFileSync(join(folder, "connectors.yaml"), "connectors: [\n"));
  expect(refusal(broken)).toMatch(/^OIDC_CONNECTORS line \d+: /);
});

/** A changed copy of the right folder. */
function copy(change: (folder: string) => void): Deployment {
  const folder = mkdtempSync(join(root, "copy-"));
  cpSync(good.folder, folder, { recursive: true });
  change(folder);
  return { ...good, folder };
}

function refusal(deployment: Deployment): string {
  const settings = workerSettings(deployment);
  return settings.ok ? "" : settings.error;
}

describe("a secret", () => {
  const SECRETS = Object.values(DECLARATIONS).flatMap(({ settings }) =>
    settingNames(Object.fromEntries(Object.entries(settings).filter(([, row]) => "isSecret" in row))),
  );

  it.each(SECRETS)("%s among the plain settings is refused, and not shown", (name) => {
    const line = refusal({ ...good, settings: { ...good.settings, [name]: "https://s.TOKEN@vault.example" } });
    expect(line).toContain(`${name} is a secret: remove it from the settings of`);
    expect(line).not.toContain("TOKEN");
  });

  it("may be the URL of the CA's key, in a private file and in place of the key", () => {
    const url = "https://s.TOKEN@vault.example/v1/transit/sign/ca?key_version=1";
    const remote = copy((folder) => {
      rmSync(join(folder, "keys", "ca.key.pem"));
      writeFileSync(join(folder, "keys", "ca.key.url"), `${url}\n`, { mode: 0o600 });
    });
    const { vars, secrets } = valueOf(workerSettings(remote));
    expect(secrets["CA_KEY"]).toBe(url);
    expect(JSON.stringify(vars)).not.toContain("TOKEN");
    chmodSync(join(remote.folder, "keys", "ca.key.url"), 0o644);
    expect(refusal(remote)).toContain("holds a token and others can read it (chmod 600)");
    const both = copy((folder) => writeFileSync(join(folder, "keys", "ca.key.url"), url, { mode: 0o600 }));
    expect(refusal(both)).toContain("ca.key.url and ca.key.pem exclude each other");
  });

  it("is in a folder that git ignores", () => {
    const repository = mkdtempSync(join(root, "repository-"));
    execFileSync("git", ["init", "-q", repository]);
    cpSync(good.folder, join(repository, "prod"), { recursive: true });
    cpSync(join(root, "state"), join(repository, "state"), { recursive: true });
    const added = execFileSync("git", ["-C", repository, "add", "-n", "-A"], { encoding: "utf8" });
    expect(added).not.toMatch(/\.pem|\.jwks/);
  });
});

describe("who is admitted", () => {
  it("is never everybody because a file is missing or misspelt", () => {
    const without = copy((folder) => rmSync(join(folder, "issuers.yaml")));
    expect(refusal(without)).toMatch(/issuers\.yaml is missing: .* echo public > /);
    for (const name of ["issuers.yml", "issuer.yaml", "Issuers.yaml", "issuers.yaml.txt"]) {
      const misspelt = copy((folder) => renameSync(join(folder, "issuers.yaml"), join(folder, name)));
      expect(refusal(misspelt)).toContain(`${name} is not read; name it issuers.yaml`);
    }
    expect(refusal(copy((folder) => writeFileSync(join(folder, "issuers.yaml~"), "x")))).toBe("");
    // Before the address is set, there is no issuers file.
    const nameless = copy((folder) => rmSync(join(folder, "issuers.yaml")));
    expect(refusal({ ...nameless, publicUrl: null })).toBe("");
  });

  it("is everybody where the operator has written so, and every command says it", async () => {
    const open = copy((folder) => writeFileSync(join(folder, "issuers.yaml"), "public\n"));
    expect(valueOf(workerSettings(open)).vars).toMatchObject({ ISSUERS: "public" });
    expect(openIssuersLine(open)).toMatch(/^accepts 27 public issuers without a policy.*: edit .*issuers\.yaml$/);
    expect(openIssuersLine(good)).toBeNull();
    vi.stubGlobal("fetch", () => Promise.reject(new Error("no network")));
    const check = localChecks(open, siteOf(open)).find((one) => one.name === "settings");
    expect(await check?.run()).toMatchObject({ findings: [{ level: "warning", check: "issuers" }] });
    const state = mkdtempSync(join(root, "new-state-"));
    expect(valueOf(openLocalSettings({ port: PORT, state, accept: null }))).toMatchObject({ ISSUERS: "public" });
    expect(readFileSync(join(state, "issuers.yaml"), "utf8")).toMatch(/\npublic\n$/);
    expect(describeLocalIssuers(state)).toContain("accepts 27 public issuers");
    rmSync(join(state, "issuers.yaml"));
    expect(openLocalSettings({ port: PORT, state, accept: null })).toMatchObject({ ok: false });
  });

  it("are the issuers of the environment in deployment.json", () => {
    const row = (host: string, environment: string): string =>
      `  https://${host}:\n    type: email\n    environment: ${environment}\n`;
    const both = copy((folder) =>
      writeFileSync(
        join(folder, "issuers.yaml"),
        `oidc-issuers:\n${row("prod.example", "production")}${row("test.example", "staging")}`,
      ),
    );
    expect(refusal(both)).toContain('choose one with "environment" in deployment.json');
    writeDeployment({ ...both, environment: "staging" });
    const staging = valueOf(readDeployment(both.folder));
    expect(staging?.environment).toBe("staging");
    const { vars } = valueOf(workerSettings({ ...both, environment: staging?.environment ?? null }));
    expect(vars["ISSUERS"]).toContain("test.example");
    expect(vars["ISSUERS"]).not.toContain("prod.example");
  });
});

describe.each(NAMES)("a wrong %s is named", (name) => {
  const { sentence, local } = BAD[name];
  const named = expect.arrayContaining([expect.stringContaining(sentence)]) as unknown;

  it("by /healthz of the composed Worker and of the gateway, with 503", async () => {
    for (const ask of [fetchComposed, fetchSplit]) {
      const response = await ask("/healthz", badTexts(name));
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ status: "NOT_SERVING", problems: named });
    }
  });

  it("by /metrics", async () => {
    const page = await (await fetchComposed("/metrics", badTexts(name))).text();
    // Without an address or a list of logs, nothing but /healthz answers.
    if (name === "PUBLIC_URL" || name === "SHARDS") expect(page).toContain(sentence);
    else expect(page).toMatch(/^sigedge_settings_problems [1-9]/m);
  });

  it("by sigedge status and sigedge doctor, from outside", async () => {
    vi.stubGlobal("fetch", (url: string) => fetchComposed(new URL(url).pathname, badTexts(name)));
    const status = await runHere(STATUS, [URL_TEXT]);
    expect(status.code).toBe(1);
    expect(status.printed).toContain(sentence);
    const [health] = publicChecks(siteOf(good));
    const findings = (await health?.run())?.findings ?? [];
    expect(findings.map(({ finding }) => finding)).toEqual(named);
    expect(findings.every(({ level }) => level === "error")).toBe(true);
  });

  it("by init, deploy, deploy --dry-run and doctor, for the folder", async () => {
    const folder = badFolder(name);
    for (const [command, ...args] of [[INIT], [DEPLOY], [DEPLOY, "--dry-run"]] as const) {
      const { code, printed } = await runHere(command, [...args, "--dir", folder]);
      expect(code).toBe(1);
      expect(printed).toContain(sentence);
    }
    const deployment = readDeployment(folder);
    if (!deployment.ok) {
      expect(deployment.error).toContain(sentence);
      return;
    }
    const bad = { ...good, ...deployment.value };
    const check = localChecks(bad, siteOf(bad)).find((one) => one.name === "settings");
    expect((await check?.run())?.findings.map(({ finding }) => finding)).toEqual(named);
  });

  it.runIf(local !== undefined)("by start, for the state folder", () => {
    const state = mkdtempSync(join(root, "state-"));
    cpSync(join(root, "state"), state, { recursive: true });
    const path = join(state, local ?? "");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, BAD[name].text);
    const read = openLocalSettings({ port: PORT, state, accept: null });
    expect(read).toMatchObject({ ok: false, error: expect.stringContaining(sentence) as unknown });
  });
});
