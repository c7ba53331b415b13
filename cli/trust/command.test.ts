// SPDX-License-Identifier: Apache-2.0

import { createServer } from "node:net";
import { expect, it, vi } from "vitest";
import { valueOf } from "../../test/support/value-of.ts";
import { freePort, LISTEN_ADDRESS } from "../address.ts";
import { TRUST } from "./command.ts";

it("--serve refuses a taken port with one line, before it reads anything", async () => {
  const port = valueOf(await freePort(0));
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
