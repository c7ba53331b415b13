// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import type { Signer } from "../facts/signer.ts";
import { nameSubjectFirst } from "./identity-parts.ts";

const PERSON: Signer = { kind: "person", identity: "", issuer: null, build: {}, workflow: null };

it.each([
  ["", "An unnamed signer"],
  ["alice@example.com", "alice@example.com"],
  ["the builder", "the builder"],
  ["an engineer", "an engineer"],
])("an identity keeps its spelling at the beginning of a sentence: %j", (identity, sentence) => {
  expect(nameSubjectFirst({ ...PERSON, identity })).toBe(sentence);
});
