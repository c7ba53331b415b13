// SPDX-License-Identifier: Apache-2.0
// Sigstore's clients and libraries by language.

import { issuerOf, type Tool, tokenLines } from "./tool.ts";

export const SIGSTORE_PYTHON: Tool = {
  about: "files and attestations",
  configure: (trust) => {
    const { url, provider, hasTuf } = trust;
    const how = hasTuf ? `--instance ${url}/tuf` : "--trust-config client_trust_config.json";
    const token = provider === null ? ' --identity-token "$(cat token.txt)"' : "";
    return `${hasTuf ? `sigstore --instance ${url}/tuf trust-instance root.json\n` : ""}${tokenLines(trust)}sigstore ${how} sign${token} --bundle FILE.sigstore.json FILE
sigstore ${how} verify identity --cert-identity IDENTITY --cert-oidc-issuer ${issuerOf(trust)} \\
  --bundle FILE.sigstore.json FILE
`;
  },
};

export const SIGSTORE_JS: Tool = {
  about: "the npm packages sigstore and @sigstore/verify",
  configure: (trust) =>
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
};

export const SIGSTORE_GO: Tool = {
  about: "the Go module github.com/sigstore/sigstore-go",
  configure: (trust) => `${
    trust.hasTuf
      ? `opts := tuf.DefaultOptions().WithRoot(rootJSON).WithRepositoryBaseURL("${trust.url}/tuf")
material, err := root.NewLiveTrustedRoot(opts)`
      : `material, err := root.NewTrustedRootFromPath("trusted_root.json")`
  }
v, err := verify.NewVerifier(material, verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1))
identity, err := verify.NewShortCertificateIdentity("${issuerOf(trust)}", "", "IDENTITY", "")
`,
};
