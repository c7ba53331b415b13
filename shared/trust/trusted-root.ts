// SPDX-License-Identifier: Apache-2.0
// The trusted root: every key by which a client verifies a bundle of this deployment, in protobuf JSON.
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

/** The only type that clients which look at it accept, also for logs of Rekor v2. */
const MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/**
 * TrustedRoot as a JSON value. Neither `operator` nor `checkpointKeyId`: sigstore-go and sigstore-python refuse fields that
 * they do not know, and sigstore-js would take the latter for the log's id.
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
