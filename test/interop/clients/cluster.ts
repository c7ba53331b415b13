// SPDX-License-Identifier: Apache-2.0
// The controllers that decide in a cluster which images run: policy-controller and Flux. Each is called by a program of
// ours over its libraries, with the objects of docs/integrations/kubernetes.md; cosign signs the images.

import type { Client, Operation } from "./client.ts";
import { changeCommand, readPageBlock } from "./page.ts";

const PAGE = "kubernetes.md";
const ISSUER = "https://HOST/oidc";
const SIGN_BUNDLE = readPageBlock(PAGE, "Sign an image");
const SIGN_V1 = readPageBlock(PAGE, "Sign for policy-controller");
/** The same command for an attestation. */
const attest = (sign: string): string =>
  changeCommand(sign, "cosign sign -y", "cosign attest -y --predicate predicate.json --type slsaprovenance1");

/** Images by the way in which they are signed. */
type Image = "bundle" | "v1" | "unlogged" | "unsigned";
const IMAGES: readonly Image[] = ["bundle", "v1", "unlogged", "unsigned"];

const push = (repository: string, image: Image): string =>
  `echo ${image} > ${image}.layer && tar -cf ${image}.tar ${image}.layer && crane append --oci-empty-base -f ${image}.tar -t "$REGISTRY/${repository}/${image}" > ${image}.txt`;

/** Runs commands with the image in `$IMAGE`. */
const withImage = (image: Image, commands: string): string => `IMAGE=$(tail -n 1 ${image}.txt)\n${commands}`;

/** Pushes the images of a client, and signs them. */
const makeImages = (repository: string): readonly Operation[] => [
  { name: "push images (crane)", run: IMAGES.map((image) => push(repository, image)).join("\n") },
  { name: "sign an image (cosign)", run: withImage("bundle", SIGN_BUNDLE) },
  { name: "sign an image (cosign, Rekor v1)", run: withImage("v1", SIGN_V1) },
  { name: "attest the image (cosign, Rekor v1)", run: withImage("v1", attest(SIGN_V1)) },
  {
    name: "sign an image without a log (cosign)",
    run: withImage(
      "unlogged",
      `node -p 'const c = JSON.parse(fs.readFileSync("signing_config.json")); delete c.rekorTlogUrls; delete c.rekorTlogConfig; JSON.stringify(c)' > unlogged.json
cosign sign -y --identity-token token.txt --trusted-root trusted_root.json --signing-config unlogged.json "$IMAGE"
cosign sign -y --identity-token token.txt --trusted-root trusted_root.json --new-bundle-format=false --use-signing-config=false --tlog-upload=false --fulcio-url "$S" "$IMAGE"`,
    ),
  },
];

/** Asks a controller about an image, with these objects. */
const ask = (program: string, image: Image, objects: string): string =>
  `cat > objects.yaml <<END\n${objects}\nEND\n${withImage(image, `${program} "$IMAGE" objects.yaml`)}`;

const IDENTITY = /none of the expected identities matched|expected SAN value|expected issuer value/;

function policyController(): readonly Operation[] {
  const root = `$(${readPageBlock(PAGE, "Get the root")})`;
  const policy = changeCommand(readPageBlock(PAGE, "policy-controller", "yaml"), "TUF_ROOT", root);
  const attested = changeCommand(
    policy,
    "      ctlog:",
    "      attestations: [{ name: provenance, predicateType: https://slsa.dev/provenance/v1 }]\n      ctlog:",
  );
  const bundles = changeCommand(
    changeCommand(policy, "    - name: alice", "    - name: alice\n      signatureFormat: bundle"),
    "      ctlog:",
    "      attestations: [{ name: signature, predicateType: https://sigstore.dev/cosign/sign/v1 }]\n      ctlog:",
  );
  const decide = (image: Image, objects: string): string => ask("policy-controller", image, objects);
  const unsigned = /no signatures found/;
  return [
    ...makeImages("policy-controller"),
    { name: "admit a signed image", shows: "verify", run: decide("v1", policy) },
    {
      name: "reject another identity",
      run: decide("v1", changeCommand(policy, "alice@example.com", "bob@example.com")),
      refusedWith: IDENTITY,
    },
    {
      name: "reject another issuer",
      run: decide("v1", changeCommand(policy, ISSUER, "https://HOST/other")),
      refusedWith: IDENTITY,
    },
    { name: "reject an unsigned image", run: decide("unsigned", policy), refusedWith: unsigned },
    {
      name: "reject a signature that no log has",
      run: decide("unlogged", policy),
      refusedWith: /signature not found in transparency log/,
    },
    { name: "admit an attested image", shows: "verify attestation", run: decide("v1", attested) },
    {
      name: "reject another predicate",
      run: decide("v1", changeCommand(attested, "provenance/v1", "provenance/v0.2")),
      refusedWith: /no matching attestations/,
    },
    {
      name: "admit an image with a bundle",
      run: decide("bundle", bundles),
      refusedWith: /not enough verified log entries/,
      because:
        "its reconciler stores the ids of logs as hexadecimal text, by which sigstore-go finds no log: `pkg/reconciler/trustroot/trustroot.go:98` of policy-controller 0.15.1",
    },
  ];
}

export const POLICY_CONTROLLER: Client = {
  name: "policy-controller",
  tool: "policy-controller",
  signs: "images in Kubernetes",
  beside: ["crane", "cosign"],
  about:
    "Sigstore's admission controller, by its libraries: `test/interop/tools/policy-controller/main.go` stores the keys as its reconciler does and verifies as its webhook does. It is built with the dependencies of cosign 3.1. [How to use it](integrations/kubernetes.md).",
  transports: ["tuf"],
  operations: policyController,
};

function flux(): readonly Operation[] {
  const objects = changeCommand(
    readPageBlock(PAGE, "Flux", "yaml"),
    "TRUSTED_ROOT",
    "$(sed '2,$s/^/    /' trusted_root.json)",
  );
  const decide = (image: Image, text = objects): string => ask("flux", image, text);
  const forge = (name: string, from: string, to: string, refusedWith: RegExp): readonly Operation[] =>
    (["bundle", "v1"] as const).map((image) => ({
      name: `reject ${name}${image === "v1" ? " (Rekor v1)" : ""}`,
      run: decide(image, changeCommand(objects, from, to)),
      refusedWith,
    }));
  return [
    ...makeImages("flux"),
    { name: "verify an image", shows: "verify", run: decide("bundle") },
    { name: "verify an image (Rekor v1)", run: decide("v1") },
    ...forge("another identity", "^alice", "^bob", IDENTITY),
    ...forge("another issuer", "HOST/oidc", "HOST/other", IDENTITY),
    ...forge(
      "another instance's root",
      "' trusted_root",
      "' other_root",
      /not enough verified log entries|rekor log public key not found/,
    ),
    { name: "reject an unsigned image", run: decide("unsigned"), refusedWith: /no signatures found/ },
    {
      name: "reject a signature that no log has",
      run: decide("unlogged"),
      refusedWith: /not enough verified log entries/,
    },
  ];
}

export const FLUX: Client = {
  name: "Flux",
  tool: "flux",
  signs: "images in Kubernetes",
  beside: ["crane", "cosign"],
  about:
    "The verifier of Flux's source-controller, which it keeps internal: `test/interop/tools/flux/main.go` calls it as the controller does. It is built with the dependencies of cosign 3.1. [How to use it](integrations/kubernetes.md).",
  transports: ["files"],
  operations: flux,
};
