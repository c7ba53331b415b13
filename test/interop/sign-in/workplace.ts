// SPDX-License-Identifier: Apache-2.0
// A workplace at which unmodified clients sign people in: a deployment with a connector of every type, Chromium, and a
// folder for each client. Behind the connectors are providers by others (npm's oidc-provider, dex), and stand-ins of
// those that are somebody's service.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { interopFolder, interopPath } from "../../../tools/interop-tools.ts";
import { type Chromium, startChromium } from "../../browser/chromium.ts";
import type { Person } from "../../browser/person.ts";
import type { Shown } from "../../support/oauth/browser.ts";
import { type SignInDeployment, startSignInDeployment } from "../../support/sign-in/deployment.ts";
import { type Dex, startDex } from "../../support/sign-in/dex.ts";
import { type Program, type ProgramOptions, startProgram } from "../../support/sign-in/program.ts";
import { type Walk, walk } from "../../support/sign-in/walk.ts";
import { type ConnectorRow, STAND_IN_CONNECTORS, STAND_IN_ROWS } from "../../support/upstreams/connectors.ts";
import { ALICE } from "../../support/upstreams/people.ts";
import { StandIns } from "../../support/upstreams/stand-ins.ts";
import { ARTIFACTS } from "../clients/artifacts.ts";

/** A connector of every type; `work`, `dex` and `generic` are OpenID providers without a type of their own. */
export const CONNECTORS = [
  "development",
  "work",
  "dex",
  "github",
  "ghes",
  "google",
  "entra",
  "gitlab",
  "bitbucket",
  "access",
] as const;
export type ConnectorSlug = (typeof CONNECTORS)[number] | keyof typeof STAND_IN_CONNECTORS;

/** Alice signs in at a connector, and grants. */
export const grantAt = (connector: ConnectorSlug): Walk => ({ connector, address: ALICE, answer: "grant" });

/** A deployment, and the programs that were started at it. */
export interface Workplace {
  readonly deployment: SignInDeployment;
  readonly chromium: Chromium;
  /** The providers that are somebody's service; they may be wrong. */
  readonly standIns: StandIns;
  /** The id of a connector, which certificates name as their issuer. */
  readonly issuerOf: (connector: ConnectorSlug) => string;
  /** A folder with the artifacts and the documents of the instance. */
  readonly makeFolder: () => Promise<string>;
  readonly start: (command: readonly string[], options: StartOptions) => Promise<Program>;
  /** Runs a command that needs no person, and expects it to succeed. Returns its output. */
  readonly run: (command: readonly string[], options: StartOptions) => Promise<string>;
  /** Signs Alice in, in Chromium, up to the page that asks, or to that of an error. She has a browser of her own. */
  readonly signIn: (url: string, connector: ConnectorSlug) => Promise<Person>;
  /** Returns the messages of the browser's console about the deployment's pages. */
  readonly complaintsOf: (person: Person) => readonly string[];
  /** Signs somebody in, in a browser of fetch. Ends with the last page. */
  readonly walk: (url: string, walk: Walk) => Promise<Shown>;
  readonly stop: () => Promise<void>;
}

type StartOptions = Pick<ProgramOptions, "folder" | "env" | "browser">;

const DOCUMENTS = {
  "trusted_root.json": "/trusted_root.json",
  "signing_config.json": "/signing_config.json",
  "trust_config.json": "/client_trust_config.json",
  "root.json": "/tuf/root.json",
} as const;

/** Opens a workplace for the programs of these tools. */
export async function openWorkplace(...tools: readonly string[]): Promise<Workplace> {
  const root = mkdtempSync(join(tmpdir(), "sigedge-sign-in-"));
  const upstreams = await startUpstreams();
  const { deployment, standIns, standInsUrl } = upstreams;
  const chromium = await startChromium(await standIns.startTls());
  const programs: Program[] = [];
  const start = async (command: readonly string[], options: StartOptions): Promise<Program> => {
    const program = await startProgram(command, {
      ...options,
      path: tools.flatMap(interopPath),
      env: tools.includes("sigstore-python")
        ? { PYTHONPATH: interopFolder("sigstore-python"), COLUMNS: "400", ...options.env }
        : { ...options.env },
    });
    programs.push(program);
    return program;
  };
  return {
    deployment,
    chromium,
    standIns,
    issuerOf: (connector) => upstreams.issuerOf(connector),
    makeFolder: () => makeFolder(root, deployment.stack.url),
    start,
    run: async (command, options) => {
      const { code, output } = await (await start(command, options)).ended;
      expect(code, output).toBe(0);
      return output;
    },
    signIn: (url, connector) => signIn(chromium, url, connector),
    complaintsOf: ({ complaints }) => complaints.filter((line) => line.startsWith(deployment.stack.url)),
    walk: (url, steps) => walk(url, steps, (address) => address.replace(/^https:\//, standInsUrl)),
    stop: async () => {
      for (const program of programs) program.stop();
      await chromium.stop();
      await upstreams.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function signIn(chromium: Chromium, url: string, connector: ConnectorSlug): Promise<Person> {
  const person = await chromium.invite();
  await person.signIn(url, { connector, address: ALICE });
  return person;
}

async function makeFolder(root: string, url: string): Promise<string> {
  const folder = mkdtempSync(join(root, "client-"));
  for (const [name, content] of Object.entries(ARTIFACTS)) writeFileSync(join(folder, name), content);
  for (const [name, path] of Object.entries(DOCUMENTS)) {
    writeFileSync(join(folder, name), await (await fetch(`${url}${path}`)).text());
  }
  return folder;
}

interface Upstreams {
  readonly deployment: SignInDeployment;
  readonly standIns: StandIns;
  readonly standInsUrl: string;
  readonly issuerOf: (connector: ConnectorSlug) => string;
  readonly stop: () => Promise<void>;
}

const DEX_CLIENT = { id: "sigedge", secret: "a secret+/%of its own" };

async function startUpstreams(): Promise<Upstreams> {
  const standIns = new StandIns();
  const standInsUrl = await standIns.start();
  const dexes: Dex[] = [];
  const deployment = await startSignInDeployment({
    connectors: async (issuer) => {
      const dex = await startDex({ address: ALICE, client: { ...DEX_CLIENT, redirectUri: `${issuer}/callback/dex` } });
      dexes.push(dex);
      return [makeDexRow(dex), ...STAND_IN_ROWS];
    },
    vars: { STAND_INS: standInsUrl },
    entry: "test/support/upstreams/upstreams-worker.ts",
  });
  const issuers: Readonly<Record<string, string>> = {
    ...deployment.connectors,
    dex: dexes[0]?.issuer ?? "",
  };
  return {
    deployment,
    standIns,
    standInsUrl,
    issuerOf: (connector) =>
      connector in STAND_IN_CONNECTORS
        ? STAND_IN_CONNECTORS[connector as keyof typeof STAND_IN_CONNECTORS].id
        : (issuers[connector] ?? ""),
    stop: async () => {
      standIns.stop();
      for (const dex of dexes) dex.stop();
      await deployment.stop();
    },
  };
}

const makeDexRow = ({ issuer }: Dex): ConnectorRow => ({
  slug: "dex",
  secret: DEX_CLIENT.secret,
  row: { type: "oidc", slug: "dex", name: "Dex", config: { issuer, clientID: DEX_CLIENT.id } },
});
