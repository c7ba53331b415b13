// SPDX-License-Identifier: Apache-2.0

import type { Client, Operation } from "./client.ts";
import { changeCommand, readPageBlock } from "./page.ts";

const PAGE = "models.md";

function operations(): readonly Operation[] {
  const verify = readPageBlock(PAGE, "Verify");
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
    { name: "sign with a token", shows: "sign", run: readPageBlock(PAGE, "Sign in CI") },
    { name: "verify", shows: "verify", run: verify },
    reject("another identity", changeCommand(verify, "alice@example.com", "bob@example.com"), /SANs do not match/),
    reject("another issuer", changeCommand(verify, "HOST/oidc", "HOST/other"), /OIDCIssuer does not match/),
    reject(
      "a changed file",
      verifyChangedModel(verify, "echo >> model/config.json"),
      /Hash mismatch for 'config.json'/,
    ),
    reject("an added file", verifyChangedModel(verify, "touch model/layers/1"), /Extra files found/),
    reject("a removed file", verifyChangedModel(verify, "rm model/layers/0"), /Missing files/),
    reject(
      "the trust config of another instance",
      changeCommand(verify, "trust_config.json", "other_config.json"),
      /not enough sources of verified time/,
    ),
    { name: "sign in a browser", run: readPageBlock(PAGE, "Sign") },
    { name: "verify what was signed in a browser", run: changeCommand(verify, "https://HOST/oidc", '"$PROVIDER"') },
  ];
}

/** Verifies a copy of the model after a change. */
const verifyChangedModel = (verify: string, change: string): string =>
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
