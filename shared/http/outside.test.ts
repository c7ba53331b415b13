// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { createFetchOutside, describeOutsideError, type OutsideRequest } from "./outside.ts";

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

const never = (): AbortSignal => new AbortController().signal;
const OWN = ["sigstore.example.com", "2027.example.com:8443", "localhost:8787"];

function ask(
  url: string,
  respond: () => Response | Promise<Response> = () => new Response("answer"),
  { allowsLoopback = false, ...request }: Partial<OutsideRequest> & { readonly allowsLoopback?: boolean } = {},
): Promise<{ readonly outcome: unknown; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const fetchOutside = createFetchOutside({
    fetch: async (to, init) => {
      asked.push({ url: to, init });
      return respond();
    },
    ownHosts: OWN,
    allowsLoopback,
  });
  return fetchOutside(url, { deadline: never(), maxBytes: 100, ...request }).then((answer) => ({
    outcome: answer.ok
      ? [answer.value.status, new TextDecoder().decode(answer.value.body)]
      : describeOutsideError(answer.error),
    asked,
  }));
}

describe("a request to the outside", () => {
  it("carries what the caller gave, past every cache and without following redirects", async () => {
    const deadline = never();
    const { outcome, asked } = await ask("https://witness.example/add", () => new Response("no", { status: 409 }), {
      method: "POST",
      body: "head",
      headers: { accept: "text/plain" },
      deadline,
    });
    expect(outcome).toEqual([409, "no"]);
    expect(asked).toEqual([
      {
        url: "https://witness.example/add",
        init: {
          method: "POST",
          body: "head",
          headers: { accept: "text/plain" },
          redirect: "manual",
          cache: "no-store",
          signal: deadline,
        },
      },
    ]);
  });

  it.each([
    ["http://issuer.example/", "must start with https://"],
    ["ftp://issuer.example/", "must start with https://"],
    ["data:application/json,{}", "must start with https://"],
    ["https://user@issuer.example/", "must not contain a user name or password"],
    ["issuer.example", "is not a URL"],
    ["https://sigstore.example.com/oidc/jwks", "is this deployment's own"],
    ["https://SIGSTORE.example.com:443/", "is this deployment's own"],
    ["https://sigstore.example.com:8443/", "is this deployment's own"],
    ["https://sigstore.example.com./", "is this deployment's own"],
    ["https://2027.example.com/", "is this deployment's own"],
    ["http://localhost:9999/", "is a loopback address, for development only"],
    ["https://127.0.0.1/", "is a loopback address, for development only"],
    ["http://[::1]/", "is a loopback address, for development only"],
  ])("is not made to %s", async (url, reason) => {
    const { outcome, asked } = await ask(url);
    expect([outcome, asked]).toEqual([`was not fetched: its address ${reason}`, []]);
  });

  it.each(["http://localhost:9999/", "http://127.0.0.1:8787/"])("is made to %s in development", async (url) => {
    expect((await ask(url, undefined, { allowsLoopback: true })).outcome).toEqual([200, "answer"]);
  });

  it("is not made to the deployment itself in development either", async () => {
    const { asked } = await ask("http://localhost:8787/", undefined, { allowsLoopback: true });
    expect(asked).toEqual([]);
  });
});

describe("the answer from outside", () => {
  it.each([300, 301, 302, 303, 307, 308, 304])("is an error if it is a redirect: %i", async (status) => {
    const headers = { location: "https://evil.example" };
    expect((await ask("https://a.example", () => new Response(null, { status, headers }))).outcome).toBe(
      `could not be fetched: status ${status}`,
    );
  });

  it("is read up to its limit and no further", async () => {
    const body = (bytes: number) => (): Response => new Response(" ".repeat(bytes));
    expect((await ask("https://a.example", body(100))).outcome).toEqual([200, " ".repeat(100)]);
    expect((await ask("https://a.example", body(101))).outcome).toBe("is larger than 100 bytes");
    let sent = 0;
    const endless = new ReadableStream({
      pull: (to) => {
        sent++;
        to.enqueue(new Uint8Array(50));
      },
    });
    expect((await ask("https://a.example", () => new Response(endless))).outcome).toBe("is larger than 100 bytes");
    expect(sent).toBeLessThan(10);
  });

  it.each<[string, () => Response | Promise<Response>, string]>([
    ["never comes", () => new Promise(() => {}), "could not be fetched: TimeoutError"],
    ["never ends", () => new Response(new ReadableStream({})), "could not be read"],
  ])("is given up at the deadline if it %s", async (_, respond, reason) => {
    const ending = new AbortController();
    const answered = ask("https://a.example", respond, { deadline: ending.signal });
    setTimeout(() => ending.abort(new DOMException("too late", "TimeoutError")), 5);
    expect((await answered).outcome).toBe(reason);
  });

  it("is an error that quotes nothing of the other side", async () => {
    const broken = new ReadableStream({ pull: (to) => to.error(new RangeError("secret")) });
    const outcomes = [
      await ask("https://a.example", () => Promise.reject(new TypeError("secret"))),
      await ask("https://a.example", () => new Response(broken)),
    ].map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["could not be fetched: TypeError", "could not be read"]);
  });
});
