// SPDX-License-Identifier: Apache-2.0
// Who signs people in: the deployment's own provider, the operator's, both, or nobody. CA, signing config and discovery
// document must agree in each case, and doctor must see where they do not.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { items, member } from "../../shared/json/member.ts";
import { ok } from "../../shared/result.ts";
import { unixMs } from "../../shared/time.ts";
import { signingConfig } from "../../shared/trust/signing-config.ts";
import { COMPOSED, CONTEXT, createFailingBindings } from "../../test/support/composed.ts";
import { valueOf } from "../../test/support/value-of.ts";
import type { ComposedEnv } from "../../workers/compose.ts";
import { createDeployment } from "../deployment/create.ts";
import { type Deployment, workerSettings } from "../deployment/deployment.ts";
import { PATHS } from "../status/paths.ts";
import { materialOf } from "../tuf/material.ts";
import { adviceFor } from "./advice.ts";
import { checkSignIn } from "./connector-checks.ts";
import type { Site } from "./site.ts";

const URL_TEXT = "https://sign.example.com";
const OWN = `${URL_TEXT}/oidc`;
const OPERATORS = "https://login.example.com";

const CASES = {
  nobody: { connector: false, providers: false },
  own: { connector: true, providers: false },
  "the operator's": { connector: false, providers: true },
  both: { connector: true, providers: true },
} as const;
type Case = keyof typeof CASES;

let folder: string;
let deployment: Deployment;
const documents = new Map<Case, Readonly<Record<string, unknown>>>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-sign-in-"));
  const publicUrl = valueOf(parsePublicUrl(URL_TEXT));
  const wanted = { name: "sigedge-x", publicUrl, issuers: "none", passphrase: "correct horse battery" } as const;
  deployment = valueOf(await createDeployment({ ...wanted, folder: join(folder, "d") }));
  const write = (path: string, text: string): void => writeFileSync(join(folder, "d", path), text, { mode: 0o600 });
  for (const [name, { connector, providers }] of Object.entries(CASES)) {
    const row = { type: "oidc", config: { issuer: "https://id.example.net", clientID: "id" } };
    write("connectors.yaml", JSON.stringify({ connectors: connector ? [row] : [] }));
    write("keys/connector-secrets.json", JSON.stringify({ oidc: "s" }));
    write("oidc-providers.json", JSON.stringify(providers ? [OPERATORS] : []));
    const { vars, secrets } = valueOf(workerSettings(deployment));
    documents.set(name as Case, await readDocuments({ ...vars, ...secrets }));
  }
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Reads the documents that the three services of a deployment with these settings publish. */
async function readDocuments(settings: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>> {
  const env = {
    ...createFailingBindings(),
    READS: { limit: () => Promise.resolve({ success: true }) },
    ...settings,
  } as unknown as ComposedEnv;
  const read = async (path: string): Promise<unknown> =>
    (await COMPOSED.fetch(new Request(`${URL_TEXT}${path}`), env, CONTEXT)).json();
  const publicUrl = valueOf(parsePublicUrl(URL_TEXT));
  const material = valueOf(materialOf({ publicUrl, settings, logsCreatedAt: null, now: unixMs(Date.now()) }));
  return {
    [PATHS.discovery]: await read(PATHS.discovery),
    [PATHS.caConfiguration]: await read(PATHS.caConfiguration),
    [PATHS.signingConfig]: JSON.parse(JSON.stringify(signingConfig(material))) as unknown,
  };
}

const documentOf = (name: Case, path: string): unknown => documents.get(name)?.[path];

/** A deployment whose documents come from different cases. */
const siteOf = (sources: Readonly<Record<string, Case>>): Site => ({
  publicUrl: valueOf(parsePublicUrl(URL_TEXT)),
  advice: adviceFor(deployment),
  read: (path) => {
    const text = JSON.stringify(documentOf(sources[path] ?? "nobody", path));
    return Promise.resolve(ok({ status: 200, headers: new Headers(), text, from: 0, to: 0 }));
  },
  problems: () => Promise.resolve([]),
});

const check = async (discovery: Case, signing: Case, ca: Case): Promise<readonly string[]> => {
  const sources = { [PATHS.discovery]: discovery, [PATHS.signingConfig]: signing, [PATHS.caConfiguration]: ca };
  return (await checkSignIn(siteOf(sources))).findings.map(({ finding }) => finding);
};

describe.each(Object.entries(CASES))(
  "CA, signing config and discovery agree on who signs people in: %s",
  (text, chosen) => {
    const name = text as Case;
    const { connector, providers } = chosen;

    it("in what each publishes", () => {
      const urls = items(documentOf(name, PATHS.signingConfig), "oidcUrls").map((row) => member(row, "url"));
      expect(urls).toEqual([...(connector ? [OWN] : []), ...(providers ? [OPERATORS] : [])]);
      const trusted = items(documentOf(name, PATHS.caConfiguration), "issuers").map((row) => member(row, "issuerUrl"));
      expect(trusted.includes(OWN)).toBe(connector);
      const discovery = documentOf(name, PATHS.discovery);
      expect(member(discovery, "authorization_endpoint")).toBe(connector ? `${OWN}/auth` : undefined);
    });

    it("in the eyes of doctor", async () => {
      expect(await check(name, name, name)).toEqual([]);
    });
  },
);

describe("doctor sees", () => {
  it.each<[string, readonly [discovery: Case, signing: Case, ca: Case], RegExp]>([
    ["a connector that was added and not signed", ["own", "nobody", "own"], /signing config does not name it/],
    ["a connector that was removed and not signed", ["nobody", "own", "nobody"], /and it has no connector/],
    ["a CA without the connectors of the others", ["own", "own", "nobody"], /its CA does not accept the tokens/],
    ["a CA that trusts an idle issuer", ["nobody", "nobody", "own"], /accepts tokens of the built-in issuer/],
  ])("%s", async (_, sources, finding) => {
    expect(await check(...sources)).toEqual([expect.stringMatching(finding) as unknown]);
  });
});
