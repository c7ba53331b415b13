// SPDX-License-Identifier: Apache-2.0
// cosign 2.6: bundles with the signature log, and the formats from before bundles with the Rekor v1 log.

import { interopTool } from "../../../tools/interop-tools.ts";
import { type Client, type Operation, PLAIN, refusals, type Transport, type Verification } from "./client.ts";
import { KEYS } from "./gitsign.ts";

const keyless = (identity: string): string => `--certificate-identity ${identity} --certificate-oidc-issuer "$U"`;
const SIGNER = keyless('"$I"');
const TOKEN = "-y --identity-token token.txt";

const trust = (transport: Transport, root = PLAIN.trustedRoot): string =>
  transport === "files" ? ` --trusted-root ${root}` : "";
const services = (transport: Transport): string =>
  transport === "files"
    ? " --signing-config signing_config.json --trusted-root trusted_root.json"
    : " --use-signing-config";

/** Flags of every verification of a bundle: entries of the signature log have no time, timestamps have. */
const BUNDLE = "--new-bundle-format --use-signed-timestamps";

const verifyBundle =
  (verb: string) =>
  (transport: Transport, verification: Verification): string =>
    `cosign ${verb} ${BUNDLE}${trust(transport, verification.trustedRoot)} --bundle ${verification.bundle} ${keyless(verification.identity)} ${verification.artifact}`;
const verifyBlob = verifyBundle("verify-blob");
const verifyAttestation = verifyBundle("verify-blob-attestation --type slsaprovenance1");

function setUp(transport: Transport): readonly Operation[] {
  return transport === "files"
    ? [{ name: "keys of the instance", run: `${KEYS}\ncurl -fsS "$S/api/v1/log/publicKey" > rekor-v1.pub` }]
    : [{ name: "initialize", run: 'cosign initialize --mirror "$M" --root root.json' }];
}

function bundles(transport: Transport): readonly Operation[] {
  return [
    {
      name: "sign-blob",
      shows: "sign",
      run: `cosign sign-blob ${TOKEN}${services(transport)} --bundle bundle.json README.md`,
    },
    { name: "verify-blob", shows: "verify", run: verifyBlob(transport, PLAIN) },
    ...refusals(transport, (verification) => verifyBlob(transport, verification), {
      identity: /expected SAN value/,
      artifact: /could not verify message: invalid signature/,
      proof: /does not match expected root/,
      body: null,
      trust: /not enough verified log entries/,
    }),
    {
      name: "attest-blob",
      shows: "attest",
      run: `cosign attest-blob ${TOKEN}${services(transport)} --predicate predicate.json --type slsaprovenance1 --bundle attestation.json README.md`,
    },
    {
      name: "verify-blob-attestation",
      shows: "verify attestation",
      run: verifyAttestation(transport, { ...PLAIN, bundle: "attestation.json" }),
    },
    {
      name: "reject an attestation of another artifact",
      run: verifyAttestation(transport, { ...PLAIN, bundle: "attestation.json", artifact: "other.txt" }),
      refusedWith: /artifact digest does not match any digest/,
    },
    ...images("bundle", {
      sign: ` --new-bundle-format${services(transport)}`,
      verify: ` ${BUNDLE}${trust(transport)}`,
      unsigned: /no valid bundles exist in registry/,
      identity: /expected SAN value/,
    }),
  ];
}

/** How an image is signed and verified in one of the two formats. */
interface ImageFormat {
  readonly sign: string;
  readonly verify: string;
  readonly unsigned: RegExp;
  readonly identity: RegExp;
  /** Lines before each command. */
  readonly before?: string;
}

function images(format: string, { before = "", ...flags }: ImageFormat): readonly Operation[] {
  const place = format.toLowerCase().replace(" ", "-");
  const repository = `"$REGISTRY/cosign-2-${place}:$TRANSPORT"`;
  const image = `pushed-${place}.txt`;
  const withImage = (command: string): string => `${before}IMAGE=$(tail -n 1 ${image}); ${command} "$IMAGE"`;
  const attestation = "--type slsaprovenance1";
  return [
    {
      name: `push an image (${format})`,
      run: `tar -cf layer.tar README.md && crane append --oci-empty-base -f layer.tar -t ${repository} > ${image}`,
    },
    {
      name: `reject an unsigned image (${format})`,
      run: withImage(`cosign verify${flags.verify} ${SIGNER}`),
      refusedWith: flags.unsigned,
    },
    { name: `sign an image (${format})`, run: withImage(`cosign sign ${TOKEN}${flags.sign}`) },
    { name: `verify an image (${format})`, run: withImage(`cosign verify${flags.verify} ${SIGNER}`) },
    {
      name: `reject another identity's image (${format})`,
      run: withImage(`cosign verify${flags.verify} ${keyless('"$OTHER"')}`),
      refusedWith: flags.identity,
    },
    {
      name: `attest an image (${format})`,
      run: withImage(`cosign attest ${TOKEN}${flags.sign} --predicate predicate.json ${attestation}`),
    },
    {
      name: `verify-attestation (${format})`,
      run: withImage(`cosign verify-attestation${flags.verify} ${attestation} ${SIGNER}`),
    },
    {
      name: `reject another's attestation (${format})`,
      run: withImage(`cosign verify-attestation${flags.verify} ${attestation} ${keyless('"$OTHER"')}`),
      refusedWith: flags.identity,
    },
  ];
}

const V1_SERVICES = '--fulcio-url "$S" --rekor-url "$S"';

/** cosign 2 reads these keys one by one where there is no TUF repository. */
const keysOf = (transport: Transport, log = "rekor-v1.pub"): string =>
  transport === "files"
    ? `export SIGSTORE_ROOT_FILE="$PWD/fulcio-chain.pem" SIGSTORE_REKOR_PUBLIC_KEY="$PWD/${log}" SIGSTORE_CT_LOG_PUBLIC_KEY_FILE="$PWD/ctfe.pub"\n`
    : "";

function rekorV1(transport: Transport): readonly Operation[] {
  const before = keysOf(transport);
  const verify = (flags: string, artifact = "README.md"): string => `cosign verify-blob ${flags} ${artifact}`;
  const bundle = "--offline --bundle v1.json";
  const detached = '--rekor-url "$S" --signature v1.sig --certificate v1.crt';
  return [
    {
      name: "sign-blob (Rekor v1)",
      run: `${before}cosign sign-blob ${TOKEN} ${V1_SERVICES} --bundle v1.json --output-signature v1.sig --output-certificate v1.crt README.md`,
    },
    { name: "verify-blob offline (Rekor v1)", run: `${before}${verify(`${bundle} ${SIGNER}`)}` },
    {
      name: "reject another identity (Rekor v1)",
      run: `${before}${verify(`${bundle} ${keyless('"$OTHER"')}`)}`,
      refusedWith: /none of the expected identities matched/,
    },
    {
      name: "reject another artifact (Rekor v1)",
      run: `${before}${verify(`${bundle} ${SIGNER}`, "other.txt")}`,
      refusedWith: /matching bundle to payload/,
    },
    {
      name: "reject a changed time (Rekor v1)",
      run: `${before}sed 's/"integratedTime":1/"integratedTime":2/' v1.json > v1-changed.json\n${verify(`--offline --bundle v1-changed.json ${SIGNER}`)}`,
      refusedWith: /unable to verify SET/,
    },
    ...(transport === "files"
      ? [
          {
            name: "reject the key of another log (Rekor v1)",
            run: `${keysOf(transport, "other.pub")}${verify(`${bundle} ${SIGNER}`)}`,
            refusedWith: /rekor log public key not found/,
          },
        ]
      : []),
    {
      name: "verify-blob online (Rekor v1)",
      run: `${before}${verify(`${detached} ${SIGNER}`)}`,
    },
    {
      name: "reject offline what has no bundle",
      run: `${before}${verify(`--offline ${detached} ${SIGNER}`)}`,
      refusedWith: /offline verification failed/,
    },
    ...keyPair(before),
    ...images("Rekor v1", {
      before,
      sign: ` ${V1_SERVICES}`,
      verify: " --offline",
      unsigned: /no signatures found/,
      identity: /none of the expected identities matched/,
    }),
  ];
}

function keyPair(before: string): readonly Operation[] {
  const verify = (key: string, signature = "key.sig"): string =>
    `${before}cosign verify-blob --rekor-url "$S" --key ${key} --signature ${signature} README.md`;
  const sign = (flags: string): string =>
    `COSIGN_PASSWORD=secret cosign sign-blob -y --key cosign.key ${flags} README.md`;
  return [
    { name: "generate-key-pair", run: "COSIGN_PASSWORD=secret cosign generate-key-pair" },
    {
      name: "sign-blob with a key pair (Rekor v1)",
      run: `${before}${sign('--rekor-url "$S" --output-signature key.sig')}`,
    },
    { name: "verify-blob with a key pair, online", run: verify("cosign.pub") },
    { name: "reject another key (Rekor v1)", run: verify("other.pub"), refusedWith: /invalid signature|not found/ },
    {
      name: "reject a signature that is not in the log",
      run: `${before}${sign("--tlog-upload=false --output-signature unlogged.sig")}\n${verify("cosign.pub", "unlogged.sig")}`,
      refusedWith: /signature not found in transparency log/,
    },
  ];
}

/** cosign 2 and cosign 3, each with what the other has put into the Rekor v1 log. */
function crosswise(transport: Transport): readonly Operation[] {
  const before = keysOf(transport);
  const image = 'IMAGE=$(tail -n 1 "pushed-rekor-v1.txt")';
  return [
    {
      name: "cosign 3 verifies a file of cosign 2",
      run: `${before}"$COSIGN_3" verify-blob --new-bundle-format=false --offline --bundle v1.json ${SIGNER} README.md`,
    },
    {
      name: "cosign 3 verifies an image of cosign 2",
      run: `${image}\n"$COSIGN_3" verify${trust(transport)} ${SIGNER} "$IMAGE"`,
    },
    {
      name: "cosign 3 signs a file (Rekor v1)",
      run: `"$COSIGN_3" sign-blob ${TOKEN} --use-signing-config=false ${V1_SERVICES}${trust(transport)} --bundle cosign-3.json README.md`,
    },
    {
      name: "cosign 2 verifies a file of cosign 3",
      run: `cosign verify-blob --new-bundle-format${trust(transport)} --bundle cosign-3.json ${SIGNER} README.md`,
    },
    {
      name: "cosign 2 rejects another identity",
      run: `cosign verify-blob --new-bundle-format${trust(transport)} --bundle cosign-3.json ${keyless('"$OTHER"')} README.md`,
      refusedWith: /expected SAN value/,
    },
  ];
}

export const COSIGN_2: Client = {
  name: "cosign-2",
  tool: "cosign-2",
  signs: "files, images",
  beside: ["crane"],
  about:
    "cosign 2.6: bundles, which go into the signature log, and cosign 2's own formats, which go into the Rekor v1 log. `$COSIGN_3` is cosign 3; each verifies what the other signs. A bundle verifies with `--use-signed-timestamps` only: entries of the signature log have no time.",
  transports: ["files", "tuf"],
  env: () => ({ COSIGN_3: interopTool("cosign", "cosign") }),
  setUp,
  operations: (transport) => [...bundles(transport), ...rekorV1(transport), ...crosswise(transport)],
  conformance: {
    sign: (transport, bundle) => `cosign sign-blob ${TOKEN}${services(transport)} --bundle ${bundle} README.md`,
    attest: (transport, bundle) =>
      `cosign attest-blob ${TOKEN}${services(transport)} --statement statement.json --bundle ${bundle}`,
    verify: verifyBlob,
    verifyAttestation,
  },
};
