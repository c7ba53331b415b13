// SPDX-License-Identifier: Apache-2.0

import type { Client, Operation } from "./client.ts";
import { changeCommand, readPageBlock } from "./page.ts";

const PAGE = "witness.md";

/** Writes the authorities in other_root.json as PEM: other-ca.pem and other-tsa.pem. */
const OTHER_ROOTS = `node -e '
  const { writeFileSync } = require("node:fs");
  const { certificateAuthorities: [ca], timestampAuthorities: [tsa] } = require("./other_root.json");
  const toPem = ({ certChain }) => certChain.certificates
    .map(({ rawBytes }) => "-----BEGIN CERTIFICATE-----\\n" + rawBytes + "\\n-----END CERTIFICATE-----\\n").join("");
  writeFileSync("other-ca.pem", toPem(ca));
  writeFileSync("other-tsa.pem", toPem(tsa));
'`;

function operations(): readonly Operation[] {
  const constraint = readPageBlock(PAGE, "Constrain the signer", "json");
  const verify = (functionary: string, envelope = "envelope.json", ca = "ca.pem", tsa = "tsa.pem"): string =>
    `cat > functionary.json <<'END'\n${functionary}\nEND\ngo-witness verify functionary.json ${envelope} ${ca} ${tsa}`;
  return [
    { name: "roots of the instance", run: readPageBlock(PAGE, "Get the roots") },
    { name: "roots of another instance", run: OTHER_ROOTS },
    { name: "sign a statement", shows: "attest", run: "go-witness sign statement.json > envelope.json" },
    { name: "verify", shows: "verify attestation", run: verify(constraint) },
    {
      name: "reject another identity",
      run: verify(changeCommand(constraint, "alice@example.com", "bob@example.com")),
      refusedWith: /no functionary signed\n.*email/s,
    },
    {
      name: "reject another issuer",
      run: verify(changeCommand(constraint, "HOST/oidc", "HOST/other")),
      refusedWith: /no functionary signed\n.*cert field Issuer doesn't match/s,
    },
    {
      name: "reject a changed statement",
      run: `sed 's/"payload":"eyJ/"payload":"eyI/' envelope.json > changed.json; ${verify(constraint, "changed.json")}`,
      refusedWith: /no valid signatures|could not verify/i,
    },
    {
      name: "reject the authorities of another instance",
      run: verify(constraint, "envelope.json", "other-ca.pem"),
      refusedWith: /no valid signatures|could not verify/i,
    },
    {
      name: "reject the timestamp authority of another instance",
      run: verify(constraint, "envelope.json", "ca.pem", "other-tsa.pem"),
      refusedWith: /no valid signatures|could not verify/i,
    },
  ];
}

export const GO_WITNESS: Client = {
  name: "go-witness",
  tool: "go-witness",
  signs: "attestations",
  about:
    "The library of in-toto's witness, called by our own main package, `test/interop/tools/go-witness/main.go`: the module has no program. [How to use it](integrations/witness.md).",
  transports: ["files"],
  operations,
};
