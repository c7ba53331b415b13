// SPDX-License-Identifier: Apache-2.0
// Measures an entry of Rekor v1 beside rekor-server, as released, with Trillian and MariaDB: the same entries, by the
// same clients, on the same machine. Each server runs alone while it is measured.

import { hasMariaDb, startRekor } from "../test/interop/rekor-server.ts";
import { createSigningKey } from "../test/support/authority/signing-keys.ts";
import { figure, type Row, type Section } from "./figures.ts";
import { Clients, runLoad } from "./load.ts";
import { BUDGET, CLIENTS, type Plan } from "./plan.ts";
import { makeMany, v1EntryRequest } from "./requests.ts";
import { BenchStack } from "./stack.ts";
import { percentile } from "./statistics.ts";

/** A server of Rekor v1 on this machine. */
interface Server {
  readonly name: string;
  readonly port: number;
  /** Requests that one client sends in sequence, and that many send together: a slow server gets fewer. */
  readonly sequential: number;
  readonly concurrent: number;
}

/** rekor-server takes a hundred times as long for an entry. */
const SLOWER = 8;

/** Measures both servers; ours alone where the other cannot run. */
export async function measureRekorV1(plan: Plan, progress: (line: string) => void): Promise<Section> {
  const key = createSigningKey("ecdsa-p256");
  const pem = String(key.publicObject.export({ format: "pem", type: "spki" }));
  const measure = async (
    { name, port, sequential, concurrent }: Server,
    server: { readonly stop: () => Promise<void> },
  ): Promise<Row> => {
    progress(`Rekor v1: ${name}`);
    const make = (count: number) => makeMany(count, () => v1EntryRequest(key, pem));
    const [one, many] = [new Clients(port, 1), new Clients(port, CLIENTS)];
    try {
      await runLoad(one, make(sequential / 4));
      const { latenciesMs } = await runLoad(one, make(sequential));
      const load = await runLoad(many, make(concurrent));
      return {
        name,
        figures: [
          figure("p50", percentile(latenciesMs, 0.5), "ms", BUDGET.v1LatencyP50Ms),
          figure("p99", percentile(latenciesMs, 0.99), "ms"),
          figure(`${CLIENTS} clients:`, concurrent / load.seconds, "/s"),
          figure("p99", percentile(load.latenciesMs, 0.99), "ms"),
        ],
      };
    } finally {
      one.close();
      many.close();
      await server.stop();
    }
  };
  const { sequential, concurrent } = plan;
  const stack = await BenchStack.start([key]);
  const rows = [await measure({ name: "this log", port: stack.port, sequential, concurrent }, stack)];
  if (hasMariaDb) {
    const server = await startRekor();
    const port = Number(new URL(server.url).port);
    const fewer = { sequential: sequential / SLOWER, concurrent: concurrent / SLOWER };
    rows.push(await measure({ name: "rekor-server", port, ...fewer }, server));
  }
  return {
    title: "An entry of Rekor v1 (P-256 key), beside the reference",
    notes: [
      hasMariaDb
        ? "rekor-server waits until Trillian's signer, which runs every 50 ms here, has integrated the entry; its index is in MariaDB."
        : "rekor-server was not measured: it needs Debian's mariadb-server, and the programs of `npm run test:interop`.",
    ],
    rows,
  };
}
