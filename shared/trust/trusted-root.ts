// SPDX-License-Identifier: Apache-2.0
// The trusted root in protobuf JSON: every key that a client needs to verify a bundle of this deployment.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (TrustedRoot)

import { encodeBase64 } from "../bytes/base64.ts";
import {
  type Chain,
  chainValidity,
  logValidity,
  otherChainValidity,
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
  const { publicUrl, signatureLogs, certificateLogs, caChain, otherCaChains, tsaChain, otherTsaChains } = material;
  return {
    mediaType: MEDIA_TYPE,
    tlogs: signatureLogs.map(transparencyLog),
    certificateAuthorities: [
      certificateAuthority(caChain, publicUrl.href, chainValidity(caChain)),
      ...otherCaChains.map((chain) => certificateAuthority(chain, publicUrl.href, otherChainValidity(chain))),
    ],
    ctlogs: certificateLogs.map(transparencyLog),
    timestampAuthorities: [
      certificateAuthority(tsaChain, timestampUrl(publicUrl), chainValidity(tsaChain)),
      ...otherTsaChains.map((chain) => certificateAuthority(chain, timestampUrl(publicUrl), otherChainValidity(chain))),
    ],
  };
}

// TransparencyLogInstance
function transparencyLog(log: TrustedLog): object {
  return {
    baseUrl: log.baseUrl,
    hashAlgorithm: "SHA2_256",
    publicKey: { ...rawBytes(log.spki), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor: logValidity(log) },
    logId: { keyId: encodeBase64(log.logId) },
  };
}

// CertificateAuthority
function certificateAuthority(chain: Chain, uri: string, validFor: ValidFor): object {
  const [{ subjectName }] = chain;
  return {
    subject: { organization: subjectName.organization, commonName: subjectName.commonName },
    uri,
    certChain: { certificates: chain.map(({ der }) => rawBytes(der)) },
    validFor,
  };
}
