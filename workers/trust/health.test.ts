// SPDX-License-Identifier: Apache-2.0
// The problems that the service reports: expiries, differences between signed and running, and wrong deployments.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openKeys } from "../../cli/keys/keys.ts";
import type { OfflineKey } from "../../cli/tuf/keys.ts";
import { publishTargets } from "../../cli/tuf/repository.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { logsOf } from "../../shared/logs/config.ts";
import type { LogDescription } from "../../shared/rpc/sequencer.ts";
import { unixMs } from "../../shared/time.ts";
import type { TrustHealth } from "../../shared/trust/health.ts";
import type { Chain } from "../../shared/trust/material.ts";
import { NO_RETIRED_KEYS } from "../../shared/trust/retired-keys.ts";
import { signingConfig } from "../../shared/trust/signing-config.ts";
import { trustedRoot } from "../../shared/trust/trusted-root.ts";
import { type TargetDocuments, targetDocuments } from "../../shared/tuf/target-files.ts";
import { parseChain } from "../../shared/x509/chain.ts";
import { makeLogDescription } from "../../test/support/trust/log-description.ts";
import {
  createFirstRepository,
  type FirstRepository,
  type TufOperator,
  type TufService,
  tufOperator,
  tufService,
} from "../../test/support/trust/tuf-repository.ts";
import { valueOf } from "../../test/support/value-of.ts";

const PUBLIC_URL = valueOf(parsePublicUrl("https://sigstore.example.com"));
const DAY = 86_400_000;

let chains: Readonly<Record<"ca" | "tsa" | "otherCa" | "otherTsa", string>>;
let folder: string;
let operator: TufOperator;
let first: FirstRepository;
let start: number;
let logs: Record<string, LogDescription>;
let service: TufService;

beforeAll(() => {
  operator = tufOperator();
  start = Date.now();
  folder = mkdtempSync(join(tmpdir(), "sigedge-health-"));
  const [own, other] = ["own", "other"].map((name) => valueOf(openKeys(join(folder, name), PUBLIC_URL, unixMs(start))));
  chains = {
    ca: own?.["CA_CHAIN"] ?? "",
    tsa: own?.["TSA_CHAIN"] ?? "",
    otherCa: other?.["CA_CHAIN"] ?? "",
    otherTsa: other?.["TSA_CHAIN"] ?? "",
  };
  const signed = { signature: makeLogDescription(start), certificate: makeLogDescription(start) };
  logs = signed;
  first = createFirstRepository(operator, documents(), start);
});
afterAll(() => {
  operator.remove();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  service = newService();
  service.deploy(first.texts, first.onlineKey);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const chain = (pem: string): Chain => valueOf(parseChain(pem)) as unknown as Chain;
/** The signed documents that match what runs. */
function documents(): TargetDocuments {
  const { signature, certificate } = logsOf(PUBLIC_URL);
  const trusted = (baseUrl: string, name: string) => ({ baseUrl, ...(logs[name] ?? makeLogDescription(start)) });
  const signatureLog = trusted(signature.baseUrl, "signature");
  const material = {
    publicUrl: PUBLIC_URL,
    signatureLogs: [signatureLog],
    certificateLogs: [trusted(certificate.baseUrl, "certificate")],
    offeredLogs: [{ ...signatureLog, rekorApi: 2 as const }],
    caChain: chain(chains.ca),
    otherCaChains: [],
    tsaChain: chain(chains.tsa),
    otherTsaChains: [],
    oidcProviders: [],
    retiredKeys: NO_RETIRED_KEYS,
  };
  return targetDocuments(trustedRoot(material), signingConfig(material));
}

interface Running {
  readonly ca?: string;
  readonly tsa?: string;
  readonly describe?: (name: string) => Promise<LogDescription>;
}
const newService = ({ ca, tsa, describe: describeLog }: Running = {}): TufService =>
  tufService({
    publicUrl: PUBLIC_URL.href,
    env: {
      CA_CHAIN: ca ?? chains.ca,
      TSA_CHAIN: tsa ?? chains.tsa,
      SEQUENCER: {
        getByName: (name: string) => ({ describe: () => describeLog?.(name) ?? Promise.resolve(logs[name]) }),
      } as never,
    },
    now: () => Date.now(),
  });
async function health(of = service): Promise<TrustHealth> {
  const response = await of.fetch("/trust/health");
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
  return (await response.json()) as TrustHealth;
}
const pass = (days: number): void => void vi.setSystemTime(Date.now() + days * DAY);

describe("an expiry", () => {
  const tufProblems = async (): Promise<readonly string[]> =>
    (await health()).problems.filter((problem) => problem.startsWith("tuf_"));

  it("is reported long before a client fails, with the time, and not earlier", async () => {
    pass(315);
    expect(await tufProblems()).toEqual([]);
    pass(10);
    const on = new Date(start + 365 * DAY).toISOString().slice(0, 10);
    expect(await tufProblems()).toEqual([
      `tuf_root expires on ${on}, in 39 days: renew it.`,
      `tuf_targets expires on ${on}, in 39 days: renew it.`,
    ]);
    pass(41);
    expect(await tufProblems()).toContain(`tuf_root expired on ${on}: clients reject it.`);
    const { expiries } = await health();
    expect(expiries.find(({ what }) => what === "tuf_root")?.secondsLeft).toBeLessThan(0);
  });

  it("counts down the online documents, which requests renew", async () => {
    pass(100);
    const { expiries } = await health();
    const left = Object.fromEntries(expiries.map(({ what, secondsLeft }) => [what, secondsLeft / 86_400]));
    expect(left).toMatchObject({ tuf_snapshot: 90, tuf_timestamp: 7 });
  });

  it("is reported four days ahead for online documents that cannot be renewed", async () => {
    await health();
    service.deploy(first.texts, "");
    pass(2);
    expect((await health()).problems).toEqual([expect.stringContaining("TUF_KEY is missing")]);
    pass(2);
    expect(await tufProblems()).toEqual([
      expect.stringMatching(/^tuf_timestamp expires on .*, in 3 days: renew it\.$/),
    ]);
  });

  it("names the certificates of both chains", async () => {
    const { expiries, problems } = await health();
    expect(problems).toEqual([]);
    expect(expiries.map(({ what }) => what)).toEqual([
      "tuf_root",
      "tuf_targets",
      "tuf_snapshot",
      "tuf_timestamp",
      "ca_certificate",
      "ca_root",
      "tsa_certificate",
      "tsa_root",
    ]);
    const [certificate] = chain(chains.ca);
    pass((certificate.notAfter - start) / DAY - 59);
    expect((await health()).problems).toContainEqual(
      expect.stringMatching(/^ca_certificate expires on .*, in 5[89] days/),
    );
  });
});

describe("a difference from what runs", () => {
  it.each([
    [
      "a signature log's key",
      {
        describe: (name: string) =>
          Promise.resolve(name === "signature" ? makeLogDescription(start) : (logs[name] ?? makeLogDescription(start))),
      },
    ],
    [
      "a certificate log's key",
      {
        describe: (name: string) =>
          Promise.resolve(
            name === "certificate" ? makeLogDescription(start) : (logs[name] ?? makeLogDescription(start)),
          ),
      },
    ],
  ])("is reported if a running key is not the signed one: %s", async (what, running) => {
    const other = newService(running);
    other.deploy(first.texts, first.onlineKey);
    expect((await health(other)).problems).toEqual([
      `The signed trusted root does not contain ${what} that is in use: publish new targets.`,
    ]);
    // The signed documents are still served.
    expect(await (await other.fetch("/trusted_root.json")).text()).toBe(first.texts.files["trusted_root.json"]);
  });

  it("is reported if a chain in use is not the signed one", async () => {
    const other = newService({ ca: chains.otherCa, tsa: chains.otherTsa });
    other.deploy(first.texts, first.onlineKey);
    expect((await health(other)).problems).toEqual([
      "The signed trusted root does not contain a chain of the CA that is in use: publish new targets.",
      "The signed trusted root does not contain the chain of the timestamp authority that is in use: publish new targets.",
    ]);
  });

  it("is reported if the targets lack the documents", async () => {
    const signers: readonly OfflineKey[] = first.targets;
    const empty = { documents: { "a.pem": { text: "a", custom: null } }, signers, now: unixMs(start) };
    service.deploy(valueOf(publishTargets(first.texts, empty)), first.onlineKey);
    const { problems } = await health();
    expect(problems).toContain(
      "The signed trusted root does not contain a signature log's key that is in use: publish new targets.",
    );
    expect(problems).toContain(
      "The signed signing config does not contain the URL in tsaUrls that is in use: publish new targets.",
    );
    expect((await service.fetch("/trusted_root.json")).status).toBe(404);
  });

  it("is reported if the logs are unreachable", async () => {
    const other = newService({ describe: () => Promise.reject(new Error("storage lost")) });
    other.deploy(first.texts, first.onlineKey);
    expect((await health(other)).problems).toEqual(["Could not read the keys of the logs: see the sequencer's log."]);
  });
});

describe("a log that refuses to write", () => {
  const reason = "SIGNATURE_LOG_KEY is not the key that the log signature was created with: put the old key back";
  const refusing = (name: string): Promise<LogDescription> =>
    Promise.resolve({
      ...(logs[name] ?? makeLogDescription(start)),
      ...(name === "signature" ? { state: "refusing", reason } : {}),
    });

  it.each([true, false])("is reported with its own reason; with a repository: %s", async (isDeployed) => {
    const other = newService({ describe: refusing });
    if (isDeployed) other.deploy(first.texts, first.onlineKey);
    expect((await health(other)).problems).toEqual([`the log signature refuses to write: ${reason}`]);
  });
});

describe("a deployed repository", () => {
  it("that is refused yields 503 on every trust route, and none of it is served", async () => {
    const other = newService();
    other.deploy({ ...first.texts, targets: "{}" }, first.onlineKey);
    const problem = "The targets metadata has no signatures. Restore the trust file, or sign it again.";
    for (const path of ["/tuf/timestamp.json", "/tuf/root.json", "/trusted_root.json", "/signing_config.json"]) {
      const response = await other.fetch(path);
      expect([path, response.status, response.headers.get("retry-after")]).toEqual([path, 503, "60"]);
      const message = `the TUF repository of this deployment cannot be served: ${problem}`;
      expect(await response.json()).toEqual({ code: 503, message });
    }
    expect((await health(other)).problems).toEqual([problem]);
  });

  it("that is absent leaves documents built from the keys in use, and 404 below /tuf/", async () => {
    const bare = newService();
    expect((await bare.fetch("/tuf/timestamp.json")).status).toBe(404);
    expect(await (await bare.fetch("/trusted_root.json")).json()).toHaveProperty("tlogs");
    expect((await health(bare)).problems).toEqual([]);
  });

  it("yields the documents without TUF byte for byte", async () => {
    expect(await (await service.fetch("/trusted_root.json")).text()).toBe(first.texts.files["trusted_root.json"]);
    expect(await (await service.fetch("/signing_config.json")).text()).toBe(
      first.texts.files["signing_config.v0.2.json"],
    );
    const config = (await (await service.fetch("/client_trust_config.json")).json()) as { trustedRoot: unknown };
    expect(config.trustedRoot).toEqual(JSON.parse(first.texts.files["trusted_root.json"] ?? ""));
  });
});

describe("a repository that does not respond", () => {
  it("yields 503 with Retry-After", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const lost = newService();
    lost.breakDown();
    const response = await lost.fetch("/tuf/timestamp.json");
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});
