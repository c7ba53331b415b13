// SPDX-License-Identifier: Apache-2.0
// Texts from the rules of RFC 7468 §2 and §3. The payload is the bytes 0, 1, 2.

import { describe, expect, test } from "vitest";
import { decodePem, encodePem } from "./pem.ts";

const block = (label: string, body = "AAEC\n", end = label): string =>
  `-----BEGIN ${label}-----\n${body}-----END ${end}-----\n`;
const A = { label: "A", der: Uint8Array.of(0, 1, 2) };

describe("decodePem accepts", () => {
  test.each<[string, string, readonly object[]]>([
    ["one block", block("A"), [A]],
    ["CRLF", block("A").replaceAll("\n", "\r\n"), [A]],
    ["no newline at the end", block("A").trimEnd(), [A]],
    ["white space around blocks", ` \n\t${block("A")}\n\n ${block("A")} `, [A, A]],
    ["white space after the boundaries (RFC 7468 §3)", "-----BEGIN A----- \t\nAAEC\n-----END A----- \n", [A]],
    ["a label with spaces and digits", block("X509 CRL 2"), [{ ...A, label: "X509 CRL 2" }]],
    ["lines of any length", block("A", "A\nA\nEC\n"), [A]],
    ["text before a block", `x\n${block("A")}`, [A]],
    ["text between blocks", `${block("A")}# bob's\n${block("A")}`, [A, A]],
    ["text after a block", `${block("A")}x`, [A]],
    ["what openssl prints", `Certificate:\n    Data:\n        Version: 3 (0x2)\n${block("A")}`, [A]],
    ["a block in comments beside one", `${block("B").replace(/^/gm, "# ")}\n${block("A")}`, [A]],
    ["no payload", block("A", ""), [{ label: "A", der: new Uint8Array(0) }]],
  ])("%s", (_what, text, value) => {
    expect(decodePem(text)).toEqual({ ok: true, value });
  });
});

describe("decodePem rejects", () => {
  test.each<[string, string]>([
    ["an empty text", ""],
    ["white space alone", " \n"],
    ["text alone", "Certificate:\n    Data:\n"],
    ["blocks in comments only", block("A").replace(/^/gm, "# ")],
    ["a boundary in the middle of a line", `key: ${block("A")}`],
    ["an end without a beginning", `-----END A-----\n${block("A")}`],
    ["a broken block before a good one", `-----BEGIN A-----\nAA\n${block("A")}`],
    ["text on the line of the end boundary", `${block("A").trimEnd()}x`],
    ["another label at the end", block("A", "AAEC\n", "B")],
    ["no end", "-----BEGIN A-----\nAAEC\n"],
    ["no newline after the begin boundary", "-----BEGIN A-----AAEC\n-----END A-----\n"],
    ["a label in lower case", block("a")],
    ["an empty label", block("")],
    ["a label of 41 characters", block("A".repeat(41))],
    ["headers (RFC 1421)", block("A", "Proc-Type: 4,ENCRYPTED\n\nAAEC\n")],
    ["a space within a line", block("A", "AA EC\n")],
    ["URL-safe base64", block("A", "-_8=\n")],
    ["base64 without its padding", block("A", "AAE\n")],
    ["base64 with unused bits", block("A", "AAF=\n")],
    ["padding in the middle", block("A", "AA==AAEC\n")],
  ])("%s with pem_invalid", (_what, text) => {
    expect(decodePem(text)).toEqual({ ok: false, error: { code: "pem_invalid" } });
  });

  test("more blocks than allowed with pem_too_many_blocks", () => {
    const error = { code: "pem_too_many_blocks" };
    expect(decodePem(block("A").repeat(16)).ok).toBe(true);
    expect(decodePem(block("A").repeat(17))).toEqual({ ok: false, error });
    expect(decodePem(block("A").repeat(2), 1)).toEqual({ ok: false, error });
  });
});

test("encodePem breaks lines after 64 characters", () => {
  const der = new Uint8Array(49);
  expect(encodePem("A", der)).toBe(`-----BEGIN A-----\n${"A".repeat(64)}\nAA==\n-----END A-----\n`);
  expect(decodePem(encodePem("A", der))).toEqual({ ok: true, value: [{ label: "A", der }] });
});
