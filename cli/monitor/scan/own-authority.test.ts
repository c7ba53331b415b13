// SPDX-License-Identifier: Apache-2.0
// Which authority issued a certificate: of a trusted root in its time, or of files in PEM.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { unixMs } from "../../../shared/time.ts";
import { parseChain } from "../../../shared/x509/chain.ts";
import { makeCaMaterial } from "../../../test/support/authority/ca.ts";
import { valueOf } from "../../../test/support/value-of.ts";
import type { Authority } from "../../served-log/trusted-root.ts";
import { readAuthorityFiles } from "../config/authority-files.ts";
import { ownAuthorities } from "./own-authority.ts";

const NOW = 1_790_000_000_000;
const DAY = 86_400_000;
const pem = makeCaMaterial(unixMs(NOW)).CA_CHAIN;
const [issuing, root] = valueOf(parseChain(pem));
const [foreign] = valueOf(parseChain(makeCaMaterial(unixMs(NOW)).CA_CHAIN));
if (issuing === undefined || root === undefined || foreign === undefined)
  throw new Error("a chain has two certificates");

/** The issuing certificate stands for a leaf below the root. */
const judgeAt = (at: number, authority: Partial<Authority> = {}, der = issuing.der): string =>
  ownAuthorities([{ chain: [root], start: null, end: null, ...authority }]).judge(der, unixMs(at));

describe("an authority of a trusted root", () => {
  test.each([
    ["now", NOW, {}, "own"],
    ["before its certificates began", NOW - 400 * DAY, {}, "other"],
    ["after its certificates ended", NOW + 100_000 * DAY, {}, "other"],
    ["before the trust began", NOW, { start: unixMs(NOW + 1) }, "other"],
    ["when the trust began", NOW, { start: unixMs(NOW) }, "own"],
    ["when the trust ended", NOW, { end: unixMs(NOW) }, "own"],
    ["after the trust ended", NOW, { end: unixMs(NOW - 1) }, "other"],
  ])("has issued a certificate %s", (_, at, authority, verdict) => {
    expect(judgeAt(at, authority)).toBe(verdict);
  });

  test("has not issued that of another one, nor what is no certificate", () => {
    expect(judgeAt(NOW, {}, foreign.der)).toBe("other");
    expect(judgeAt(NOW, {}, Uint8Array.of(1, 2, 3))).toBe("other");
  });

  test("has issued nothing if its chain is not linked; without any authority nobody can tell", () => {
    expect(judgeAt(NOW, { chain: [root, foreign] })).toBe("other");
    expect(ownAuthorities([]).judge(issuing.der, unixMs(NOW))).toBe("unknown");
    expect(ownAuthorities([]).mayHaveIssued(issuing.der)).toBe(true);
    expect(ownAuthorities([{ chain: [root], start: null, end: unixMs(0) }]).mayHaveIssued(issuing.der)).toBe(true);
    expect(ownAuthorities([{ chain: [foreign], start: null, end: null }]).mayHaveIssued(issuing.der)).toBe(false);
  });
});

describe("files of authorities", () => {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-authorities-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const [issuingPem = "", rootPem = ""] = pem.match(/-----BEGIN[\s\S]+?END CERTIFICATE-----\n/g) ?? [];
  const roots = write("roots.pem", rootPem);

  test("make a chain for each issuer that leads to a root", () => {
    const hexOf = ({ der }: { readonly der: Uint8Array }): string => Buffer.from(der).toString("hex");
    const chainsOf = (rootsFile: string, others: string): readonly (readonly string[])[] =>
      valueOf(readAuthorityFiles(rootsFile, others)).map(({ chain }) => chain.map(hexOf));
    const both = chainsOf(roots, write("intermediates.pem", `# ours\n${issuingPem}`));
    expect(both).toEqual([[hexOf(root)], [hexOf(issuing), hexOf(root)]]);
    // A certificate in the file of roots is one, whatever issued it; what leads to no root issues nothing.
    const other = makeCaMaterial(unixMs(NOW)).CA_CHAIN;
    expect(chainsOf(write("only.pem", issuingPem), write("others.pem", other))).toEqual([[hexOf(issuing)]]);
  });

  test.each([
    ["that is missing", () => join(folder, "none.pem"), "cannot be read (ENOENT)"],
    ["without a certificate", () => write("empty.pem", "nothing"), "has no certificate in PEM"],
    [
      "with a damaged one",
      () => write("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
      "its certificate 1 cannot be parsed",
    ],
    ["that is too large", () => write("large.pem", " ".repeat(2 ** 20 + 1)), "has more than 1048576 bytes"],
  ])("name a file %s", (_, file, reason) => {
    const path = file();
    const asRoots = readAuthorityFiles(path, null);
    expect(asRoots).toMatchObject({
      ok: false,
      error: { member: "caRootsFile", reason: expect.stringContaining(reason) },
    });
    const asOthers = readAuthorityFiles(roots, path);
    expect(asOthers).toMatchObject({ ok: false, error: { member: "caIntermediatesFile" } });
  });
});
