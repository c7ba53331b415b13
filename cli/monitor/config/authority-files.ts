// SPDX-License-Identifier: Apache-2.0
// The files of rekor-monitor's caRootsFile and caIntermediatesFile: certificates in PEM, in any order.

import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { err, ok, type Result } from "../../../shared/result.ts";
import { type Certificate, parseCertificate } from "../../../shared/x509/certificate.ts";
import { isIssuedBy } from "../../audit/issuers.ts";
import type { Authority } from "../../served-log/trusted-root.ts";

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_CERTIFICATES = 256;
/** Certificates of a chain above its leaf. */
const MAX_DEPTH = 4;
const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

interface Read {
  readonly certificate: Certificate;
  readonly x509: X509Certificate;
}

/** Reads the files. The error completes "caRootsFile …" or "caIntermediatesFile …". */
export function readAuthorityFiles(
  rootsFile: string,
  intermediatesFile: string | null,
): Result<readonly Authority[], { readonly member: string; readonly reason: string }> {
  const roots = readPem(rootsFile);
  if (!roots.ok) return err({ member: "caRootsFile", reason: roots.error });
  const intermediates = intermediatesFile === null ? ok([]) : readPem(intermediatesFile);
  if (!intermediates.ok) return err({ member: "caIntermediatesFile", reason: intermediates.error });
  const chains = growChains(
    roots.value.map((root) => [root]),
    intermediates.value,
  );
  return ok(chains.map((chain) => ({ chain: chain.map(({ certificate }) => certificate), start: null, end: null })));
}

/** Every chain from an issuing certificate to a root. */
function growChains(roots: readonly (readonly Read[])[], intermediates: readonly Read[]): readonly (readonly Read[])[] {
  const chains = [...roots];
  let grown = roots;
  for (let depth = 1; depth < MAX_DEPTH && grown.length > 0 && chains.length <= MAX_CERTIFICATES; depth++) {
    grown = grown.flatMap((chain) =>
      intermediates
        .filter((one) => !chain.includes(one) && chain[0] !== undefined && isIssuedBy(one.x509, chain[0].x509))
        .map((one): readonly Read[] => [one].concat(chain)),
    );
    chains.push(...grown);
  }
  return chains;
}

function readPem(file: string): Result<readonly Read[], string> {
  let text: string;
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return err(`${file} has more than ${MAX_FILE_BYTES} bytes`);
    text = readFileSync(file, "utf8");
  } catch (error) {
    return err(`${file} cannot be read (${error instanceof Error && "code" in error ? String(error.code) : "?"})`);
  }
  const found = [...text.matchAll(PEM)].map(([, base64 = ""]) => Buffer.from(base64, "base64"));
  if (found.length === 0) return err(`${file} has no certificate in PEM`);
  if (found.length > MAX_CERTIFICATES) return err(`${file} has more than ${MAX_CERTIFICATES} certificates`);
  const read: Read[] = [];
  for (const [i, der] of found.entries()) {
    const certificate = parseCertificate(der);
    if (!certificate.ok) return err(`${file}: its certificate ${i + 1} cannot be parsed (${certificate.error.reason})`);
    read.push({ certificate: certificate.value, x509: new X509Certificate(der) });
  }
  return ok(read);
}
