// SPDX-License-Identifier: Apache-2.0
// The configuration of each Sigstore client for a deployment, ready to paste: with the TUF repository if there is
// one, otherwise with files.

import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { isLocal, type Trust } from "./files.ts";
import { issuerOf, POLICY_FILE } from "./policy-controller.ts";

export const CLIENTS = [
  "cosign",
  "sigstore-python",
  "sigstore-js",
  "sigstore-go",
  "gitsign",
  "policy-controller",
] as const;
export type Client = (typeof CLIENTS)[number];

/**
 * Explains how to get a token into token.txt where nobody can log in: a client without one would look for a login page
 * that does not exist.
 */
function tokenLines({ url, provider }: Trust): string {
  if (provider !== null) return "";
  return isLocal(url)
    ? `curl -s ${ownIssuerOf(url)}/dev/token --json '{"email":"IDENTITY"}' | sed 's/.*"id_token":"\\([^"]*\\)".*/\\1/' > token.txt\n`
    : `# token.txt: an identity token of an issuer in ${url}/api/v2/configuration, for the audience sigstore\n`;
}

/** The text to paste. File names are those that `--out` writes. */
export const CONFIGURATIONS: { readonly [C in Client]: (trust: Trust) => string } = {
  cosign: (trust) => {
    const { url, provider, hasTuf } = trust;
    const root = hasTuf ? "" : " --trusted-root trusted_root.json";
    const services = hasTuf ? "" : `${root} --signing-config signing_config.json`;
    const token = provider === null ? " --identity-token token.txt" : "";
    return `${hasTuf ? `cosign initialize --mirror ${url}/tuf --root root.json\n` : ""}${tokenLines(trust)}cosign sign-blob -y${token}${services} --bundle FILE.sigstore.json FILE
cosign verify-blob${root} --certificate-identity IDENTITY --certificate-oidc-issuer ${issuerOf(trust)} \\
  --bundle FILE.sigstore.json FILE
`;
  },
  "sigstore-python": (trust) => {
    const { url, provider, hasTuf } = trust;
    const how = hasTuf ? `--instance ${url}/tuf` : "--trust-config client_trust_config.json";
    const token = provider === null ? ' --identity-token "$(cat token.txt)"' : "";
    return `${hasTuf ? `sigstore --instance ${url}/tuf trust-instance root.json\n` : ""}${tokenLines(trust)}sigstore ${how} sign${token} --bundle FILE.sigstore.json FILE
sigstore ${how} verify identity --cert-identity IDENTITY --cert-oidc-issuer ${issuerOf(trust)} \\
  --bundle FILE.sigstore.json FILE
`;
  },
  "sigstore-js": (trust) =>
    trust.hasTuf
      ? `npx @sigstore/cli initialize --mirror ${trust.url}/tuf --root root.json
// import { verify } from "sigstore";
await verify(bundle, data, {
  tufMirrorURL: "${trust.url}/tuf",
  tufRootPath: "root.json",
  certificateIssuer: "${issuerOf(trust)}",
  certificateIdentityEmail: "IDENTITY",
});
`
      : `import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
const root = TrustedRoot.fromJSON(JSON.parse(await readFile("trusted_root.json", "utf8")));
new Verifier(toTrustMaterial(root)).verify(toSignedEntity(bundle, data), {
  subjectAlternativeName: "^IDENTITY$", // a regular expression
  extensions: { issuer: "${issuerOf(trust)}" },
});
`,
  "sigstore-go": (trust) => `${
    trust.hasTuf
      ? `opts := tuf.DefaultOptions().WithRoot(rootJSON).WithRepositoryBaseURL("${trust.url}/tuf")
material, err := root.NewLiveTrustedRoot(opts)`
      : `material, err := root.NewTrustedRootFromPath("trusted_root.json")`
  }
v, err := verify.NewVerifier(material, verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1))
identity, err := verify.NewShortCertificateIdentity("${issuerOf(trust)}", "", "IDENTITY", "")
`,
  gitsign: (trust) => {
    const { url, provider, timestampUrl } = trust;
    const login =
      provider === null
        ? `${tokenLines(trust)}export SIGSTORE_ID_TOKEN="$(cat token.txt)"\n`
        : `git config gitsign.issuer ${provider}\n`;
    return `git config gpg.format x509
git config gpg.x509.program gitsign
git config gitsign.fulcio ${url}
git config gitsign.rekor ${url}
git config gitsign.timestampServerURL ${timestampUrl}
git config gitsign.timestampCertChain tsa-chain.pem
export GITSIGN_REKOR_MODE=offline GITSIGN_REKOR_VERSION=2
export SIGSTORE_ROOT_FILE=fulcio-chain.pem SIGSTORE_REKOR_PUBLIC_KEY=rekor.pub SIGSTORE_CT_LOG_PUBLIC_KEY_FILE=ctfe.pub
${login}git commit -S -m MESSAGE
# gitsign cannot verify this with Rekor v2 (gitsign#866); docs/clients.md shows how openssl and sigstore-go do
`;
  },
  "policy-controller": (trust) =>
    `# first replace REGISTRY${trust.issuer === null ? ", ISSUER" : ""} and IDENTITY in this file\nkubectl apply -f ${POLICY_FILE}\n`,
};
