// SPDX-License-Identifier: Apache-2.0
// Ways to write one valid request for a certificate, and ways to break its envelope: what clients send, and what
// protobuf JSON accepts or rejects.

interface Parts {
  readonly token: string;
  /** The public key, PEM. */
  readonly content: string;
  /** Base64. */
  readonly proof: string;
}

interface Spelt {
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Spelling = (parts: Parts) => Spelt;

const credentials = ({ token }: Parts): object => ({ oidcIdentityToken: token });
const keyRequest = ({ content, proof }: Parts): object => ({ publicKey: { content }, proofOfPossession: proof });
/** The usual request with changed members. */
const withMembers = (parts: Parts, change: object): object => ({
  credentials: credentials(parts),
  publicKeyRequest: keyRequest(parts),
  ...change,
});
const withoutToken = (parts: Parts): object => ({ publicKeyRequest: keyRequest(parts) });

const algorithms = ["ECDSA", "RSA", "", "ecdsa", 2, 99, null].map((algorithm): [string, Spelling] => [
  `algorithm ${JSON.stringify(algorithm)}`,
  (parts) => ({
    body: withMembers(parts, {
      publicKeyRequest: { publicKey: { algorithm, content: parts.content }, proofOfPossession: parts.proof },
    }),
  }),
]);

export const SPELLINGS: readonly (readonly [string, Spelling])[] = [
  ["the usual spelling", (parts) => ({ body: withMembers(parts, {}) })],
  [
    "snake case",
    ({ token, content, proof }) => ({
      body: {
        credentials: { oidc_identity_token: token },
        public_key_request: { public_key: { content }, proof_of_possession: proof },
      },
    }),
  ],
  [
    "the token in the header",
    (parts) => ({ body: withoutToken(parts), headers: { authorization: `Bearer ${parts.token}` } }),
  ],
  [
    "the token in the header without its scheme",
    (parts) => ({ body: withoutToken(parts), headers: { authorization: parts.token } }),
  ],
  [
    "another token in the header",
    (parts) => ({ body: withMembers(parts, {}), headers: { authorization: "Bearer x" } }),
  ],
  ...algorithms,
  [
    "unknown members",
    (parts) => ({
      body: withMembers(parts, {
        extra: [1, { a: null }],
        credentials: { ...credentials(parts), more: 1 },
        publicKeyRequest: { ...keyRequest(parts), x: {} },
      }),
    }),
  ],
  ["null for the other key", (parts) => ({ body: withMembers(parts, { certificateSigningRequest: null }) })],
  [
    "url-safe base64 without padding",
    (parts) => {
      const proof = Buffer.from(parts.proof, "base64").toString("base64url");
      return { body: withMembers(parts, { publicKeyRequest: keyRequest({ ...parts, proof }) }) };
    },
  ],
  [
    "a request for PEM",
    (parts) => ({
      body: withMembers(parts, {}),
      headers: { accept: "application/pem-certificate-chain", "content-type": "text/plain" },
    }),
  ],
  ["both keys", (parts) => ({ body: withMembers(parts, { certificateSigningRequest: "AAAA" }) })],
  ["a member in both cases", (parts) => ({ body: withMembers(parts, { public_key_request: {} }) })],
  [
    "a key that is a number",
    (parts) => ({ body: withMembers(parts, { publicKeyRequest: { publicKey: { content: 5 } } }) }),
  ],
  [
    "a proof that is not base64",
    (parts) => ({ body: withMembers(parts, { publicKeyRequest: keyRequest({ ...parts, proof: "%" }) }) }),
  ],
  ["no key", (parts) => ({ body: { credentials: credentials(parts) } })],
  ["no token", (parts) => ({ body: withoutToken(parts) })],
  ["an empty body", () => ({ body: "" })],
  ["a list", () => ({ body: "[]" })],
  ["truncated JSON", () => ({ body: '{"credentials":' })],
  // Ours rejects it for its size, Fulcio for what it holds: 4 MiB is its limit.
  ["more than 64 KiB", () => ({ body: " ".repeat(64 * 1024 + 1) })],
];
