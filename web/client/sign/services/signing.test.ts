// SPDX-License-Identifier: Apache-2.0
// The order of the services that a page asks for a signature, and what another try goes on with.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { TrustedRoot } from "../../../../shared/bundle/trusted-root.ts";
import type { Deployment } from "./deployment.ts";
import { createEphemeralKey } from "./key.ts";
import { type Credential, type Subject, signFile } from "./signing.ts";

const SITE = "https://sign.example.com";
const deployment = {
  origin: SITE,
  tsa: `${SITE}/api/v1/timestamp`,
  log: SITE,
  root: {
    certificateAuthorities: [],
    certificateLogs: [],
    logs: [],
    timestampAuthorities: [],
  } as unknown as TrustedRoot,
  provider: { issuer: SITE, authorizationEndpoint: SITE, tokenEndpoint: SITE },
} satisfies Deployment;

/** An hour is too long to wait, so nothing is retried. */
const down = (): Response => new Response("down", { status: 503, headers: { "retry-after": "3600" } });

let asked: { readonly path: string; readonly body: string }[];
let answers: Record<string, () => Response>;
let credential: Credential;
let subject: Subject;

beforeEach(async () => {
  asked = [];
  answers = {};
  vi.stubGlobal("fetch", async (url: string, { body }: { readonly body: BodyInit }) => {
    const path = new URL(url).pathname;
    asked.push({ path, body: await new Response(body).text() });
    return (answers[path] ?? down)();
  });
  const issued = { leaf: new Uint8Array([48, 0]), lifetimeMs: 600_000, names: ["alice@example.com"], issuer: SITE };
  credential = { key: await createEphemeralKey(), issued, endsAt: 600_000, begun: new Map() };
  const bytes = new TextEncoder().encode("a file\n");
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  subject = { file: new File([bytes], "a.txt"), sha256, predicate: null };
});
afterEach(() => vi.unstubAllGlobals());

const sign = (): ReturnType<typeof signFile> =>
  signFile(deployment, { subject, credential }, { tell: () => {}, signal: new AbortController().signal });

const pathsAsked = (): readonly string[] => asked.map(({ path }) => path);

it("a timestamp authority that is down leaves no entry in the log", async () => {
  expect(await sign()).toEqual({ ok: false, error: "the timestamp authority cannot do this now (503): down" });
  expect(pathsAsked()).toEqual(["/api/v1/timestamp"]);
});

it("another try sends the same signature to a log that was down, with the timestamp that there is", async () => {
  answers["/api/v1/timestamp"] = () => new Response(new Uint8Array([48, 0]));
  for (const _ of [1, 2]) expect(await sign()).toEqual({ ok: false, error: "the log cannot do this now (503): down" });
  expect(pathsAsked()).toEqual(["/api/v1/timestamp", "/api/v2/log/entries", "/api/v2/log/entries"]);
  expect(asked[1]?.body).toBe(asked[2]?.body);
});

it("a bundle that does not verify is not handed out, and another try begins anew", async () => {
  answers["/api/v1/timestamp"] = () => new Response(new Uint8Array([48, 0]));
  answers["/api/v2/log/entries"] = () => Response.json({ logIndex: "1" }, { status: 201 });
  expect(await sign()).toMatchObject({ ok: false });
  expect(await sign()).toMatchObject({ ok: false });
  const [first, second] = asked.filter(({ path }) => path.endsWith("/entries"));
  expect(first?.body).not.toBe(second?.body);
});
