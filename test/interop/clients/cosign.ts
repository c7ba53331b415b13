// SPDX-License-Identifier: Apache-2.0

import { type Client, type Operation, PLAIN, refusals, type Transport, type Verification } from "./client.ts";

const trust = (transport: Transport, root = PLAIN.trustedRoot): string =>
  transport === "files" ? ` --trusted-root ${root}` : "";
const services = (transport: Transport): string =>
  transport === "files" ? " --signing-config signing_config.json --trusted-root trusted_root.json" : "";

const keyless = (identity: string): string => `--certificate-identity ${identity} --certificate-oidc-issuer "$U"`;

const verifyBlob = (transport: Transport, { bundle, artifact, identity, trustedRoot }: Verification): string =>
  `cosign verify-blob${trust(transport, trustedRoot)} --bundle ${bundle} ${keyless(identity)} ${artifact}`;

const verifyAttestation = (transport: Transport, { bundle, artifact, identity, trustedRoot }: Verification): string =>
  `cosign verify-blob-attestation${trust(transport, trustedRoot)} --bundle ${bundle} --type slsaprovenance1 ${keyless(identity)} ${artifact}`;

const initialize = (transport: Transport): readonly Operation[] =>
  transport === "files"
    ? []
    : [{ name: "initialize", run: 'cosign initialize --mirror "$M" --root root.json --root-checksum "$ROOT_SHA256"' }];

function blobs(transport: Transport): readonly Operation[] {
  const token = `-y --identity-token token.txt${services(transport)}`;
  return [
    { name: "sign-blob", shows: "sign", run: `cosign sign-blob ${token} --bundle bundle.json README.md` },
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
      run: `cosign attest-blob ${token} --predicate predicate.json --type slsaprovenance1 --bundle attestation.json README.md`,
    },
    {
      name: "verify-blob-attestation",
      shows: "verify attestation",
      run: verifyAttestation(transport, { ...PLAIN, bundle: "attestation.json" }),
    },
    {
      name: "reject an attestation of another artifact",
      run: verifyAttestation(transport, { ...PLAIN, bundle: "attestation.json", artifact: "other.txt" }),
      refusedWith: /artifact digests do not match/,
    },
  ];
}

function keyPair(transport: Transport): readonly Operation[] {
  const verify = (key: string): string =>
    `cosign verify-blob${trust(transport)} --key ${key} --bundle key-bundle.json README.md`;
  return [
    { name: "generate-key-pair", run: "COSIGN_PASSWORD=secret cosign generate-key-pair" },
    {
      name: "sign-blob with a key pair",
      run: `COSIGN_PASSWORD=secret cosign sign-blob -y --key cosign.key${services(transport)} --bundle key-bundle.json README.md`,
    },
    { name: "verify-blob with a key pair", run: verify("cosign.pub") },
    { name: "reject another key", run: verify("other.pub"), refusedWith: /does not match expected root/ },
  ];
}

function images(transport: Transport): readonly Operation[] {
  const token = `-y --identity-token token.txt${services(transport)}`;
  const image = '"$IMAGE"';
  const verify = `cosign verify${trust(transport)}`;
  return [
    {
      name: "push an image (crane)",
      run: 'tar -cf layer.tar README.md && crane append --oci-empty-base -f layer.tar -t "$REGISTRY/app:$TRANSPORT" > pushed.txt',
    },
    { name: "sign an image", run: `IMAGE=$(tail -n 1 pushed.txt); cosign sign ${token} ${image}` },
    { name: "verify an image", run: `IMAGE=$(tail -n 1 pushed.txt); ${verify} ${keyless('"$I"')} ${image}` },
    {
      name: "reject an image of another identity",
      run: `IMAGE=$(tail -n 1 pushed.txt); ${verify} ${keyless('"$OTHER"')} ${image}`,
      refusedWith: /expected SAN value/,
    },
    {
      name: "attest an image",
      run: `IMAGE=$(tail -n 1 pushed.txt); cosign attest ${token} --predicate predicate.json --type slsaprovenance1 ${image}`,
    },
    {
      name: "verify-attestation of an image",
      run: `IMAGE=$(tail -n 1 pushed.txt); cosign verify-attestation${trust(transport)} --type slsaprovenance1 ${keyless('"$I"')} ${image}`,
    },
    {
      name: "reject an image that nobody signed",
      run: `tar -cf other.tar other.txt && IMAGE=$(crane append --oci-empty-base -f other.tar -t "$REGISTRY/other:$TRANSPORT"); ${verify} ${keyless('"$I"')} ${image}`,
      refusedWith: /no signatures found/,
    },
  ];
}

export const COSIGN: Client = {
  name: "cosign",
  signs: "files, images",
  tool: "cosign",
  beside: ["crane"],
  about:
    "Files, attestations and images; keyless, or with a key pair that the log lists. cosign verifies with sigstore-go. Its conformance program first runs `initialize` against the public instance, with no way to choose another (`cmd/conformance/main.go:144-155`), so the suite runs the commands themselves.",
  transports: ["files", "tuf"],
  setUp: initialize,
  operations: (transport) => [...blobs(transport), ...keyPair(transport), ...images(transport)],
  conformance: {
    sign: (transport, bundle) =>
      `cosign sign-blob -y --identity-token token.txt${services(transport)} --bundle ${bundle} README.md`,
    attest: (transport, bundle) =>
      `cosign attest-blob -y --identity-token token.txt${services(transport)} --statement statement.json --bundle ${bundle}`,
    verify: verifyBlob,
    verifyAttestation: verifyBlob,
  },
};
