// SPDX-License-Identifier: Apache-2.0

import { issuerOf, type Tool, tokenLines } from "./tool.ts";

export const COSIGN: Tool = {
  about: "files and container images, version 3",
  configure: (trust) => {
    const { url, provider, hasTuf } = trust;
    const root = hasTuf ? "" : " --trusted-root trusted_root.json";
    const services = hasTuf ? "" : `${root} --signing-config signing_config.json`;
    const token = provider === null ? " --identity-token token.txt" : "";
    return `${hasTuf ? `cosign initialize --mirror ${url}/tuf --root root.json\n` : ""}${tokenLines(trust)}cosign sign-blob -y${token}${services} --bundle FILE.sigstore.json FILE
cosign verify-blob${root} --certificate-identity IDENTITY --certificate-oidc-issuer ${issuerOf(trust)} \\
  --bundle FILE.sigstore.json FILE
`;
  },
};
