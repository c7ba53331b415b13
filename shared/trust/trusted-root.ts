// SPDX-License-Identifier: Apache-2.0
// The trusted root in protobuf JSON: every key that a client needs to verify a bundle of this deployment.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (TrustedRoot)

import { encodeBase64 } from "../bytes/base64.ts";
import {
  type Chain,
  chainValidity,
  logValidity,
  rawBytes,
  type TrustedLog,
  type TrustMaterial,
  timestampUrl,
  type ValidFor,
} from "./material.ts";

/** The only media type that clients accept if they check it, even for Rekor v2 logs. */
const MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/**
 * Makes TrustedRoot as JSON. It has neither `operator` nor `checkpointKeyId`: sigstore-go and sigstore-python reject
 * unknown fields, and sigstore-js would take the latter for the log's id.
 */
export function trustedRoot(material: TrustMaterial): object {
  const { publicUrl, caChain, tsaChain, retiredKeys } = material;
  const logs = (list: readonly TrustedLog[]): readonly object[] =>
    list.flatMap((log) => transparencyLog(log, logValidity(log, retiredKeys)));
  const authorities = (uri: string, inUse: Chain, others: readonly Chain[]): readonly object[] =>
    [inUse, ...others].flatMap((chain) =>
      certificateAuthority(chain, uri, chainValidity(chain, chain === inUse, retiredKeys)),
    );
  return {
    mediaType: MEDIA_TYPE,
    tlogs: logs(material.signatureLogs),
    certificateAuthorities: authorities(publicUrl.href, caChain, material.otherCaChains),
    ctlogs: logs(material.certificateLogs),
    timestampAuthorities: authorities(timestampUrl(publicUrl), tsaChain, material.otherTsaChains),
  };
}

// TransparencyLogInstance; none without a range
function transparencyLog(log: TrustedLog, validFor: ValidFor | null): readonly object[] {
  if (validFor === null) return [];
  const instance = {
    baseUrl: log.baseUrl,
    hashAlgorithm: "SHA2_256",
    publicKey: { ...rawBytes(log.spki), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor },
    logId: { keyId: encodeBase64(log.logId) },
  };
  return [instance];
}

// CertificateAuthority; none without a range
function certificateAuthority(chain: Chain, uri: string, validFor: ValidFor | null): readonly object[] {
  if (validFor === null) return [];
  const [{ subjectName }] = chain;
  const authority = {
    subject: { organization: subjectName.organization, commonName: subjectName.commonName },
    uri,
    certChain: { certificates: chain.map(({ der }) => rawBytes(der)) },
    validFor,
  };
  return [authority];
}
