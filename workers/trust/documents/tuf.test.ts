// SPDX-License-Identifier: Apache-2.0
// Clients read the repository through several isolates while it signs new documents.

import { describe, expect, it } from "vitest";
import type { TufView } from "../../../shared/rpc/tuf-repository.ts";
import type { Config } from "../env.ts";
import { readTuf, serveTufDocument } from "./tuf.ts";

const HASH = "ab".repeat(32);

/** The repository after some changes: each change makes a new timestamp, snapshot and targets. */
class Repository {
  version = 1;
  calls = 0;

  view(): TufView {
    const { version } = this;
    const documents = {
      "1.root.json": "root 1",
      "timestamp.json": `timestamp ${version}`,
      [`${version}.snapshot.json`]: `snapshot ${version}`,
      [`${version}.targets.json`]: `targets ${version}`,
      [`targets/${HASH}.${version}.json`]: `file ${version}`,
    };
    return { kind: "serving", problems: [], rootVersion: 1, documents, targets: {}, expiries: [] };
  }

  /** An isolate with its own cache. */
  isolate(): Config {
    const serveTuf = async (): Promise<TufView> => {
      this.calls++;
      const view = this.view();
      await Promise.resolve();
      return view;
    };
    return { serveTuf } as unknown as Config;
  }
}

const get = (isolate: Config, path: string): Promise<Response> =>
  serveTufDocument(new Request(`https://trust.example/tuf/${path}`), isolate);
const textOf = async (isolate: Config, path: string): Promise<string> => (await get(isolate, path)).text();

describe("two isolates", () => {
  it("never serve a timestamp that goes back, whatever their caches hold", async () => {
    const repository = new Repository();
    const [a, b] = [repository.isolate(), repository.isolate()];
    await readTuf(a, Date.now());
    await readTuf(b, Date.now());
    for (const isolate of [b, a, b, a]) {
      repository.version++;
      expect(await textOf(isolate, "timestamp.json")).toBe(`timestamp ${repository.version}`);
    }
  });

  it("serve everything that a timestamp of the other leads to", async () => {
    const repository = new Repository();
    const [a, b] = [repository.isolate(), repository.isolate()];
    for (const file of ["snapshot.json", "targets.json", "file"]) {
      await readTuf(a, Date.now());
      repository.version++;
      const { version } = repository;
      expect(await textOf(b, "timestamp.json")).toBe(`timestamp ${version}`);
      const path = file === "file" ? `targets/${HASH}.${version}.json` : `${version}.${file}`;
      expect((await get(a, path)).status).toBe(200);
    }
  });

  it("answer 404 for the root after the newest without asking the repository each time", async () => {
    const repository = new Repository();
    const isolate = repository.isolate();
    for (let i = 0; i < 5; i++) expect((await get(isolate, "2.root.json")).status).toBe(404);
    expect(repository.calls).toBe(1);
  });
});

describe("many readers of one isolate", () => {
  it("share one call, and none gets a view from before the request", async () => {
    const repository = new Repository();
    const isolate = repository.isolate();
    const first = textOf(isolate, "timestamp.json");
    repository.version++;
    const later = Array.from({ length: 50 }, () => textOf(isolate, "timestamp.json"));
    expect(await first).toBe("timestamp 1");
    expect(new Set(await Promise.all(later))).toEqual(new Set(["timestamp 2"]));
    expect(repository.calls).toBe(2);
  });

  it("get an answer after a call that failed", async () => {
    const repository = new Repository();
    let calls = 0;
    const isolate = {
      serveTuf: async () => {
        if (calls++ === 0) throw new Error("the platform failed");
        return repository.view();
      },
    } as unknown as Config;
    const [first, second] = [get(isolate, "timestamp.json"), get(isolate, "timestamp.json")];
    await expect(first).rejects.toThrow("the platform failed");
    expect(await (await second).text()).toBe("timestamp 1");
  });
});
