// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { PREDICATE_TYPES } from "./offer.ts";
import { readPredicate } from "./predicate.ts";

const SLSA = "https://slsa.dev/provenance/v1";
const SPDX = "https://spdx.dev/Document";
const CUSTOM = "https://example.com/test/v1";
const read = (type: string, json: string): ReturnType<typeof readPredicate> => readPredicate(type, encodeUtf8(json));

describe("a predicate", () => {
  it.each([
    [SLSA, '{"buildDefinition":{},"runDetails":{}}'],
    [SPDX, '{"spdxVersion":"SPDX-2.3"}'],
    [SPDX, '{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}'],
    ["https://cyclonedx.org/bom", '{"bomFormat":"CycloneDX"}'],
    ["https://slsa.dev/verification_summary/v1", '{"verifier":{},"verificationResult":"PASSED"}'],
    [CUSTOM, "{}"],
    ["urn:example:test", " { } \n"],
    [CUSTOM, JSON.stringify({ packages: Array.from({ length: 20_000 }, (_, i) => ({ i })) })],
  ])("of the type %s is read: %.40s", (type, json) => {
    expect(read(type, json)).toEqual({ ok: true, value: { type, value: JSON.parse(json) as object } });
  });

  it.each([
    ["", "{}", "not a URI"],
    ["slsa", "{}", "not a URI"],
    [`https://example.com/${"a".repeat(500)}`, "{}", "not a URI"],
    [CUSTOM, "", "not usable JSON (json_invalid)"],
    [CUSTOM, "{", "not usable JSON (json_invalid)"],
    [CUSTOM, '{"a":1,"a":2}', "not usable JSON (json_duplicate_member)"],
    [CUSTOM, "[".repeat(40) + "]".repeat(40), "not usable JSON (json_too_deep)"],
    [CUSTOM, `{"a":[${"1,".repeat(140_000)}1]}`, "not usable JSON (json_too_many_values)"],
    [CUSTOM, "[]", "must be a JSON object"],
    [CUSTOM, "null", "must be a JSON object"],
    [CUSTOM, '"text"', "must be a JSON object"],
    [SLSA, "{}", "not of the type SLSA provenance: it lacks buildDefinition and runDetails"],
    [SLSA, '{"buildDefinition":{}}', "not of the type SLSA provenance"],
    [SPDX, '{"bomFormat":"CycloneDX"}', "it lacks spdxVersion, or @context and @graph"],
    [CUSTOM, `{"a":"${"a".repeat(16 * 1024 * 1024)}"}`, "larger than 16 MiB"],
  ])("of the type %.40s is rejected: %.40s", (type, json, error) => {
    expect(read(type, json)).toEqual({ ok: false, error: expect.stringContaining(error) });
  });

  it("is of a type that has a name once", () => {
    expect(new Set(PREDICATE_TYPES.map(({ uri }) => uri)).size).toBe(PREDICATE_TYPES.length);
  });
});
