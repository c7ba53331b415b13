// SPDX-License-Identifier: Apache-2.0
// Compares the dry run's prediction for a request with the result of issuing.

import { X509Certificate } from "@sigstore/core";
import { certificatesIn, textOf } from "./certificate-invariants.ts";
import type { Draft } from "./valid-request.ts";

/** Turns a request into the same one to the dry run. */
export const toExplain = (request: Request): Request =>
  new Request(new URL("/api/identity/explain", request.url), request);

/** The dry run accepts version 2 bodies. */
export const isExplainable = ({ version, method }: Draft): boolean => version === "v2" && method === "POST";

interface Issued {
  readonly status: number;
  readonly text: string;
}

interface Explanation {
  readonly granted?: boolean;
  readonly key?: string | null;
  readonly message?: string;
  readonly subjectAltName?: { readonly value: string };
  readonly extensions?: readonly { readonly oid: string; readonly value: string }[];
}

/** Throws if the two disagree. */
export async function checkExplanation(explained: Response, { status, text }: Issued): Promise<void> {
  const said = (await explained.json()) as Explanation;
  if (status === 200) {
    if (said.granted !== true) throw new Error(`the dry run rejects a certificate: ${JSON.stringify(said)}`);
    const certificate = X509Certificate.parse(certificatesIn(text)[0] ?? "");
    const has = {
      name: nameOf(certificate),
      texts: said.extensions?.map(({ oid }) => textOf(certificate, Number(oid.split(".").at(-1)))),
    };
    const expected = { name: said.subjectAltName?.value, texts: said.extensions?.map(({ value }) => value) };
    if (JSON.stringify(has) !== JSON.stringify(expected)) {
      throw new Error(`a certificate says ${JSON.stringify(has)}, the dry run ${JSON.stringify(expected)}`);
    }
    return;
  }
  const { message } = JSON.parse(text) as { readonly message: string };
  // The dry run accepts a request without a key; issuing does not.
  const isWithoutKey =
    said.granted === true && said.key === null && message.includes("publicKeyRequest.publicKey.content");
  if (!isWithoutKey && said.message !== message) {
    throw new Error(`rejected with ${message}, but the dry run says ${JSON.stringify(said)}`);
  }
}

/** An otherName is [0] { type, [0] { UTF8String } }; @sigstore/core reads its text as ASCII. */
function nameOf(certificate: X509Certificate): string | undefined {
  const names = certificate.extSubjectAltName;
  const [name] = names?.valueObj.subs[0]?.subs ?? [];
  return names?.uri ?? names?.rfc822Name ?? name?.subs[1]?.subs[0]?.value.toString();
}
