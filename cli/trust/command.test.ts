// SPDX-License-Identifier: Apache-2.0

import { createServer } from "node:net";
import { expect, it, vi } from "vitest";
import { valueOf } from "../../test/support/value-of.ts";
import { findFreePort, LISTEN_ADDRESS } from "../address.ts";
import { TRUST } from "./command.ts";
import { readTrustFromUrl } from "./files.ts";

it("--serve refuses a taken port with one line, before it reads anything", async () => {
  const port = valueOf(await findFreePort(0));
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(port, LISTEN_ADDRESS, resolve));
  const written = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const code = await TRUST.execute(["https://nowhere.invalid", "--serve", String(port)]);
  const lines = written.mock.calls.map(([text]) => String(text));
  written.mockRestore();
  await new Promise((resolve) => server.close(resolve));
  expect([code, lines]).toEqual([
    1,
    [`sigedge trust: cannot serve at port ${port} (it is in use); choose another with --serve PORT\n`],
  ]);
});

const ADDRESS = "https://sign.example.com";

/** What a server answers whose signing config has these addresses. */
function serve(ca: string, tsa: string, provider: string): void {
  const root = { tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] };
  const config = { caUrls: [{ url: ca }], tsaUrls: [{ url: tsa }], oidcUrls: [{ url: provider }] };
  vi.stubGlobal("fetch", (url: string) =>
    Promise.resolve(Response.json(url.endsWith("trusted_root.json") ? root : config)),
  );
}

it.each([
  [`${ADDRESS}; touch PWNED #`, `${ADDRESS}/api/v1/timestamp`, "https://p.example"],
  ["https://elsewhere.example", "https://elsewhere.example/api/v1/timestamp", "https://p.example"],
  [ADDRESS, `${ADDRESS}/api/v1/timestamp\n touch PWNED`, "https://p.example"],
  [ADDRESS, "https://elsewhere.example/api/v1/timestamp", "https://p.example"],
  [ADDRESS, `${ADDRESS}/api/v1/timestamp`, "https://p.example/$(touch PWNED)"],
  [ADDRESS, `${ADDRESS}/api/v1/timestamp`, "https://p.example/'; touch PWNED"],
])("prints no command that a server has written: %j", async (...addresses) => {
  serve(...addresses);
  const trust = await readTrustFromUrl(ADDRESS);
  vi.unstubAllGlobals();
  expect(trust).toMatchObject({ ok: false });
});

it("prints commands with the address that it asked", async () => {
  serve(ADDRESS, `${ADDRESS}/api/v1/timestamp`, "https://login.example.com:8443/realms/staff_1");
  const trust = await readTrustFromUrl(ADDRESS);
  vi.unstubAllGlobals();
  expect(trust).toMatchObject({ ok: true, value: { url: ADDRESS } });
});
