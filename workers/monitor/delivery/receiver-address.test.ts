// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { receiverProblem } from "./receiver-address.ts";

const OUTSIDE = { ownHosts: ["sign.example.com"], allowsLoopback: false };
const LOCAL = { ownHosts: ["localhost:8787"], allowsLoopback: true };

describe("an address that messages may go to", () => {
  it.each([
    "https://hooks.example.com/x",
    "https://hooks.example.com:8443/x?y=1",
    "https://xn--bcher-kva.example.org/",
  ])("%s", (address) => expect(receiverProblem(address, OUTSIDE)).toBe(null));

  it.each(["http://127.0.0.1:3000/hook", "http://localhost:3000/", "https://hooks.example.com/"])(
    "%s, of a local stack",
    (address) => expect(receiverProblem(address, LOCAL)).toBe(null),
  );
});

describe("an address that none may go to", () => {
  it.each([
    ["x", "is not a URL"],
    ["http://hooks.example.com/", "must start with https://"],
    ["ftp://hooks.example.com/", "must start with https://"],
    ["https://user:secret@hooks.example.com/", "must not contain a user name or password"],
    ["https://sign.example.com/watch", "is this deployment's own"],
    ["https://sign.example.com.:8443/watch", "is this deployment's own"],
    ["https://hooks.example.com/#x", "must not have a fragment"],
    ["https://localhost/", "is a loopback address, for development only"],
    ["https://127.0.0.1/", "is a loopback address, for development only"],
    ["https://0x7f.1/", "is a loopback address, for development only"],
    ["https://[::1]/", "is a loopback address, for development only"],
    ["https://10.0.0.1/", "must have a public host name"],
    ["https://169.254.169.254/latest/meta-data/", "must have a public host name"],
    ["https://2852039166/", "must have a public host name"],
    ["https://[fd00::1]/", "must have a public host name"],
    ["https://[::ffff:10.0.0.1]/", "must have a public host name"],
    ["https://0.0.0.0/", "is a loopback address, for development only"],
    ["https://100.64.0.1/", "must have a public host name"],
    ["https://012.0.0.1/", "must have a public host name"],
    ["https://0xa.1/", "must have a public host name"],
    ["https://167772161/", "must have a public host name"],
    // Digits of another script are digits of an address: UTS #46 maps them.
    ["https://①⓪.0.0.1/", "must have a public host name"],
    ["https://127。0。0。1/", "is a loopback address, for development only"],
    ["https://[::]/", "is a loopback address, for development only"],
    ["https://[fe80::1]/", "must have a public host name"],
    ["https://[::ffff:a00:1]/", "must have a public host name"],
    ["https://[64:ff9b::a00:1]/", "must have a public host name"],
    ["https://[2002:a00:1::]/", "must have a public host name"],
    ["https://[2606:4700::1111]/", "must have a public host name"],
    ["https://hook.localhost/", "is a loopback address, for development only"],
    ["https://intranet/", "must have a public host name"],
    ["https://metadata.google.internal/", "must have a public host name"],
    ["https://printer.local/", "must have a public host name"],
    ["https://printer.local./", "must have a public host name"],
  ])("%s", (address, problem) => expect(receiverProblem(address, OUTSIDE)).toBe(problem));
});
