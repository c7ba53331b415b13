// SPDX-License-Identifier: Apache-2.0

import { afterEach, describe, expect, it, vi } from "vitest";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { parseShards } from "../../shared/logs/shards.ts";
import { err, ok } from "../../shared/result.ts";
import { answer, type Front } from "./front.ts";
import { SERVICE_ROUTES } from "./routes.ts";

const URL_TEXT = "https://sigstore.example.com";

function publicUrl(): PublicUrl {
  const parsed = parsePublicUrl(URL_TEXT);
  if (!parsed.ok) throw new Error(parsed.error.reason);
  return parsed.value;
}

const SHARDS = [
  { name: "sig-2027", kind: "signature", url: "https://2027.example.com" },
  { name: "ct-2027", kind: "certificate", url: "https://ct.2027.example.com" },
];
function logs(): readonly LogConfig[] {
  const parsed = parseShards(JSON.stringify(SHARDS), publicUrl());
  if (!parsed.ok) throw new Error(parsed.error.join());
  return parsed.value;
}

const seen: Request[] = [];
const front: Front = {
  config: ok({ publicUrl: publicUrl(), logs: logs() }),
  settingsProblems: () => [],
  pages: { metrics: () => new Response("own page") },
  gateOf: () => ({ admits: () => Promise.resolve(true) }),
  dispatch: (service, request) => {
    seen.push(request);
    return new Response(service);
  },
};

const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  answer(new Request(`${URL_TEXT}${path}`, init), front);

afterEach(() => {
  seen.length = 0;
  vi.restoreAllMocks();
});

describe("a request", () => {
  it("goes to its service with method, body and headers", async () => {
    const response = await get("/api/v1/timestamp", { method: "POST", body: "query", headers: { accept: "a/b" } });
    expect(await response.text()).toBe("tsa");
    expect(seen[0]?.method).toBe("POST");
    expect(seen[0]?.headers.get("accept")).toBe("a/b");
    expect(await seen[0]?.text()).toBe("query");
  });

  it("for another host is misdirected, whatever the path", async () => {
    for (const path of ["/", "/checkpoint", "/nothing"]) {
      const response = await answer(new Request(`https://elsewhere.example.com${path}`), front);
      expect(response.status).toBe(421);
      expect(await response.text()).toContain(URL_TEXT);
    }
    expect(seen).toEqual([]);
  });

  it("for another host shows a browser a link to the right one", async () => {
    const headers = { accept: "text/html,application/xhtml+xml" };
    const response = await answer(new Request("https://elsewhere.example.com/", { headers }), front);
    expect([response.status, response.headers.get("content-type")]).toEqual([421, "text/html; charset=utf-8"]);
    expect(await response.text()).toContain(`<a href="${URL_TEXT}/">`);
  });

  it("for another port is misdirected, for the default port it is not", async () => {
    expect((await answer(new Request("https://sigstore.example.com:8443/"), front)).status).toBe(421);
    expect((await answer(new Request("https://sigstore.example.com:443/"), front)).status).toBe(200);
  });

  const LOG_PATHS = {
    "https://2027.example.com": [
      "/api/v2/log/entries",
      "/checkpoint",
      "/api/v2/checkpoint",
      "/tile/0/000",
      "/api/v2/tile/entries/000",
      "//tile/0/000",
      "/api/meta/0",
    ],
    "https://ct.2027.example.com": ["/ct/ct/v1/add-chain", "/ct/checkpoint", "/ct/tile/data/000", "/ct/issuer/ab"],
  };
  const ANY_LOG_PATHS = [
    "/api/entries/1",
    "/api/entries/1.tlog-proof",
    "/api/proof/inclusion",
    "/api/proof/consistency",
  ];
  const SHARD_HOSTS = Object.keys(LOG_PATHS) as (keyof typeof LOG_PATHS)[];

  it.each(SHARD_HOSTS)("for the host of a shard, %s, reaches that log and nothing else", async (host) => {
    const own = [...LOG_PATHS[host], ...ANY_LOG_PATHS];
    for (const path of own) expect(await (await answer(new Request(`${host}${path}`), front)).text()).toBe("log");
    expect(seen.map(({ url }) => url)).toEqual(own.map((path) => `${host}${path}`));
    const others = SHARD_HOSTS.filter((other) => other !== host).flatMap((other) => LOG_PATHS[other]);
    const services = SERVICE_ROUTES.filter((route) => route.kinds === null).map(({ path }) => path.replace("*", "x"));
    for (const path of [...others, ...services, "/", "/nothing", "/metrics"]) {
      const response = await answer(new Request(`${host}${path}`), front);
      expect([path, response.status]).toEqual([path, 421]);
      expect(await response.text()).toContain(URL_TEXT);
    }
    const well: Front = { ...front, dispatch: () => Response.json({ problems: [], expiries: [] }) };
    expect((await answer(new Request(`${host}/healthz`), well)).status).toBe(200);
    expect((await answer(new Request(`${host}:8443/checkpoint`), front)).status).toBe(421);
  });

  it("for an unknown path is not found", async () => {
    const response = await get("/nothing");
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      code: 5,
      message: "no such path; https://sigstore.example.com/ lists what there is",
      details: [],
    });
  });

  it.each(["/toString", "/constructor", "/__proto__"])("%s is a path like any other", async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

describe("a body with Content-Encoding", () => {
  const POSTED = SERVICE_ROUTES.filter(({ methods }) => methods.includes("POST")).map(({ path }) => path);
  const post = (path: string, encoding: string, base = URL_TEXT): Promise<Response> =>
    answer(
      new Request(`${base}${path}`, { method: "POST", body: "{}", headers: { "content-encoding": encoding } }),
      front,
    );

  it.each(POSTED)("is not accepted on %s, which says so", async (path) => {
    for (const encoding of ["gzip", "GZIP", "br", "deflate, gzip", "identity, gzip", "unknown"]) {
      const response = await post(path.replace("*", "x"), encoding);
      expect([encoding, response.status, response.headers.get("accept-encoding")]).toEqual([encoding, 415, "identity"]);
      expect(await response.json()).toMatchObject({ code: 3, message: expect.stringContaining("uncompressed") });
    }
    expect(seen).toEqual([]);
  });

  it("is not accepted on the host of a shard either", async () => {
    expect((await post("/api/v2/log/entries", "gzip", "https://2027.example.com")).status).toBe(415);
  });

  it.each(["identity", "Identity", ""])("of %j reaches the service", async (encoding) => {
    expect(await (await post("/api/v2/log/entries", encoding)).text()).toBe("log");
  });
});

describe("a request over http to a deployment at https", () => {
  const plain = (url: string, init: RequestInit = {}): Promise<Response> => answer(new Request(url, init), front);

  it.each(["/", "/healthz", "/checkpoint", "/api/search?email=a%40b", "/oidc/jwks", "/nothing"])(
    "is redirected if it reads: %s",
    async (path) => {
      for (const method of ["GET", "HEAD"]) {
        const response = await plain(`http://sigstore.example.com${path}`, { method });
        expect([response.status, response.headers.get("location")]).toEqual([308, `${URL_TEXT}${path}`]);
        expect(response.headers.get("strict-transport-security")).toBeNull();
      }
      expect(seen).toEqual([]);
    },
  );

  it("is redirected to the host of the log that it names", async () => {
    const response = await plain("http://2027.example.com/checkpoint");
    expect(response.headers.get("location")).toBe("https://2027.example.com/checkpoint");
  });

  it.each(["POST", "PUT", "OPTIONS"])("is refused if it is a %s, and reaches no service", async (method) => {
    for (const path of ["/api/v2/signingCert", "/api/v2/log/entries", "/healthz"]) {
      const response = await plain(`http://sigstore.example.com${path}`, {
        method,
        body: method === "POST" ? "{}" : null,
      });
      expect([path, response.status]).toEqual([path, 403]);
      expect(await response.text()).toContain("answers https only");
    }
    expect(seen).toEqual([]);
  });

  it("is misdirected for another host", async () => {
    expect((await plain("http://elsewhere.example.com/")).status).toBe(421);
  });

  it("is answered on a loopback host, without promising https", async () => {
    const local = parsePublicUrl("http://localhost:8787");
    if (!local.ok) throw new Error(local.error.reason);
    const config = ok({ publicUrl: local.value, logs: [] });
    const response = await answer(new Request("http://localhost:8787/"), { ...front, config });
    expect([response.status, response.headers.get("strict-transport-security")]).toEqual([200, null]);
  });
});

it.each(["/", "/healthz", "/checkpoint", "/nothing", "/tile/0/000"])(
  "every answer over https makes browsers stay there: %s",
  async (path) => {
    expect((await get(path)).headers.get("strict-transport-security")).toBe("max-age=31536000");
  },
);

describe("the request id", () => {
  it.each(["abc-123", "00-4bf92f3577b34da6a3ce929d0e0e4736-00", "x".repeat(128)])("%s is kept", async (id) => {
    const response = await get("/checkpoint", { headers: { "x-request-id": id } });
    expect(response.headers.get("x-request-id")).toBe(id);
    expect(seen[0]?.headers.get("x-request-id")).toBe(id);
  });

  it.each(["", "x".repeat(129), "a b", 'a"b', "<script>", "a{b}"])("%j is replaced", async (id) => {
    const response = await get("/checkpoint", { headers: { "x-request-id": id } });
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(seen[0]?.headers.get("x-request-id")).toBe(response.headers.get("x-request-id"));
  });

  it("is set on responses with immutable headers", async () => {
    const immutable = await fetch("data:text/plain,tile");
    const response = await answer(new Request(`${URL_TEXT}/tile/0/000`, { headers: { "x-request-id": "abc" } }), {
      ...front,
      dispatch: () => immutable,
    });
    expect(response.headers.get("x-request-id")).toBe("abc");
    expect(await response.text()).toBe("tile");
  });
});

describe("an exception", () => {
  it("becomes a 503 that names the log line", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => lines.push(line));
    const response = await answer(
      new Request(`${URL_TEXT}/checkpoint?secret=1`, { headers: { "x-request-id": "abc" } }),
      { ...front, dispatch: () => Promise.reject(new Error("R2 is down")) },
    );
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toMatchObject({ code: 14, message: "the service failed; its log has request abc" });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ requestId: "abc", path: "/checkpoint" });
    expect(lines[0]).not.toContain("secret");
  });
});

describe("a deployment that is not configured", () => {
  const incomplete: Front = {
    ...front,
    config: err({ code: "config_invalid", problems: ["PUBLIC_URL is missing", "CA_KEY is missing"] }),
  };

  it.each(["/", "/checkpoint", "/metrics", "/nothing"])("says so on %s", async (path) => {
    const response = await answer(new Request(`${URL_TEXT}${path}`), incomplete);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      message: expect.stringMatching(
        /^this deployment is not configured: PUBLIC_URL is missing; CA_KEY is missing; .*npx sigedge init --url .*https:/,
      ) as unknown,
    });
  });

  it("says so to a browser as a page, which shows no markup of a problem", async () => {
    const accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    const hostile: Front = { ...front, config: err({ code: "config_invalid", problems: ["A <script> is missing"] }) };
    const response = await answer(new Request(`${URL_TEXT}/`, { headers: { accept } }), hostile);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "60"]);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    const html = await response.text();
    expect(html).toContain("npx sigedge init --url https://HOST");
    expect(html).toContain("docs/deploy.md");
    expect(html).not.toContain("<script");
  });

  it("reports on /healthz of any host why it does not serve", async () => {
    const response = await answer(new Request("https://anything.example.com/healthz"), incomplete);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: "NOT_SERVING",
      problems: ["PUBLIC_URL is missing", "CA_KEY is missing"],
      expiries: [],
    });
  });
});

describe("the front end's own pages", () => {
  const healthAfter = (trust: () => Response): Promise<Response> =>
    answer(new Request(`${URL_TEXT}/healthz`), {
      ...front,
      dispatch: (service, { url }) =>
        service === "trust" && url.endsWith("/trust/health") ? trust() : new Response(service),
    });

  it("report the health of a configured deployment as its trust service sees it", async () => {
    const expiries = [{ what: "tuf_root", expires: "2027-11-23T10:20:30Z", secondsLeft: 31_536_000 }];
    const well = await healthAfter(() => Response.json({ problems: [], expiries }));
    expect([well.status, well.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await well.json()).toEqual({ status: "SERVING", problems: [], expiries });
    const ill = await healthAfter(() => Response.json({ problems: ["tuf_root expires on 2026-11-24"], expiries }));
    expect(ill.status).toBe(503);
    expect(await ill.json()).toEqual({ status: "DEGRADED", problems: ["tuf_root expires on 2026-11-24"], expiries });
  });

  it("answer 503 when the trust service fails, and say why", async () => {
    const answers = [
      () => Response.json({ code: 503, message: "storage lost" }, { status: 503 }),
      () => new Response("not JSON"),
      () => {
        throw new Error("no such service");
      },
    ];
    const said: string[] = [];
    for (const trust of answers) {
      const response = await healthAfter(trust);
      expect(response.status).toBe(503);
      said.push(await response.text());
    }
    expect(said[0]).toContain(
      "The trust service does not report its health: the trust service answers 503: storage lost",
    );
    expect(said[2]).toContain("The trust service does not report its health: no such service");
  });

  it("do not expose the health route of the trust service", async () => {
    expect((await get("/trust/health")).status).toBe(404);
  });

  it("report with the health what an operator must do about logs", async () => {
    const ill: Front = {
      ...front,
      dispatch: () => Response.json({ problems: [], expiries: [] }),
      logProblems: ({ logs: all }) => Promise.resolve([`${all.length} logs`]),
    };
    const response = await answer(new Request(`${URL_TEXT}/healthz`), ill);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: "DEGRADED", problems: ["4 logs"], expiries: [] });
  });

  it("answer HEAD with the headers of GET, and other methods with 405", async () => {
    const head = await get("/healthz", { method: "HEAD" });
    expect(head.headers.get("content-type")).toBe("application/json");
    expect(await head.text()).toBe("");
    const post = await get("/metrics", { method: "POST" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("leave an unknown path to the pages, for a browser", async () => {
    const response = await get("/nothing", { headers: { accept: "text/html" } });
    expect(await response.text()).toBe("web");
    expect((await get("/nothing")).headers.get("content-type")).toBe("application/json");
  });
});
