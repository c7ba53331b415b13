// SPDX-License-Identifier: Apache-2.0
// Checkpoints of logs that others run, under their keys, and under wrong ones.

import { describe, expect, it } from "vitest";
import rekor from "../../../test/vectors/rekor-tiles/rekor-v2-vectors.json" with { type: "json" };
import tessera from "../../../test/vectors/tessera/ct-log.json" with { type: "json" };
import { verifyHead } from "./head-check.ts";

const ofRekor = rekor.B.checkpoint;
const ofTessera = Buffer.from(tessera.files.checkpoint, "base64").toString();
const foreign = `\u2014 elsewhere ${Buffer.alloc(68, 1).toString("base64")}\n`;

describe("a head", () => {
  it.each([
    ["of a signature log", ofRekor, rekor.log.vkey],
    ["of a certificate log", ofTessera, tessera.vkey],
    ["with a witness whom nobody knows", ofRekor + foreign, rekor.log.vkey],
  ])("%s is signed", async (_, checkpoint, vkey) => expect(await verifyHead(checkpoint, [vkey])).toBe(true));

  it.each([
    ["of another size", ofRekor.replace("\n2\n", "\n3\n"), [rekor.log.vkey]],
    ["of another log", ofRekor, [tessera.vkey]],
    ["whose first key signed nothing", ofRekor, [tessera.vkey, rekor.log.vkey]],
    ["without a signature", ofRekor.replace(/\n\u2014.*/s, "\n"), [rekor.log.vkey]],
    ["with a good and a bad line of its key", ofRekor + (rekor.A.checkpoint.split("\n\n")[1] ?? ""), [rekor.log.vkey]],
    ["of a log without keys", ofRekor, []],
    ["that is no note", "", [rekor.log.vkey]],
  ])("%s is not", async (_, checkpoint, vkeys) => expect(await verifyHead(checkpoint, vkeys)).toBe(false));
});
