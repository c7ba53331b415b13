// SPDX-License-Identifier: Apache-2.0

import type { Client, Operation } from "./client.ts";
import { changed, pageBlock } from "./page.ts";

const PAGE = "models.md";

function operations(): readonly Operation[] {
  const verify = pageBlock(PAGE, "Verify");
  const reject = (what: string, command: string, refusedWith: RegExp): Operation => ({
    name: `reject ${what}`,
    run: command,
    refusedWith,
  });
  return [
    {
      name: "make a model",
      run: "mkdir -p model/layers && cp predicate.json model/config.json && cp README.md model/layers/0",
    },
    { name: "sign with a token", shows: "sign", run: pageBlock(PAGE, "Sign in CI") },
    { name: "verify", shows: "verify", run: verify },
    reject("another identity", changed(verify, "alice@example.com", "bob@example.com"), /SANs do not match/),
    reject("another issuer", changed(verify, "HOST/oidc", "HOST/other"), /OIDCIssuer does not match/),
    reject("a changed file", withModel(verify, "echo >> model/config.json"), /Hash mismatch for 'config.json'/),
    reject("an added file", withModel(verify, "touch model/layers/1"), /Extra files found/),
    reject("a removed file", withModel(verify, "rm model/layers/0"), /Missing files/),
    reject(
      "the trust config of another instance",
      changed(verify, "trust_config.json", "other_config.json"),
      /not enough sources of verified time/,
    ),
    { name: "sign in a browser", run: pageBlock(PAGE, "Sign") },
    { name: "verify what was signed in a browser", run: changed(verify, "https://HOST/oidc", '"$PROVIDER"') },
  ];
}

/** Verifies a copy of the model after a change. */
const withModel = (verify: string, change: string): string =>
  `rm -rf changed && mkdir changed && cp -r model model.sig trust_config.json changed && cd changed && ${change} && ${verify}`;

export const MODEL_SIGNING: Client = {
  name: "model-signing",
  tool: "model-signing",
  signs: "models",
  about:
    "Machine-learning models, a folder at a time: [models](integrations/models.md). It needs a provider in the signing config, even with a token.",
  transports: ["files"],
  env: (folder) => ({ PYTHONPATH: folder }),
  operations,
};
