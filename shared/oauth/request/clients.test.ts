// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { parsePublicUrl } from "../../http/public-url.ts";
import { makeClientTable, parseClients, redirectTarget } from "./clients.ts";
import { readClient } from "./token-request.ts";

const url = parsePublicUrl("https://sign.example.com");
const PAGE = { id: "page", name: "A page", redirectURIs: ["https://page.example/in"] };

function tableOf(configured: readonly object[]): ReturnType<typeof makeClientTable> {
  const clients = parseClients(JSON.stringify(configured));
  if (!clients.ok || !url.ok) throw new Error(clients.ok ? "" : clients.error);
  return makeClientTable(url.value, clients.value);
}

describe("clients", () => {
  it("are sigstore, those of the site and the configured ones, each with its own addresses", () => {
    const table = tableOf([PAGE]);
    expect([...table.keys()]).toEqual(["sigstore", "site", "watch", "page"]);
    const goes = (id: string, uri: string): boolean => {
      const client = table.get(id);
      return client !== undefined && redirectTarget(client, uri) !== null;
    };
    expect(goes("sigstore", "http://localhost:1/x")).toBe(true);
    expect(goes("site", "http://localhost:1/x")).toBe(false);
    expect(goes("site", "https://sign.example.com/sign")).toBe(true);
    expect(goes("sigstore", "https://sign.example.com/sign")).toBe(false);
    expect(goes("page", "https://page.example/in")).toBe(true);
    expect(goes("page", "https://page.example/in?x")).toBe(false);
    expect(goes("site", "https://sign.example.com/watch/signed-in")).toBe(false);
    expect(goes("watch", "https://sign.example.com/watch/signed-in")).toBe(true);
    // No token of it can sign.
    expect(table.get("watch")?.audience).toBe("https://sign.example.com/watch");
    expect(table.get("page")?.audience).toBe("page");
  });

  it.each([
    ["x", "must be a JSON list of clients"],
    ["[{}]", "[0].redirectURIs is missing"],
    [[{ ...PAGE, id: "sigstore" }], "twice, or it is built in"],
    [[PAGE, PAGE], "twice, or it is built in"],
    [[{ ...PAGE, redirectURIs: [] }], "[0].redirectURIs must have 1 to 16 addresses"],
    [[{ ...PAGE, redirectURIs: ["http://page.example"] }], "must start with https://"],
    [[{ ...PAGE, redirectURIs: ["https://page.example/#x"] }], "must not have a fragment"],
    [[{ ...PAGE, id: "a\nb" }], "must be 1 to 64 printable ASCII characters"],
  ])("are refused: %j", (value, problem) => {
    const clients = parseClients(typeof value === "string" ? value : JSON.stringify(value));
    expect(clients.ok ? "" : clients.error).toContain(problem);
  });
});

describe("a client names itself", () => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
  const nameOf = (form: object, authorization: string | null): string | undefined => {
    const client = readClient(new URLSearchParams({ ...form }), authorization, tableOf([]));
    return client.ok ? (client.value?.id ?? "none") : client.error.error;
  };

  it.each([
    [{}, basic("sigstore:"), "sigstore"],
    [{ client_id: "sigstore" }, null, "sigstore"],
    [{ client_id: "sigstore", client_secret: "" }, null, "sigstore"],
    [{ client_id: "sigstore" }, basic("sigstore:"), "sigstore"],
    [{}, basic("sig%73tore:"), "sigstore"],
    [{}, null, "none"],
    [{}, basic("sigstore:secret"), "invalid_client"],
    [{ client_secret: "secret" }, basic("sigstore:"), "invalid_client"],
    [{ client_id: "site" }, basic("sigstore:"), "invalid_client"],
    [{}, basic("sigstore"), "invalid_client"],
    [{}, basic(":"), "invalid_client"],
    [{}, basic("%:"), "invalid_client"],
    [{}, "Basic ????", "invalid_client"],
    [{}, "Bearer x", "invalid_client"],
    [{ client_id: "constructor" }, null, "invalid_client"],
  ] as const)("%j, %s: %s", (form, authorization, name) => {
    expect(nameOf(form, authorization)).toBe(name);
  });
});
