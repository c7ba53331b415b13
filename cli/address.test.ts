// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { parsePublicUrl } from "../shared/http/public-url.ts";
import { localUrl, parseListenAddress } from "./address.ts";

it.each([80, 443, 8787, 65_535])("localUrl is a public URL at port %i", (port) => {
  expect(parsePublicUrl(localUrl(port))).toMatchObject({ ok: true, value: { isLoopback: true } });
});

describe("parseListenAddress", () => {
  it("accepts loopback anywhere", () => {
    expect(parseListenAddress("127.0.0.1", {})).toEqual({ ok: true, value: "127.0.0.1" });
  });

  it("accepts every address in a container only: the development issuer serves everyone who reaches it", () => {
    expect(parseListenAddress("0.0.0.0", { SIGEDGE_IN_CONTAINER: "1" })).toEqual({ ok: true, value: "0.0.0.0" });
    for (const environment of [{}, { SIGEDGE_IN_CONTAINER: "" }, { SIGEDGE_IN_CONTAINER: "true" }]) {
      const refused = parseListenAddress("0.0.0.0", environment);
      expect(refused).toEqual({ ok: false, error: expect.stringContaining("accepted in a container only") });
    }
  });

  it.each(["", "::", "0.0.0.0 ", "192.168.1.2", "localhost"])("rejects %j", (text) => {
    const rejected = parseListenAddress(text, { SIGEDGE_IN_CONTAINER: "1" });
    expect(rejected).toEqual({ ok: false, error: expect.stringContaining("give 127.0.0.1 or 0.0.0.0") });
  });
});
