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

/** With `--rekor-url`, an entry of the Rekor v1 log in a bundle: it has a time, and needs no timestamp. */
function rekorV1(transport: Transport): readonly Operation[] {
  const token = '-y --identity-token token.txt --use-signing-config=false --fulcio-url "$S" --rekor-url "$S"';
  const bundle: Verification = { ...PLAIN, bundle: "v1.json" };
  const image = "IMAGE=$(tail -n 1 pushed-v1.txt); ";
  const ofImage = (verb: string, identity: string): string =>
    `${image}cosign ${verb}${trust(transport)} ${keyless(identity)} "$IMAGE"`;
  return [
    {
      name: "sign-blob (Rekor v1)",
      run: `cosign sign-blob ${token}${trust(transport)} --bundle v1.json README.md`,
    },
    { name: "verify-blob (Rekor v1)", run: verifyBlob(transport, bundle) },
    {
      name: "reject another identity (Rekor v1)",
      run: verifyBlob(transport, { ...bundle, identity: '"$OTHER"' }),
      refusedWith: /expected SAN value/,
    },
    {
      name: "reject a changed time (Rekor v1)",
      run: `sed 's/"integratedTime":"1/"integratedTime":"2/' v1.json > v1-changed.json; ${verifyBlob(transport, { ...bundle, bundle: "v1-changed.json" })}`,
      refusedWith: /not enough verified log entries/,
    },
    {
      name: "attest-blob (Rekor v1)",
      run: `cosign attest-blob ${token}${trust(transport)} --predicate predicate.json --type slsaprovenance1 --bundle v1-attestation.json README.md`,
    },
    {
      name: "verify-blob-attestation (Rekor v1)",
      run: verifyAttestation(transport, { ...bundle, bundle: "v1-attestation.json" }),
    },
    {
      name: "sign an image (Rekor v1)",
      run: `tar -cf v1.tar README.md && crane append --oci-empty-base -f v1.tar -t "$REGISTRY/rekor-v1:$TRANSPORT" > pushed-v1.txt && ${image}cosign sign ${token}${trust(transport)} "$IMAGE"`,
    },
    { name: "verify an image (Rekor v1)", run: ofImage("verify", '"$I"') },
    {
      name: "reject another identity's image (Rekor v1)",
      run: ofImage("verify", '"$OTHER"'),
      refusedWith: /expected SAN value/,
    },
    {
      name: "attest an image (Rekor v1)",
      run: `${image}cosign attest ${token}${trust(transport)} --predicate predicate.json --type slsaprovenance1 "$IMAGE"`,
    },
    {
      name: "verify-attestation (Rekor v1)",
      run: ofImage("verify-attestation --type slsaprovenance1", '"$I"'),
    },
  ];
}

export const COSIGN: Client = {
  name: "cosign",
  signs: "files, images",
  tool: "cosign",
  beside: ["crane"],
  about:
    "Files, attestations and images; keyless, or with a key pair that the log lists; in the signature log, or in the Rekor v1 log with `--rekor-url`. cosign verifies with sigstore-go. Its conformance program first runs `initialize` against the public instance, with no way to choose another (`cmd/conformance/main.go:144-155`), so the suite runs the commands themselves.",
  transports: ["files", "tuf"],
  setUp: initialize,
  operations: (transport) => [...blobs(transport), ...keyPair(transport), ...images(transport), ...rekorV1(transport)],
  conformance: {
    sign: (transport, bundle) =>
      `cosign sign-blob -y --identity-token token.txt${services(transport)} --bundle ${bundle} README.md`,
    attest: (transport, bundle) =>
      `cosign attest-blob -y --identity-token token.txt${services(transport)} --statement statement.json --bundle ${bundle}`,
    verify: verifyBlob,
    verifyAttestation: verifyBlob,
  },
};
