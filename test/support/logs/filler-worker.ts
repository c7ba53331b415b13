// SPDX-License-Identifier: Apache-2.0
// The composed Worker with more routes for tests, which append many entries through the sequencer's RPC, like the log
// and CA services after their checks. `POST /test/fill?from=N&count=M` fills the signature log with numbered texts.
// `POST /test/fill-signed?from=N&count=M&key=SPKI` fills it with signatures of a key, as they are stored and indexed;
// nobody signed anything. `POST /test/fill-certificates?from=N&count=M&at=MS` fills the certificate log with
// precertificates by the deployment's own CA, whose TBS depends only on number and time, so that a repeated call
// submits the same ones.

import { sha256 } from "#sha256";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { uint } from "../../../shared/bytes/writer.ts";
import { encodeEntry } from "../../../shared/rekor/entry.ts";
import type { Result } from "../../../shared/result.ts";
import type { CertificateSubmission } from "../../../shared/rpc/sequencer.ts";
import { signatureSearchRow, termKey } from "../../../shared/search/terms.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { encodeCertificate } from "../../../shared/x509/certificate.ts";
import { encodeLeaf, toSerial } from "../../../shared/x509/issue.ts";
import { type CaChain, parseCaChain } from "../../../workers/ca/signer/ca-chain.ts";
import { type CertificateSigner, parseCaKey } from "../../../workers/ca/signer/ca-key.ts";
import type { ComposedEnv } from "../../../workers/compose.ts";
import dev from "../../../workers/dev.ts";
import { emailSigner, searchRow } from "./search-rows.ts";

export * from "../../../workers/dev.ts";

const AT_ONCE = 64;
const LIFETIME_MS = 600_000;

export default {
  async fetch(request: Request, env: ComposedEnv, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const append = appenderOf(pathname, searchParams, env);
    if (append === null) return await dev.fetch(request, env, ctx);
    const from = Number(searchParams.get("from"));
    const end = from + Number(searchParams.get("count"));
    for (let start = from; start < end; start += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, end - start) }, (_, i) => start + i);
      const answers = await Promise.all(numbers.map(append));
      const failed = answers.find(({ ok }) => !ok);
      if (failed !== undefined) return Response.json(failed, { status: 503 });
    }
    return Response.json({ filled: end });
  },
};

type Appender = (number: number) => Promise<Result<unknown, unknown>>;

function appenderOf(pathname: string, search: URLSearchParams, env: ComposedEnv): Appender | null {
  if (pathname === "/test/fill") return async (number) => await appendText(env, number);
  if (pathname === "/test/fill-signed") {
    const key = Uint8Array.from(Buffer.from(search.get("key") ?? "", "base64url"));
    return async (number) => await appendSigned(env, key, number);
  }
  if (pathname !== "/test/fill-certificates") return null;
  const chain = parseCaChain(env.CA_CHAIN ?? "");
  const signer = parseCaKey(env.CA_KEY ?? "");
  if (!chain.ok || !signer.ok) throw new Error("the stack has no CA");
  const authority = { chain: chain.value, signer: signer.value, at: unixMs(Number(search.get("at"))) };
  return async (number) =>
    await env.SEQUENCER.getByName("certificate").appendCertificate(await createPrecertificate(authority, number));
}

async function appendText(env: ComposedEnv, number: number): Promise<Result<unknown, unknown>> {
  const search = searchRow({ terms: [termKey("digest", `sha256:${number}`)] });
  const body = encodeUtf8(`entry ${number} of a test`);
  return await env.SEQUENCER.getByName("signature").appendSignature({
    body,
    search,
    hints: null,
    otherForms: [],
    budget: null,
  });
}

async function appendSigned(env: ComposedEnv, spki: Uint8Array, number: number): Promise<Result<unknown, unknown>> {
  const digest = sha256(encodeUtf8(`file ${number} of a test`));
  const verifier = { kind: "publicKey", rawBytes: spki, keyDetails: "PKIX_ECDSA_P256_SHA_256" } as const;
  const entry = { digest, signature: sha256(digest), verifier };
  const body = encodeEntry(entry);
  const search = signatureSearchRow({ entry, body }, null);
  const submission = { body, search, hints: null, otherForms: [], budget: null };
  return await env.SEQUENCER.getByName("signature").appendSignature(submission);
}

interface Authority {
  readonly chain: CaChain;
  readonly signer: CertificateSigner;
  readonly at: UnixMs;
}

/** Makes a submission like the CA service's, for the CA's own key instead of a client's. */
async function createPrecertificate({ chain, signer, at }: Authority, number: number): Promise<CertificateSubmission> {
  const email = `signer-${number}@example.com`;
  const leaf = encodeLeaf(chain.issuer, {
    serial: toSerial(uint(number, 20)),
    notBefore: at,
    notAfter: unixMs(at + LIFETIME_MS),
    spki: chain.issuer.spki,
    subjectAltName: { kind: "email", value: email },
    extensions: [],
    signatureAlgorithm: signer.algorithm,
  });
  const tbs = leaf.precertificateTbs;
  return {
    entryType: "precert_entry",
    issuerKeyHash: chain.issuerKeyHash,
    signedEntry: leaf.loggedTbs,
    precertificate: encodeCertificate(tbs, signer.algorithm, await signer.sign(tbs)),
    precertificateForm: null,
    issuers: chain.certificates,
    search: searchRow({ kind: "certificate", signer: emailSigner(email) }),
  };
}
