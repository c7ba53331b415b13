// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import LEAVES from "../../test/vectors/go-x509/leaves.json" with { type: "json" };
import { decodeDer } from "./reader.ts";
import { MAX_DER_DEPTH, MAX_DER_VALUES, scanDer } from "./scan.ts";
import { octetString, sequence } from "./writer.ts";

const NULL = Uint8Array.of(0x05, 0x00);
const NESTED_TOO_DEEP = `nested deeper than ${MAX_DER_DEPTH}`;
const TOO_MANY = `more than ${MAX_DER_VALUES} values`;
const repeat = (value: Uint8Array, count: number): Uint8Array[] => Array.from({ length: count }, () => value);

/** `depth` sequences around a NULL. */
function nested(depth: number): Uint8Array {
  let der: Uint8Array = NULL;
  for (let i = 0; i < depth; i++) der = sequence(der);
  return der;
}

/** A value and everything in it. */
interface Tree {
  readonly children: readonly Tree[] | null;
}

const TREE = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "large", withCrossShrink: true },
    fc.constant<Tree>({ children: null }),
    fc.array(tie("tree"), { maxLength: 4 }).map((children): Tree => ({ children })),
  ),
})).tree;

const encode = ({ children }: Tree): Uint8Array =>
  children === null ? octetString(NULL) : sequence(...children.map(encode));
const depthOf = ({ children }: Tree): number => (children === null ? 0 : 1 + Math.max(0, ...children.map(depthOf)));

describe("scanDer", () => {
  it("passes what our own reader reads", () => {
    for (const { issuer, precertificateTbs, certificateTbs, spki } of LEAVES) {
      for (const hex of [issuer, precertificateTbs, certificateTbs, spki]) {
        expect(scanDer(Buffer.from(hex, "hex"))).toBeNull();
      }
    }
    expect(scanDer(new Uint8Array(0))).toBeNull();
  });

  it.each<[string, Uint8Array, string | null]>([
    ["the deepest value", nested(MAX_DER_DEPTH), null],
    ["a deeper one", nested(MAX_DER_DEPTH + 1), NESTED_TOO_DEEP],
    ["one of 100,000 levels", Uint8Array.from({ length: 200_000 }, (_, i) => (i % 2 === 0 ? 0x30 : 0x80)), "length"],
    ["the most values", sequence(...repeat(NULL, MAX_DER_VALUES - 1)), null],
    ["one more", sequence(...repeat(NULL, MAX_DER_VALUES)), TOO_MANY],
    ["a million values in a row", Uint8Array.from({ length: 2_000_000 }, (_, i) => (i % 2 === 0 ? 0x05 : 0)), TOO_MANY],
    ["a million empty sequences", Uint8Array.from({ length: 2_000_000 }, (_, i) => (i % 2 === 0 ? 0x30 : 0)), TOO_MANY],
    ["values in a context-specific one", Uint8Array.of(0xa0, 0x02, 0x05, 0x01), "truncated"],
    ["a primitive one whose contents are no DER", Uint8Array.of(0x04, 0x02, 0x05, 0x01), null],
    ["an indefinite length", Uint8Array.of(0x30, 0x80, 0x05, 0x00, 0x00, 0x00), "length"],
    ["a length of four gigabytes", Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff), "truncated"],
    ["a length of five octets", Uint8Array.of(0x30, 0x85, 0, 0, 0, 0, 1, 0), "length"],
    ["a length of 127 octets", Buffer.concat([Uint8Array.of(0x30, 0xff), ...repeat(NULL, 100)]), "length"],
    ["a length with a leading zero", Uint8Array.of(0x04, 0x81, 0x01, 0x00), "length not minimal"],
    ["a value longer than the one around it", Uint8Array.of(0x30, 0x02, 0x04, 0x02, 0x00, 0x00), "truncated"],
    ["a high tag number", Uint8Array.of(0x1f, 0x01, 0x00), "no element"],
    ["a tag without a length", Uint8Array.of(0x30), "truncated"],
    ["a tag at the end of a sequence", Uint8Array.of(0x30, 0x01, 0x05, 0x00), "truncated"],
  ])("%s", (_, der, problem) => {
    expect(scanDer(der)).toBe(problem);
    expect(decodeDer(der, (reader) => reader.raw()).ok).toBe(problem === null);
  });

  it("bounds exactly the depth", () => {
    fc.assert(
      fc.property(TREE, (tree) => {
        expect(scanDer(encode(tree))).toBe(depthOf(tree) > MAX_DER_DEPTH ? NESTED_TOO_DEEP : null);
      }),
    );
  });

  it("never throws, and passes only what divides into values completely", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        if (scanDer(bytes) !== null) return;
        const whole = decodeDer(bytes, (reader) => {
          while (!reader.done) reader.raw();
        });
        expect(whole.ok).toBe(true);
      }),
    );
  });
});
