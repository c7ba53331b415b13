// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import JOINS from "../../test/vectors/go-net-url/joins.json" with { type: "json" };
import NAMES from "../../test/vectors/go-net-url/names.json" with { type: "json" };
import VECTORS from "../../test/vectors/go-net-url/uris.json" with { type: "json" };
import { joinUri, normalizeUri } from "./uri.ts";

// oxlint-disable-next-line no-control-regex -- matches exactly the control characters
const CONTROL = /[\u0000-\u001f\u007f]/;
const ASCII = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i));
const PIECES = [...ASCII, "%41", "%2f", "é", "日", "𝒳", "\u0085", "\n", "\ud800"];

/** We reject what Go accepts if the result does not fit an IA5String or a fragment has a control character. */
function isOurs([input, output]: readonly (string | null)[]): boolean {
  return output === null || output === undefined || (/^[ -~]*$/.test(output) && !CONTROL.test(input ?? ""));
}

/** Forms that Go takes and our certificates do not: docs/identities.md explains each. */
const STRICTER = [
  /^(?![A-Za-z][A-Za-z0-9+.-]*:)/, // relative
  /^[a-z]+:$/, // nothing after the scheme
  /^[^:]+:\/\/[^/]*@/, // a user
  /^[^:]+:\/\/\[/, // an IPv6 address
  /^[^:]+:\/\/(?:[/?#]|$)/, // no host
  /^https?:(?!\/\/)/, // http without a host
  /^[^:]+:\/\/[^/]*[~!$&'()*+,;=<"]/, // no host name
];

describe("normalizeUri", () => {
  it.each(NAMES)("agrees with Go's certificate about %j", (input = null, expected = null) => {
    if (input === null) throw new TypeError("a row without an input");
    const result = normalizeUri(input);
    const isStricter = expected !== null && STRICTER.some((kind) => kind.test(input));
    expect(result.ok ? result.value : null).toEqual(isStricter ? null : expected);
  });

  it("writes only what Go reads back", () => {
    const written = NAMES.flatMap(([input]) => {
      const result = normalizeUri(input ?? "");
      return result.ok ? [result.value] : [];
    });
    expect(written.length).toBeGreaterThan(60);
    for (const name of written) expect(normalizeUri(name)).toEqual({ ok: true, value: name });
  });

  it("agrees with Go", () => {
    const pairs = VECTORS as (readonly (string | null)[])[];
    for (const [input = "", expected = null] of pairs.filter(isOurs)) {
      const result = normalizeUri(input ?? "");
      expect([input, result.ok ? result.value : null]).toEqual([input, expected]);
    }
  });

  it.each([
    "",
    "github.com/a",
    "https://",
    "https:///a",
    "https://user@github.com/a",
    "https://user:pass@github.com/a",
    "https://[::1]/a",
    "https://git hub.com/a",
    "https://github.com:x/a",
    "p:",
    "p:///a",
    "p://org/%#41",
    "https:a",
    "https:/a",
    "repo:ä",
    "repo:a?ä",
    "org/project",
    "https://github.com/\u0000",
    "https://github.com/a\nb",
    "https://github.com/\ud800",
    "https://github.com/%",
    "https://github.com/a?ä",
    "https://../a",
    "https://.github.com/a",
    "https://github..com/a",
    "https://github.com./a",
  ])("rejects %j", (text) => {
    expect(normalizeUri(text)).toEqual({ ok: false, error: { code: "uri_invalid" } });
  });

  it("returns ASCII, and is idempotent", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...PIECES)).map((pieces) => pieces.join("")),
        (path) => {
          const once = normalizeUri(`https://github.com/${path}`);
          if (!once.ok) return;
          expect(once.value).toMatch(/^[ -~]*$/);
          expect(normalizeUri(once.value)).toEqual(once);
        },
      ),
    );
  });
});

describe("joinUri", () => {
  it("agrees with Go, and rejects paths that Go would clean", () => {
    for (const [path = "", expected = null] of JOINS as (readonly (string | null)[])[]) {
      const isCleaned = path?.split("/").some((segment) => ["", ".", ".."].includes(segment)) === true;
      const result = joinUri(`https://github.com/${path ?? ""}`);
      expect([path, result.ok ? result.value : null]).toEqual([path, isCleaned ? null : expected]);
    }
  });

  it.each([
    "github.com/a",
    "https://github.com",
    "https://github.com/",
    "https://a@github.com/b",
    "https://a.b/c\nd",
    "https://a./b",
  ])("rejects %j", (text) => {
    expect(joinUri(text)).toEqual({ ok: false, error: { code: "uri_invalid" } });
  });
});
