// SPDX-License-Identifier: Apache-2.0
// The certificates above the leaves of a certificate log, each fetched once by its fingerprint. Verifies chains with
// node:crypto, a different implementation from the one by which the log accepted them.
// Spec: https://c2sp.org/static-ct-api#issuers

import { X509Certificate } from "node:crypto";
import { sha256 } from "#sha256";
import { equal } from "../../shared/bytes/bytes.ts";
import { encodeHex } from "../../shared/bytes/hex.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Finding } from "../served-log/findings.ts";
import type { LogSource } from "../served-log/log-source.ts";

/** A CA certificate of a chain. */
export interface Issuer {
  readonly fingerprint: string;
  readonly certificate: X509Certificate;
  /** SHA-256 of its SubjectPublicKeyInfo. */
  readonly keyHash: Uint8Array;
  /** Whether it issues precertificates in the name of the certificate above it (RFC 6962 §3.1). */
  readonly isPrecertificateIssuer: boolean;
}

/** Larger than any certificate of a CA. */
const MAX_CERTIFICATE_BYTES = 64 * 1024;
const PRECERTIFICATE_SIGNING = "1.3.6.1.4.1.11129.2.4.4";

type Fetched = Result<Issuer, Finding>;

/** Fetches issuers and remembers them, and which of them issued which. */
export class Issuers {
  readonly #source: LogSource;
  readonly #fetched = new Map<string, Promise<Fetched>>();
  readonly #links = new Map<string, boolean>();

  constructor(source: LogSource) {
    this.#source = source;
  }

  /** Fetches the certificate with this SHA-256. Fails with a finding if it is missing, unreadable or another one. */
  get(fingerprint: Uint8Array): Promise<Fetched> {
    const name = encodeHex(fingerprint);
    const known = this.#fetched.get(name) ?? this.#fetch(name, fingerprint);
    this.#fetched.set(name, known);
    return known;
  }

  async #fetch(name: string, fingerprint: Uint8Array): Promise<Fetched> {
    const path = `issuer/${name}`;
    const fetched = await this.#source.read(path, MAX_CERTIFICATE_BYTES);
    if (fetched.kind === "missing") return err({ code: "resource_missing", path });
    if (fetched.kind === "unreadable") return err({ code: "resource_unreadable", path, reason: fetched.reason });
    const certificate = equal(sha256(fetched.bytes), fingerprint) ? parseX509(fetched.bytes) : null;
    if (certificate === null) return err({ code: "issuer_wrong", path });
    const spki = certificate.publicKey.export({ type: "spki", format: "der" });
    const isPrecertificateIssuer = certificate.keyUsage?.includes(PRECERTIFICATE_SIGNING) ?? false;
    return ok({ fingerprint: name, certificate, keyHash: sha256(spki), isPrecertificateIssuer });
  }

  /** Whether each certificate of a chain was issued by the next. Remembers the answer, as logs have few issuers. */
  areLinked(chain: readonly Issuer[]): boolean {
    return chain.every((issuer, i) => {
      const above = chain[i + 1];
      return above === undefined || this.#isLinked(issuer, above);
    });
  }

  #isLinked(issuer: Issuer, above: Issuer): boolean {
    const name = `${issuer.fingerprint} ${above.fingerprint}`;
    const isLinked = this.#links.get(name) ?? isIssuedBy(issuer.certificate, above.certificate);
    this.#links.set(name, isLinked);
    return isLinked;
  }
}

/** Parses a certificate; null if the bytes are not one. */
export function parseX509(der: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}

/** Whether the issuer is a CA, names and key identifiers match, and the signature verifies. Ignores validity times. */
export const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
