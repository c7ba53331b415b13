// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CLIENTS, operationsOf, TRANSPORTS } from "./clients.ts";
import { currentTable, readResults, TABLES, writeTables } from "./results.ts";

const results = readResults();
if (process.env["SIGEDGE_WRITE_TABLES"] === "1") writeTables(results);

describe("the tables of the clients", () => {
  it.each(TABLES)("%s (%s) shows the stored results", (file, section, render) => {
    const { path, text } = currentTable(file, section, render(results));
    expect(readFileSync(path, "utf8"), "npm run interop-table writes it").toBe(text);
  });

  it.each(TRANSPORTS)("have a stored exit code for exactly the operations that run over %s", (transport) => {
    const clients = CLIENTS.filter(({ transports }) => transports.includes(transport));
    const names = clients.map((client) => [client.name, operationsOf(client, transport).map(({ name }) => name)]);
    const stored = Object.entries(results.operations[transport]).map(([name, codes]) => [name, Object.keys(codes)]);
    expect(stored).toEqual(names);
  });
});
