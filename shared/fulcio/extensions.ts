// SPDX-License-Identifier: Apache-2.0
// The certificate extensions that state the identity and the build for which a certificate was issued, in one table
// from which everything else here is derived. Spec: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md

import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import { decodeDer } from "../der/reader.ts";
import { utf8String } from "../der/writer.ts";
import type { Certificate } from "../x509/certificate.ts";
import { encodeExtension, findExtension } from "../x509/extensions.ts";

const ARC = "1.3.6.1.4.1.57264.1";

/** `raw`: extnValue holds the UTF-8 bytes themselves. `der`: it holds a DER UTF8String. */
interface Row {
  readonly number: number;
  readonly encoding: "raw" | "der";
}

/**
 * Name → number below the arc. 1 to 6 are deprecated and still written for verifiers that read no newer ones; 7 is a
 * name in the SAN.
 */
const ROWS = {
  issuer: { number: 1, encoding: "raw" },
  githubWorkflowTrigger: { number: 2, encoding: "raw" },
  githubWorkflowSha: { number: 3, encoding: "raw" },
  githubWorkflowName: { number: 4, encoding: "raw" },
  githubWorkflowRepository: { number: 5, encoding: "raw" },
  githubWorkflowRef: { number: 6, encoding: "raw" },
  issuerV2: { number: 8, encoding: "der" },
  buildSignerUri: { number: 9, encoding: "der" },
  buildSignerDigest: { number: 10, encoding: "der" },
  runnerEnvironment: { number: 11, encoding: "der" },
  sourceRepositoryUri: { number: 12, encoding: "der" },
  sourceRepositoryDigest: { number: 13, encoding: "der" },
  sourceRepositoryRef: { number: 14, encoding: "der" },
  sourceRepositoryIdentifier: { number: 15, encoding: "der" },
  sourceRepositoryOwnerUri: { number: 16, encoding: "der" },
  sourceRepositoryOwnerIdentifier: { number: 17, encoding: "der" },
  buildConfigUri: { number: 18, encoding: "der" },
  buildConfigDigest: { number: 19, encoding: "der" },
  buildTrigger: { number: 20, encoding: "der" },
  runInvocationUri: { number: 21, encoding: "der" },
  sourceRepositoryVisibilityAtSigning: { number: 22, encoding: "der" },
  deploymentEnvironment: { number: 23, encoding: "der" },
  tokenSubject: { number: 24, encoding: "der" },
} as const satisfies Record<string, Row>;

/** The name of an extension. */
export type FulcioExtensionName = keyof typeof ROWS;

/** Values by name. An empty or absent value gets no extension. */
export type FulcioExtensions = Readonly<Partial<Record<FulcioExtensionName, string>>>;

const TABLE: readonly (readonly [FulcioExtensionName, Row])[] = (
  Object.entries(ROWS) as [FulcioExtensionName, Row][]
).toSorted(([, a], [, b]) => a.number - b.number);

/** The names in the order of their numbers. */
export const FULCIO_EXTENSION_NAMES: readonly FulcioExtensionName[] = TABLE.map(([name]) => name);

/** Encodes each non-empty value as a non-critical Extension, in the order of the numbers. */
export function encodeFulcioExtensions(values: FulcioExtensions): readonly Uint8Array[] {
  return TABLE.flatMap(([name, { number, encoding }]) => {
    const value = values[name] ?? "";
    if (value === "") return [];
    return [encodeExtension(`${ARC}.${number}`, false, encoding === "raw" ? encodeUtf8(value) : utf8String(value))];
  });
}

/** Returns the extension's OID in dotted decimal. */
export const oidOf = (name: FulcioExtensionName): string => `${ARC}.${ROWS[name].number}`;

/** Whether the extension holds its text without a DER string around it. */
export const isRawExtension = (name: FulcioExtensionName): boolean => ROWS[name].encoding === "raw";

/** Reads every extension of the table that the certificate has; ignores those that do not contain text. */
export function readFulcioExtensions(certificate: Certificate): FulcioExtensions {
  const found = TABLE.flatMap(([name]) => {
    const value = readFulcioExtension(certificate, name);
    return value === null ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}

/** Reads the issuer of the identity: Issuer V2, on older certificates the deprecated Issuer; null if it has neither. */
export function readIdentityIssuer(certificate: Certificate): string | null {
  return readFulcioExtension(certificate, "issuerV2") ?? readFulcioExtension(certificate, "issuer");
}

function readFulcioExtension(certificate: Certificate, name: FulcioExtensionName): string | null {
  const { number, encoding }: Row = ROWS[name];
  const value = findExtension(certificate, `${ARC}.${number}`);
  if (value === null) return null;
  const text =
    encoding === "raw"
      ? decodeUtf8(value)
      : decodeDer(value, (reader) => (reader.nextTag === 0x0c ? reader.text() : reader.fail("not a UTF8String")));
  return text.ok ? text.value : null;
}
