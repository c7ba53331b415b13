// SPDX-License-Identifier: Apache-2.0
// Chains of certificates that pyca/cryptography made (test/vectors/python-cryptography).

import { describe, expect, test } from "vitest";
import { CA, leafNamed, ROOT } from "../../test/support/authority/signing-chain.ts";
import { encodePem } from "../bytes/pem.ts";
import type { Certificate } from "./certificate.ts";
import { parseChains } from "./chains.ts";

const pem = (...certificates: readonly Certificate[]): string =>
  certificates.map(({ der }) => encodePem("CERTIFICATE", der)).join("");
const fail = (reason: string): object => ({ ok: false, error: { code: "chain_invalid", reason } });

describe("parseChains accepts", () => {
  test.each([
    ["a root alone", pem(ROOT), [[ROOT]]],
    ["an issuing certificate and its root", pem(CA, ROOT), [[CA, ROOT]]],
    ["two chains, of which a root ends the first", pem(CA, ROOT, ROOT), [[CA, ROOT], [ROOT]]],
    ["two chains with white space between them", `${pem(ROOT)}\n\n${pem(CA, ROOT)}`, [[ROOT], [CA, ROOT]]],
    ["48 certificates", pem(ROOT).repeat(48), Array.from({ length: 48 }, () => [ROOT])],
  ])("%s", (_what, text, chains) => {
    expect(parseChains(text)).toEqual({ ok: true, value: chains });
  });
});

describe("parseChains rejects", () => {
  test.each([
    ["an empty text", "", "is not PEM text of certificates"],
    ["a text that is not PEM", "x", "is not PEM text of certificates"],
    [
      "a broken block between two others",
      `${pem(CA)}-----BEGIN A-----\n${pem(ROOT)}`,
      "is not PEM text of certificates",
    ],
    ["49 certificates", pem(ROOT).repeat(49), "is not PEM text of certificates"],
    ["a chain without its root", pem(CA), "has a chain that does not end in its root"],
    ["a second chain without its root", pem(CA, ROOT, CA), "has a chain that does not end in its root"],
    ["a leaf and its issuer", pem(leafNamed("email"), CA), "has a chain that does not end in its root"],
    [
      "a certificate that was not issued by the next",
      pem(leafNamed("email"), ROOT),
      "is out of order: certificate 1 was not issued by certificate 2",
    ],
    ["a public key", encodePem("PUBLIC KEY", ROOT.spki), "has something other than a certificate in position 1"],
    [
      "a block that is not a certificate",
      encodePem("CERTIFICATE", ROOT.spki),
      "has something other than a certificate in position 1",
    ],
  ])("%s", (_what, text, reason) => {
    expect(parseChains(text)).toEqual(fail(reason));
  });
});
