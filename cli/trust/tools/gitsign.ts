// SPDX-License-Identifier: Apache-2.0

import type { Trust } from "../files.ts";
import { issuerOf, type Tool, tokenLines } from "./tool.ts";

/** gitsign's defaults: it looks an entry up in the log of Rekor v1 whenever it verifies. */
const withRekorV1 = (url: string): string => `git config gitsign.rekor ${url}
export SIGSTORE_REKOR_PUBLIC_KEY="$PWD/rekor-v1.pub"
`;

const withRekorV2 = ({ url, timestampUrl }: Trust): string => `git config gitsign.rekor ${url}
git config gitsign.timestampServerURL ${timestampUrl}
git config gitsign.timestampCertChain tsa-chain.pem
export GITSIGN_REKOR_MODE=offline GITSIGN_REKOR_VERSION=2 SIGSTORE_REKOR_PUBLIC_KEY="$PWD/rekor.pub"
`;

const verify = (issuer: string): string =>
  `gitsign verify --certificate-identity IDENTITY --certificate-oidc-issuer ${issuer} HEAD\n`;
const CANNOT_VERIFY =
  "# gitsign cannot verify this with Rekor v2 (gitsign#866); docs/clients.md shows how openssl and sigstore-go do\n";

export const GITSIGN: Tool = {
  about: "commits and tags",
  configure: (trust) => {
    const { url, provider, rekorV1Url } = trust;
    const login =
      provider === null
        ? `${tokenLines(trust)}export SIGSTORE_ID_TOKEN="$(cat token.txt)"\n`
        : `git config gitsign.issuer ${provider}\n`;
    return `git config gpg.format x509
git config gpg.x509.program gitsign
git config gitsign.fulcio ${url}
${rekorV1Url === null ? withRekorV2(trust) : withRekorV1(rekorV1Url)}export SIGSTORE_ROOT_FILE="$PWD/fulcio-chain.pem" SIGSTORE_CT_LOG_PUBLIC_KEY_FILE="$PWD/ctfe.pub"
${login}git commit -S -m MESSAGE
${rekorV1Url === null ? CANNOT_VERIFY : verify(issuerOf(trust))}`;
  },
};
