// SPDX-License-Identifier: Apache-2.0
// An SSH agent with one Ed25519 key, in this process: litewitness signs through an agent only.
// Spec: https://datatracker.ietf.org/doc/draft-ietf-sshm-ssh-agent/ §3.2, §3.6

import { createHash, type KeyObject, sign } from "node:crypto";
import { createServer, type Socket } from "node:net";

const KEY_TYPE = Buffer.from("ssh-ed25519");
const FAILURE = 5;
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;

export interface SshAgent {
  /** `SHA256:…`, as ssh-keygen prints it. */
  readonly fingerprint: string;
  readonly stop: () => void;
}

/** Listens on a Unix socket at `path`. */
export async function startSshAgent(path: string, privateKey: KeyObject, publicKey: Uint8Array): Promise<SshAgent> {
  const blob = Buffer.concat([string(KEY_TYPE), string(publicKey)]);
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = answerAll(socket, Buffer.concat([received, chunk]), (message) => answer(message, blob, privateKey));
    });
    // Tests kill the peer.
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const digest = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
  return { fingerprint: `SHA256:${digest}`, stop: () => void server.close() };
}

/** Answers every complete message; returns the rest. */
function answerAll(socket: Socket, received: Buffer, answerTo: (message: Buffer) => Buffer): Buffer {
  let rest = received;
  while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
    const end = 4 + rest.readUInt32BE();
    socket.write(string(answerTo(rest.subarray(4, end))));
    rest = rest.subarray(end);
  }
  return rest;
}

function answer(message: Buffer, blob: Buffer, privateKey: KeyObject): Buffer {
  if (message[0] === REQUEST_IDENTITIES) {
    return Buffer.concat([Buffer.of(IDENTITIES_ANSWER), uint32(1), string(blob), string(Buffer.from("witness"))]);
  }
  if (message[0] !== SIGN_REQUEST || !readString(message, 1).equals(blob)) return Buffer.of(FAILURE);
  const data = readString(message, 1 + 4 + blob.length);
  const signature = Buffer.concat([string(KEY_TYPE), string(sign(null, data, privateKey))]);
  return Buffer.concat([Buffer.of(SIGN_RESPONSE), string(signature)]);
}

const readString = (message: Buffer, at: number): Buffer => message.subarray(at + 4, at + 4 + message.readUInt32BE(at));

/** Encodes a length of four bytes, then the bytes. */
const string = (bytes: Uint8Array): Buffer => Buffer.concat([uint32(bytes.length), bytes]);

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}
