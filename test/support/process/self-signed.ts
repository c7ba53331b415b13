// SPDX-License-Identifier: Apache-2.0
// A key and a certificate for a TLS server on this machine, which only those trust who are told to.

import { execFileSync } from "node:child_process";
import { isIP } from "node:net";

const OPENSSL =
  "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test -days 1 -keyout - -out -";

/** A key and a certificate, as node:https takes them. */
export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
}

/** Makes both. @param names the hosts or addresses that the certificate is for; none where nobody looks */
export function makeSelfSigned(names: readonly string[] = []): SelfSigned {
  const hosts =
    names.length === 0
      ? []
      : ["-addext", `subjectAltName=${names.map((name) => `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`).join()}`];
  const args = [...OPENSSL.split(" "), ...hosts];
  const pem = execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const start = pem.indexOf("-----BEGIN CERTIFICATE");
  return { key: pem.slice(0, start), cert: pem.slice(start) };
}
