// SPDX-License-Identifier: Apache-2.0
// Measures what each check that protects the service costs an honest request, one function at a time and in this
// process: the requests of the other sections pass all of them, so those figures include these. What is not a function
// has a row elsewhere: the anchor among the CPU figures, rows and objects among the operations.

import { parsePublicKey } from "../shared/crypto/public-key.ts";
import { scanDer } from "../shared/der/scan.ts";
import { clientNetwork } from "../shared/http/client-address.ts";
import { parseJson } from "../shared/json/parse.ts";
import { parseToken } from "../shared/oidc/token.ts";
import { unixMs } from "../shared/time.ts";
import { parseCertificate } from "../shared/x509/certificate.ts";
import { CA, leafNamed } from "../test/support/authority/signing-chain.ts";
import { valueOf } from "../test/support/value-of.ts";
import { certificateBudget, DEFAULT_BOUNDS } from "../workers/log/rekor-v2/write-budget.ts";
import { applyWritePolicy, parseWritePolicy } from "../workers/log/rekor-v2/write-policy.ts";
import type { Bench } from "./bench.ts";
import { figure, type Row, type Section } from "./figures.ts";
import { entryRequest } from "./requests.ts";

const ROUNDS = 2000;

/** Returns the CPU time of one call, in microseconds, once V8 has compiled it. */
async function measureCall(call: () => unknown): Promise<number> {
  for (let i = 0; i < ROUNDS; i++) await call();
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS; i++) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / ROUNDS;
}

/** Measures a check; with `work`, the check and the work that it precedes, and that work alone. */
async function measureCheck(name: string, check: () => unknown, work?: () => unknown): Promise<Row> {
  const checked = await measureCall(check);
  const figures = work === undefined ? [] : [figure("of it the work", await measureCall(work), "µs")];
  return { name, figures: [figure("", checked, "µs"), ...figures] };
}

/** Measures every check. */
export async function measureProtections({ key, stack, progress }: Bench): Promise<Section> {
  progress("what the protections cost");
  const leaf = leafNamed("email");
  const { body } = entryRequest(key, leaf.der);
  const [identity] = stack.identities;
  if (identity === undefined) throw new RangeError("no identities");
  const issuers = [{ certificate: CA, retirement: null, isIssuing: true }];
  const policy = { ...valueOf(parseWritePolicy("own-ca", null, issuers)), bounds: DEFAULT_BOUNDS };
  const credential = { key: valueOf(parsePublicKey(leaf.spki)), certificate: leaf };
  const now = unixMs(Date.now());
  const request = new Request("http://localhost/", { headers: { "cf-connecting-ip": "2001:db8:1:2::1" } });
  return {
    title: "What the protections cost",
    notes: [
      "CPU of one call on honest input, in this process. of it the work: what an unchecked reader would do.",
      "The write policy verifies that our CA issued the certificate; the other rows verify no signature.",
    ],
    rows: [
      await measureCheck(
        "JSON of an entry: depth, values, names",
        () => parseJson(body),
        () => JSON.parse(new TextDecoder().decode(body)),
      ),
      await measureCheck("certificate: DER scanned before it is read", () => scanDer(leaf.der)),
      await measureCheck("certificate: parsed, scan included", () => parseCertificate(leaf.der)),
      await measureCheck(
        "token: shape before keys are fetched",
        () => parseToken(identity.token),
        () => JSON.parse(Buffer.from(identity.token.split(".")[1] ?? "", "base64url").toString()),
      ),
      await measureCheck("write policy: a certificate of our CA", () => applyWritePolicy(policy, credential, now)),
      await measureCheck("write budget of a certificate", () => certificateBudget(leaf, DEFAULT_BOUNDS, now)),
      await measureCheck("client network of the rate limits", () => clientNetwork(request)),
    ],
  };
}
