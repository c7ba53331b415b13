// SPDX-License-Identifier: Apache-2.0
// Reads the body of a form.

import { decodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";
import { readBody } from "./body.ts";

/** The body is no form. `problem` completes "the form …". */
export interface FormError {
  readonly code: "form_invalid";
  readonly problem: string;
}

const FORM_TYPE = "application/x-www-form-urlencoded";

/** Reads a form of at most `maxBodyBytes`. Fails with form_invalid. */
export async function readForm(request: Request, maxBodyBytes: number): Promise<Result<URLSearchParams, FormError>> {
  const [type = ""] = (request.headers.get("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== FORM_TYPE) return refuse(`must have the type ${FORM_TYPE}`);
  const body = await readBody(request, maxBodyBytes);
  if (!body.ok) {
    return refuse(body.error.code === "body_too_large" ? `is longer than ${maxBodyBytes} bytes` : "ends too early");
  }
  const text = decodeUtf8(body.value);
  return text.ok ? ok(new URLSearchParams(text.value)) : refuse("is not UTF-8");
}

const refuse = (problem: string): Result<never, FormError> => err({ code: "form_invalid", problem });
