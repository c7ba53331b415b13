// SPDX-License-Identifier: Apache-2.0
// The configuration of each Sigstore client for a deployment, ready to paste: with the TUF repository if there is
// one, otherwise with files.

import type { Trust } from "./files.ts";

export const CLIENTS = [
  "cosign",
  "sigstore-python",
  "sigstore-js",
  "sigstore-go",
  "gitsign",
  "policy-controller",
] as const;
export type Client = (typeof CLIENTS)[number];

/** The text to paste. File names are those that `--out` writes. */
export const CONFIGURATIONS: { readonly [C in Client]: (trust: Trust) => string } = {
  cosign: ({
    url,
    issuer,
    hasTuf,
  }) => `${hasTuf ? `cosign initialize --mirror ${url}/tuf --root root.json\n` : ""}cosign sign-blob${
    hasTuf ? "" : " --trusted-root trusted_root.json --signing-config signing_config.json"
  } --bundle FILE.sigstore.json FILE
cosign verify-blob${hasTuf ? "" : " --trusted-root trusted_root.json"} --certificate-identity IDENTITY --certificate-oidc-issuer ${issuer} \\
  --bundle FILE.sigstore.json FILE
`,
  "sigstore-python": ({ url, issuer, hasTuf }) => {
    const how = hasTuf ? `--instance ${url}/tuf` : "--trust-config client_trust_config.json";
    return `${hasTuf ? `sigstore --instance ${url}/tuf trust-instance root.json\n` : ""}sigstore ${how} sign --bundle FILE.sigstore.json FILE
sigstore ${how} verify identity --cert-identity IDENTITY --cert-oidc-issuer ${issuer} \\
  --bundle FILE.sigstore.json FILE
`;
  },
  "sigstore-js": ({ url, issuer, hasTuf }) =>
    hasTuf
      ? `npx @sigstore/cli initialize --mirror ${url}/tuf --root root.json
// import { verify } from "sigstore";
await verify(bundle, data, {
  tufMirrorURL: "${url}/tuf",
  tufRootPath: "root.json",
  certificateIssuer: "${issuer}",
  certificateIdentityEmail: "IDENTITY",
});
`
      : `import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
const root = TrustedRoot.fromJSON(JSON.parse(await readFile("trusted_root.json", "utf8")));
new Verifier(toTrustMaterial(root)).verify(toSignedEntity(bundle, data), {
  subjectAlternativeName: "^IDENTITY$", // a regular expression
  extensions: { issuer: "${issuer}" },
});
`,
  "sigstore-go": ({ url, issuer, hasTuf }) => `${
    hasTuf
      ? `opts := tuf.DefaultOptions().WithRoot(rootJSON).WithRepositoryBaseURL("${url}/tuf")
material, err := root.NewLiveTrustedRoot(opts)`
      : `material, err := root.NewTrustedRootFromPath("trusted_root.json")`
  }
v, err := verify.NewVerifier(material, verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1))
identity, err := verify.NewShortCertificateIdentity("${issuer}", "", "IDENTITY", "")
`,
  gitsign: ({ url, issuer, timestampUrl }) => `git config gpg.format x509
git config gpg.x509.program gitsign
git config gitsign.fulcio ${url}
git config gitsign.rekor ${url}
git config gitsign.issuer ${issuer}
git config gitsign.timestampServerURL ${timestampUrl}
git config gitsign.timestampCertChain tsa-chain.pem
export GITSIGN_REKOR_MODE=offline GITSIGN_REKOR_VERSION=2
export SIGSTORE_ROOT_FILE=fulcio-chain.pem SIGSTORE_REKOR_PUBLIC_KEY=rekor.pub SIGSTORE_CT_LOG_PUBLIC_KEY_FILE=ctfe.pub
gitsign verify --certificate-identity=IDENTITY --certificate-oidc-issuer=${issuer} HEAD
`,
  "policy-controller": policyController,
};

/**
 * Rekor v2 entries have no integrated time, so the policy requires a timestamp.
 * Spec: api/v1alpha1 of github.com/sigstore/policy-controller
 */
function policyController({ url, issuer, timestampUrl, hasTuf, files }: Trust): string {
  const base64 = (name: string): string => Buffer.from(files.get(name) ?? "").toString("base64");
  const keys = `sigstoreKeys:
    certificateAuthorities:
      - subject: { organization: sigedge, commonName: CA }
        uri: ${url}
        certChain: ${base64("fulcio-chain.pem")}
    ctLogs:
      - { baseURL: ${url}/ct, hashAlgorithm: sha-256, publicKey: ${base64("ctfe.pub")} }
    tLogs:
      - { baseURL: ${url}, hashAlgorithm: sha-256, publicKey: ${base64("rekor.pub")} }
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
    - signatureFormat: bundle
      keyless:
        url: ${url}
        trustRootRef: sigedge
        identities:
          - { issuer: ${issuer}, subject: IDENTITY }
      rfc3161timestamp:
        trustRootRef: sigedge
`;
}
