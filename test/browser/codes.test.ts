// SPDX-License-Identifier: Apache-2.0
// A program without a browser of its own signs a person in, in Chromium: with a code that the person copies into it,
// and with a code that it shows.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Program } from "../support/sign-in/program.ts";
import { inspect } from "./inspection.ts";
import type { Person } from "./person.ts";
import { ALICE, claimsOf, openScene, type Scene } from "./scene.ts";

let scene: Scene;
let alice: Person;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.stop());
beforeEach(async () => {
  alice = await scene.invite();
});
afterEach(async () => {
  scene.clear();
  await alice.leave();
});

describe("a code that the person copies", () => {
  async function begin(): Promise<Program> {
    const program = await scene.start("-no-browser");
    const [, url = ""] = await program.says(/Go to the following link in a browser:\s+(\S+)/);
    await alice.open(url);
    await alice.choose("development");
    await alice.signInAtDevelopment(ALICE);
    return program;
  }

  it("gives the program a token", async () => {
    const program = await begin();
    await inspect(alice.page, "confirm-terminal");
    await alice.grant();
    await inspect(alice.page, "code");
    const [code = ""] = /^[\w-]{22}$/m.exec(await alice.text()) ?? [];
    program.type(code);
    expect(await claimsOf(program)).toMatchObject(scene.granted("development"));
    expect(alice.complaints).toStrictEqual([]);
  });

  it("is refused if it is another one", async () => {
    const program = await begin();
    await alice.grant();
    program.type("A".repeat(22));
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringContaining('"invalid_grant" "the code is unknown')]);
  });

  it("is not made if the person cancels", async () => {
    const program = await begin();
    await alice.refuse();
    await inspect(alice.page, "cancelled-here");
    expect(await alice.text()).not.toMatch(/^[\w-]{22}$/m);
    program.type("");
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringMatching(/invalid_grant.*refused or cancelled/)]);
  });
});

describe("a code that a device shows", () => {
  async function begin(): Promise<{ readonly program: Program; readonly userCode: string; readonly url: string }> {
    const program = await scene.start("-device");
    const [, userCode = "", url = ""] = await program.says(/verification code (\S+) in your browser at: (http\S+)/);
    return { program, userCode, url };
  }

  it("is filled in, and gives the device a token once the person has compared it", async () => {
    const { program, userCode, url } = await begin();
    await alice.open(url);
    await inspect(alice.page, "device");
    await alice.sendUserCode();
    await alice.choose("work");
    await alice.signInAtWork(ALICE);
    await inspect(alice.page, "confirm-device");
    expect(await alice.text()).toContain(userCode);
    await alice.grant();
    await inspect(alice.page, "device-done");
    expect(await claimsOf(program)).toMatchObject(scene.granted("work"));
    expect(alice.complaints).toStrictEqual([]);
  });

  it("is not granted by clicks that another site has the person begin", async () => {
    const { program, url } = await begin();
    await alice.open(url);
    await alice.expectNoHaste("button.go");
    await alice.leave();
    alice = await scene.invite();
    await alice.open(url);
    await alice.sendUserCode();
    await alice.chooseByKey("development");
    await alice.signInAtDevelopment(ALICE);
    await alice.expectNoHaste('button[value="grant"]');
    await alice.grant();
    expect(await claimsOf(program)).toMatchObject(scene.granted("development"));
  });

  it("may be typed in small letters without its hyphen, and a wrong one is told at once", async () => {
    const { program, userCode } = await begin();
    await alice.open(`${scene.deployment.issuer}/device`);
    await alice.fill("user_code", "BBBB-BBBB");
    await alice.sendUserCode();
    await inspect(alice.page, "device-unknown");
    expect(await alice.page.$('[role="alert"]')).not.toBeNull();
    await alice.fill("user_code", userCode.toLowerCase().replace("-", ""));
    await alice.sendUserCode();
    await alice.choose("development");
    await alice.signInAtDevelopment(ALICE);
    await alice.grant();
    expect(await claimsOf(program)).toMatchObject(scene.granted("development"));
    expect(alice.complaints).toStrictEqual([]);
  });

  it("is refused by a person who cannot sign in, and the device is told", async () => {
    const { program, url } = await begin();
    await alice.signIn(url, { connector: "work", address: "unverified@example.com" });
    await inspect(alice.page, "device-unverified");
    await alice.refuse();
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringContaining("error obtaining token: access_denied")]);
    expect(alice.complaints).toStrictEqual([]);
  });

  it("is refused by a person who did not start it, and the device is told", async () => {
    const { program, url } = await begin();
    await alice.open(url);
    await alice.sendUserCode();
    await alice.choose("development");
    await alice.signInAtDevelopment(ALICE);
    await alice.refuse();
    await inspect(alice.page, "device-refused");
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringContaining("error obtaining token: access_denied")]);
    expect(alice.complaints).toStrictEqual([]);
  });
});
