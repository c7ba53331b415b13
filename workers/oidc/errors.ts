// SPDX-License-Identifier: Apache-2.0
// Why a sign-in cannot go on. All of these reach a person, as pages (pages/error-page.ts).

import type { UnreturnableError } from "../../shared/oauth/request/authorization-request.ts";
import type { ConnectorError } from "./connectors/connector.ts";

/** An error that a page shows. */
export type SignInError =
  | UnreturnableError
  /** No connector is configured. */
  | { readonly code: "sign_in_off" }
  /** The request would be refused with this description, and there is no address to send it to. */
  | { readonly code: "request_unanswerable"; readonly description: string }
  /** The sealed request would be longer than providers take. */
  | { readonly code: "request_too_long" }
  | { readonly code: "out_of_band_off" }
  | { readonly code: "device_off" }
  | { readonly code: "connector_unknown" }
  /** The sealed request is not ours, or was changed. */
  | { readonly code: "sign_in_broken" }
  | { readonly code: "sign_in_expired" }
  /** The cookie is not that of the browser in which the sign-in began. */
  | { readonly code: "browser_changed" }
  | { readonly code: "origin_foreign" }
  | { readonly code: "form_invalid"; readonly problem: string }
  | { readonly code: "device_over" }
  | { readonly code: "device_network_differs" }
  | { readonly code: "sign_in_cancelled" }
  | { readonly code: "sign_ins_limited" }
  | { readonly code: "sign_in_failed"; readonly requestId: string }
  | { readonly code: "connector_failed"; readonly connector: string; readonly cause: ConnectorError };
