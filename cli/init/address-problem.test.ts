// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { parseAddress } from "./address-problem.ts";

function problemOf(url: string, env: NodeJS.ProcessEnv = {}): string | null {
  const parsed = parseAddress(url, "sigedge-x", env);
  return parsed.ok ? null : parsed.error;
}

it.each([
  "https://sign.example.com",
  "https://a.b.c.example",
  "https://sigedge-x.team.workers.dev",
  "https://xworkers.dev",
])("accepts %s", (url) => expect(problemOf(url)).toBeNull());

it.each([
  ["https://sign.example.com:8443", "has a port"],
  ["https://10.0.0.5", "is an IP address"],
  ["https://[2001:db8::1]", "is an IP address"],
  ["https://localhost", "is a loopback address"],
  ["http://localhost:80", "is a loopback address"],
  ["http://localhost/", "is a loopback address"],
  ["https://10.0.0.5/path", "is an IP address"],
  ["https://sign.example.com/", "without a trailing slash: https://sign.example.com"],
  ["https://sign.example.com:443", "must not name port 443, which is the default: https://sign.example.com"],
  ["http://sign.example.com", "must start with https://"],
  ["sign.example.com", "is not a URL"],
  ["http://localhost:8787", "is a loopback address"],
  ["https://127.0.0.2", "is a loopback address"],
  ["https://intranet", "has no domain"],
  ["https://sign.example.com.", "ends in a dot"],
  ["https://x.y.workers.dev", "is the address of a Worker called x, and this one is called sigedge-x; give --name x"],
  ["https://x.workers.dev", "must be https://NAME.SUBDOMAIN.workers.dev"],
  ["https://workers.dev", "must be https://NAME.SUBDOMAIN.workers.dev"],
  ["https://a.b.c.workers.dev", "must be https://NAME.SUBDOMAIN.workers.dev"],
])("refuses %s", (url, problem) => expect(problemOf(url)).toContain(problem));

it("accepts loopback where Cloudflare itself is a stand-in on this machine", () => {
  expect(problemOf("http://localhost:8787", { CLOUDFLARE_API_BASE_URL: "http://127.0.0.1:9/client/v4" })).toBeNull();
  expect(problemOf("http://localhost:8787", { CLOUDFLARE_API_BASE_URL: "https://api.cloudflare.com" })).not.toBeNull();
});
