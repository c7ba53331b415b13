// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { r2Objects } from "./r2-objects.ts";

/** Answers as R2 does: null for a failed precondition, an object otherwise. */
function bucket(): { readonly held: Map<string, Uint8Array>; readonly r2: R2Bucket } {
  const held = new Map<string, Uint8Array>();
  const r2 = {
    get: async (key: string) => {
      const bytes = held.get(key);
      return await Promise.resolve(bytes === undefined ? null : { arrayBuffer: () => new Uint8Array(bytes).buffer });
    },
    put: async (key: string, bytes: Uint8Array, options?: R2PutOptions) => {
      const onlyIf = options?.onlyIf as R2Conditional | undefined;
      if (onlyIf?.etagDoesNotMatch === "*" && held.has(key)) return await Promise.resolve(null);
      held.set(key, bytes);
      return {};
    },
    /** Two keys per page. */
    list: async ({ prefix = "", cursor = "" }: R2ListOptions) => {
      const keys = [...held.keys()].filter((key) => key.startsWith(prefix) && key > cursor).toSorted();
      const page = keys.slice(0, 2);
      const isMore = keys.length > page.length;
      return await Promise.resolve({ objects: page.map((key) => ({ key })), truncated: isMore, cursor: page.at(-1) });
    },
    delete: async (key: string) => await Promise.resolve(void held.delete(key)),
  };
  return { held, r2: r2 as unknown as R2Bucket };
}

it("creates an object once and never replaces it", async () => {
  const { held, r2 } = bucket();
  const objects = r2Objects(r2);
  expect(await objects.get("a")).toBeNull();
  expect(await objects.create("a", Uint8Array.of(1))).toBe(true);
  expect(await objects.create("a", Uint8Array.of(2))).toBe(false);
  expect(await objects.get("a")).toEqual(Uint8Array.of(1));
  expect(held.size).toBe(1);
});

it("passes on the bucket's errors, so that a failed read is not an empty store", async () => {
  const away = (): Promise<never> => Promise.reject(new Error("away"));
  const objects = r2Objects({ get: away, put: away, list: away, delete: away });
  await expect(objects.get("a")).rejects.toThrow("away");
  await expect(objects.create("a", Uint8Array.of(1))).rejects.toThrow("away");
  await expect(objects.list("a")).rejects.toThrow("away");
  await expect(objects.remove("a")).rejects.toThrow("away");
});

it("lists every page of what begins so, and removes one", async () => {
  const objects = r2Objects(bucket().r2);
  const keys = ["a/1", "a/2", "a/3", "a/4", "a/5"];
  for (const key of ["b/1", ...keys]) await objects.create(key, Uint8Array.of(1));
  expect(await objects.list("a/")).toEqual(keys);
  await objects.remove("a/3");
  await objects.remove("a/3");
  expect(await objects.list("a/")).toEqual(keys.filter((key) => key !== "a/3"));
  expect(await objects.list("c/")).toEqual([]);
});
