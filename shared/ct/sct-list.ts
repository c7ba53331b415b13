// SPDX-License-Identifier: Apache-2.0
// Reads the SCTs that a certificate carries. sct.ts verifies one. Spec: RFC 6962 §3.2, §3.3.

import { type ByteReader, decodeBytes } from "../bytes/reader.ts";
import { decodeDer } from "../der/reader.ts";
import { parseUnixMs } from "../time.ts";
import type { Certificate } from "../x509/certificate.ts";
import { findExtension, OID } from "../x509/extensions.ts";
import type { SignedCertificateTimestamp } from "./sct.ts";

/** Far more than the one or two that certificates have. */
const MAX_SCTS = 16;
/** HashAlgorithm sha256, SignatureAlgorithm ecdsa. */
const SHA256_ECDSA = 0x0403;

/**
 * Reads the SCTs of a certificate in order; none if it lacks the extension. Null if the list is malformed, too long, or
 * has an SCT of another version or of another algorithm than ECDSA with SHA-256.
 */
export function readSctList(certificate: Certificate): readonly SignedCertificateTimestamp[] | null {
  const extension = findExtension(certificate, OID.sctList);
  if (extension === null) return [];
  const list = decodeDer(extension, (reader) => reader.octetString());
  const items = list.ok ? decodeBytes(list.value, (reader) => decodeBytes(reader.vector(2), readItems)) : list;
  if (!items.ok || !items.value.ok) return null;
  const scts = items.value.value.map((item) => decodeBytes(item, readSct)).map((sct) => (sct.ok ? sct.value : null));
  return scts.length > MAX_SCTS || scts.includes(null) ? null : scts.filter((sct) => sct !== null);
}

function readItems(reader: ByteReader): readonly Uint8Array[] {
  const items: Uint8Array[] = [];
  while (!reader.done && items.length <= MAX_SCTS) items.push(reader.vector(2));
  return items;
}

// struct { Version; LogID; uint64 timestamp; CtExtensions; digitally-signed struct { … } }
function readSct(reader: ByteReader): SignedCertificateTimestamp | null {
  const version = reader.uint(1);
  const logId = reader.bytes(32);
  const timestamp = parseUnixMs(reader.uint(8));
  const extensions = reader.vector(2);
  const algorithm = reader.uint(2);
  const signature = reader.vector(2);
  return version !== 0 || timestamp === null || algorithm !== SHA256_ECDSA
    ? null
    : { logId, timestamp, extensions, signature };
}
