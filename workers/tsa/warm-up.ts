// SPDX-License-Identifier: Apache-2.0
// Makes one timestamp while the isolate starts. The first run of code costs several times its later price, as it is compiled
// then, and a request that comes first has 10 ms of CPU on the Free plan; start-up has a hundred times that.

import { createPrivateKey, createPublicKey } from "node:crypto";
import { encodePem } from "../../shared/bytes/pem.ts";
import { octetString, oid, sequence, smallInteger } from "../../shared/der/writer.ts";
import { unixMs } from "../../shared/time.ts";
import { parseJsonTimestampRequest } from "../../shared/tsa/json-request.ts";
import { parseTimestampRequest } from "../../shared/tsa/request.ts";
import { grantTimestamp } from "../../shared/tsa/response.ts";
import { encodeCertificate, encodeTbs } from "../../shared/x509/certificate.ts";
import { extendedKeyUsage, KEY_USAGE, keyUsage, OID } from "../../shared/x509/extensions.ts";
import { encodeName } from "../../shared/x509/name.ts";
import { readConfig, type TsaEnv } from "./env.ts";

const EPOCH = unixMs(0);

/** A token under a key that is no secret, asked for in both forms; gives its length, 0 if start-up does not allow it. */
export async function warmUp(): Promise<number> {
  try {
    const config = readConfig(throwAwayEnv());
    const request = parseTimestampRequest(query());
    parseJsonTimestampRequest(new TextEncoder().encode('{"artifactHash":"AA==","hashAlgorithm":"sha256","nonce":1}'));
    if (!config.ok || !request.ok) return 0;
    const instant = { genTime: EPOCH, serialNumber: Uint8Array.of(1) };
    return (await grantTimestamp(request.value, config.value.authority, instant)).length;
  } catch {
    // Nothing depends on it but the speed of the first request.
    return 0;
  }
}

/** TimeStampReq with nonce and certReq over a digest of zeros. */
function query(): Uint8Array {
  const imprint = sequence(sequence(oid("2.16.840.1.101.3.4.2.1")), octetString(new Uint8Array(32)));
  return sequence(smallInteger(1), imprint, smallInteger(1), Uint8Array.of(0x01, 0x01, 0xff));
}

/** The P-256 key whose secret is 1, and a certificate over it that nobody signed. */
function throwAwayEnv(): TsaEnv {
  const one = new Uint8Array(32).fill(1, 31);
  const algorithm = sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"));
  const ecPrivateKey = sequence(smallInteger(1), octetString(one));
  const key = encodePem("PRIVATE KEY", sequence(smallInteger(0), algorithm, octetString(ecPrivateKey)));
  const name = encodeName({ organization: "warm-up", commonName: "warm-up" });
  const tbs = encodeTbs({
    serial: one,
    signatureAlgorithm: algorithm,
    issuer: name,
    notBefore: EPOCH,
    notAfter: EPOCH,
    subject: name,
    spki: createPublicKey(createPrivateKey(key)).export({ type: "spki", format: "der" }),
    extensions: [keyUsage(KEY_USAGE.digitalSignature), extendedKeyUsage(OID.timeStamping, true)],
  });
  const chain = encodePem("CERTIFICATE", encodeCertificate(tbs, algorithm, one));
  return { PUBLIC_URL: "https://warm-up.invalid", TSA_CHAIN: chain, TSA_KEY: key };
}
