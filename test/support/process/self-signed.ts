// SPDX-License-Identifier: Apache-2.0
// A key and a certificate that nobody trusts, for a TLS server on this machine.

import { execFileSync } from "node:child_process";

const OPENSSL =
  "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test -days 1 -keyout - -out -";

/** Makes both, as node:https takes them. */
export function makeSelfSigned(): { readonly key: string; readonly cert: string } {
  const pem = execFileSync("openssl", OPENSSL.split(" "), { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const start = pem.indexOf("-----BEGIN CERTIFICATE");
  return { key: pem.slice(0, start), cert: pem.slice(start) };
}
