// SPDX-License-Identifier: Apache-2.0
// Makes one timestamp while the isolate starts (shared/warm-up/fixture.ts says why).

import { encodePem } from "../../shared/bytes/pem.ts";
import { octetString, oid, sequence, smallInteger, TRUE } from "../../shared/der/writer.ts";
import { unixMs } from "../../shared/time.ts";
import { parseJsonTimestampRequest } from "../../shared/tsa/json-request.ts";
import { parseTimestampRequest } from "../../shared/tsa/request.ts";
import { grantTimestamp } from "../../shared/tsa/response.ts";
import {
  NO_LIMIT,
  runWarmUp,
  serveWarmUp,
  WARM_UP_URL,
  warmUpCertificate,
  warmUpKey,
  warmUpRequest,
} from "../../shared/warm-up/fixture.ts";
import { extendedKeyUsage, KEY_USAGE, keyUsage, OID } from "../../shared/x509/extensions.ts";
import { type Config, readConfig, type TsaEnv } from "./env.ts";

/**
 * Serves a request, parses it in both formats and signs one token. Returns the token's length, or 0 where start-up
 * forbids it.
 */
export const warmUp = (serve: Serve): Promise<number> => runWarmUp(() => makeTimestamp(serve));

type Serve = (request: Request, config: Config) => Promise<Response>;

async function makeTimestamp(serve: Serve): Promise<number> {
  const config = readConfig(warmUpEnv());
  const request = parseTimestampRequest(encodeQuery());
  parseJsonTimestampRequest(new TextEncoder().encode('{"artifactHash":"AA==","hashAlgorithm":"sha256","nonce":1}'));
  if (!config.ok || !request.ok) return 0;
  const post = warmUpRequest("/api/v1/timestamp", "application/timestamp-query", encodeQuery());
  await serveWarmUp(() => serve(post, config.value));
  const instant = { genTime: unixMs(0), serialNumber: Uint8Array.of(1) };
  return (await grantTimestamp(request.value, config.value.authority, instant)).length;
}

/** TimeStampReq with nonce and certReq over a digest of zeros. */
function encodeQuery(): Uint8Array {
  const imprint = sequence(sequence(oid("2.16.840.1.101.3.4.2.1")), octetString(new Uint8Array(32)));
  return sequence(smallInteger(1), imprint, smallInteger(1), TRUE);
}

function warmUpEnv(): TsaEnv {
  const extensions = [keyUsage(KEY_USAGE.digitalSignature), extendedKeyUsage(OID.timeStamping, true)];
  return {
    PUBLIC_URL: WARM_UP_URL,
    TSA_CHAIN: encodePem("CERTIFICATE", warmUpCertificate(extensions)),
    TSA_KEY: warmUpKey().pem,
    WRITES: NO_LIMIT,
  };
}
