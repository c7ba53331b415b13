// SPDX-License-Identifier: Apache-2.0

import type { Client, Operation } from "./client.ts";
import { changeCommand, readPageBlock } from "./page.ts";

const PAGE = "python-packages.md";
const DISTRIBUTION = "dist/app-1.0.tar.gz";

function operations(): readonly Operation[] {
  const verify = readPageBlock(PAGE, "Verify");
  const reject = (what: string, command: string, refusedWith: RegExp): Operation => ({
    name: `reject ${what}`,
    run: command,
    refusedWith,
  });
  const program = readPageBlock(PAGE, "Make a publish attestation", "python");
  return [
    { name: "make a distribution", run: `mkdir -p dist && tar -czf ${DISTRIBUTION} README.md` },
    { name: "attest", shows: "attest", run: readPageBlock(PAGE, "Attest") },
    { name: "verify the bundle with sigstore-python", run: verify },
    reject("another identity", changeCommand(verify, "alice@example.com", "bob@example.com"), /SANs do not match/),
    reject("another issuer", changeCommand(verify, "HOST/oidc", "HOST/other"), /OIDCIssuer does not match/),
    reject(
      "a changed distribution",
      `mkdir -p changed/dist && cp ${DISTRIBUTION}.sigstore.json changed/dist && tar -czf changed/${DISTRIBUTION} other.txt && cp trust_config.json changed && cd changed && ${verify}`,
      /no subject for digest/,
    ),
    reject(
      "the trust config of another instance",
      changeCommand(verify, "trust_config.json", "other_config.json"),
      /not enough sources of verified time/,
    ),
    { name: "convert and inspect", run: readPageBlock(PAGE, "Convert to the format of an index") },
    {
      name: "publish attestation with the library",
      run: `python3 - <<'END'\n${program}\nEND\npypi-attestations inspect ${DISTRIBUTION}.publish.attestation`,
    },
    {
      name: "verify an attestation",
      shows: "verify attestation",
      run: `pypi-attestations verify attestation --offline --identity "$I" ${DISTRIBUTION}`,
      refusedWith: /bundle must contain an inclusion promise or signed timestamp/,
      because:
        "its format, PEP 740, holds no timestamp, and logs with the API of Rekor v2 promise no time: pypi_attestations/_impl.py:349. Verify the bundle",
    },
  ];
}

export const PYPI_ATTESTATIONS: Client = {
  name: "pypi-attestations",
  tool: "pypi-attestations",
  signs: "Python packages",
  about:
    "Attestations of wheels and source distributions: [Python packages](integrations/python-packages.md). Its `sign` command knows the public instance only; sigstore-python signs, and it converts.",
  transports: ["files"],
  env: (folder) => ({ PYTHONPATH: folder, COLUMNS: "400" }),
  operations,
};
