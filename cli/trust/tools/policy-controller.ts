// SPDX-License-Identifier: Apache-2.0
// The trust root and the policy of a deployment for sigstore's policy-controller, as one file to apply to a cluster.

import type { Trust } from "../files.ts";
import { issuerOf, type Tool } from "./tool.ts";

/** The name under which `--out` writes it. */
export const POLICY_FILE = "policy-controller.yaml";

export const POLICY_CONTROLLER: Tool = {
  about: "admit images to a Kubernetes cluster (Sigstore's own controller)",
  needsRekorV1: true,
  configure: ({ issuer }) =>
    `# first replace REGISTRY${issuer === null ? ", ISSUER" : ""} and IDENTITY in this file\nkubectl apply -f ${POLICY_FILE}\n`,
};

/**
 * The policy takes signatures of the Rekor v1 log, in the format before bundles. policy-controller 0.15 stores log ids
 * of a TrustRoot as hexadecimal text, and finds no log of a bundle by them; with a timestamp it asks no log at all.
 * Spec: api/v1alpha1 of github.com/sigstore/policy-controller
 */
export function formatPolicy(trust: Trust): string {
  const { url, rekorV1Url, timestampUrl, hasTuf, files } = trust;
  const base64 = (name: string): string => Buffer.from(files.get(name) ?? "").toString("base64");
  const keys = `sigstoreKeys:
    certificateAuthorities:
      - subject: { organization: sigedge, commonName: CA }
        uri: ${url}
        certChain: ${base64("fulcio-chain.pem")}
    ctLogs:
      - { baseURL: ${url}/ct, hashAlgorithm: sha-256, publicKey: ${base64("ctfe.pub")} }
    tLogs:
      - { baseURL: ${rekorV1Url}, hashAlgorithm: sha-256, publicKey: ${base64("rekor-v1.pub")} }
    timestampAuthorities:
      - subject: { organization: sigedge, commonName: TSA }
        uri: ${timestampUrl}
        certChain: ${base64("tsa-chain.pem")}`;
  const remote = `remote:
    mirror: ${url}/tuf
    root: ${base64("root.json")}`;
  return `apiVersion: policy.sigstore.dev/v1alpha1
kind: TrustRoot
metadata:
  name: sigedge
spec:
  ${hasTuf ? remote : keys}
---
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: sigedge
spec:
  images:
    - glob: "REGISTRY/**"
  authorities:
    - keyless:
        url: ${url}
        trustRootRef: sigedge
        identities:
          - { issuer: ${issuerOf(trust)}, subject: IDENTITY }
      ctlog:
        url: ${rekorV1Url}
        trustRootRef: sigedge
`;
}
