// SPDX-License-Identifier: Apache-2.0

import { type Tool, tokenLines } from "./tool.ts";

export const GITSIGN: Tool = {
  about: "commits and tags",
  configure: (trust) => {
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
};
