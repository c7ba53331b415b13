// SPDX-License-Identifier: Apache-2.0
// A stack at which two teams watch one name, each with a receiver of webhooks on this machine.

import { requestCertificateFor } from "../authority/request-certificate.ts";
import { artifactRequest, clientKey, postEntry } from "../logs/log-client.ts";
import { startStack, type TestStack } from "../process/stack.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

/** A running stack with its receiver. */
export interface WatchedStack {
  readonly stack: TestStack;
  readonly receiver: Receiver;
  /** Signs in a name. Returns the index in the signature log. */
  readonly signAs: (email: string, artifact: string) => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** Starts both: the teams `alice`, and `releases`, which expects pushes, watch this name. */
export async function startWatchedStack(name: string): Promise<WatchedStack> {
  const receiver = await startReceiver();
  const tell = { webhook: receiver.url, secret: "HOOK" };
  const stack = await startStack({
    vars: {
      WATCHES: JSON.stringify([
        { id: "alice", name, tell },
        { id: "releases", name, expected: { event: ["push"] }, tell },
      ]),
      WATCH_SECRETS: JSON.stringify({ HOOK: receiver.secret }),
    },
  });
  return {
    stack,
    receiver,
    signAs: async (email, artifact) => {
      const key = clientKey();
      const certificate = await requestCertificateFor(stack, { key, email });
      const entry = await postEntry(stack.url, artifactRequest(key, artifact, certificate));
      return Number(entry.logIndex);
    },
    stop: async () => {
      await stack.stop();
      await receiver.stop();
    },
  };
}
