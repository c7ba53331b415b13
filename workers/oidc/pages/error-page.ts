// SPDX-License-Identifier: Apache-2.0
// The page of each error of a sign-in: what happened, and what to do. No page says which secret check failed.

import { quote } from "../../../shared/http/quote.ts";
import { type AnswerTable, answerByCode } from "../../../shared/http/status.ts";
import type { ConnectorError } from "../connectors/connector.ts";
import type { SignInError } from "../errors.ts";
import type { ErrorPage, Refusal } from "./page.ts";

/** The text of an error. */
type Text = Pick<ErrorPage, "status" | "title" | "lead" | "steps">;

/** Ways out of an error, where it has some. */
export interface WaysOut {
  readonly requestId: string | null;
  readonly againHref: string | null;
  readonly cancelHref: string | null;
  readonly refusal: Refusal | null;
}

/** Makes the page of an error. */
export function makeErrorPage(error: SignInError, ways: WaysOut): ErrorPage {
  const code = error.code === "connector_failed" ? error.cause.code : error.code;
  return { kind: "error", code, ...answerByCode(TEXTS, error), ...ways };
}

const START_AGAIN = "Start your program again. Nothing was signed, and nothing is public.";
const ASK_OPERATOR = "Tell whoever runs this site, with the code below.";

const TEXTS: AnswerTable<SignInError, Text> = {
  parameter_repeated: ({ parameter }) => ({
    status: 400,
    title: "This link is damaged",
    lead: `The request has the parameter ${parameter} twice.`,
    steps: [START_AGAIN],
  }),
  client_unknown: ({ clientId }) => ({
    status: 400,
    title: "Nobody here knows this program",
    lead: clientId === "" ? "The request has no client_id." : `There is no client ${quote(clientId)} here.`,
    steps: ["Give your program the client id sigstore, which is the default of every Sigstore client."],
  }),
  redirect_refused: ({ clientName, isProgram }) => ({
    status: 400,
    title: "The answer may not go to this address",
    lead: isProgram
      ? "A program gets its answer at http on localhost, 127.0.0.1 or [::1], any port and path, or as a code to copy. The request names another redirect_uri."
      : `${clientName} has a list of addresses for its answers, and the redirect_uri of this request is not among them.`,
    steps: ["If a page or a message sent you here, close this page: somebody may be trying to sign in your name."],
  }),
  sign_in_off: () => ({
    status: 404,
    title: "Nobody can sign in here",
    lead: "This deployment has no provider at which people sign in.",
    steps: [
      "Give your program an identity token, as build jobs do.",
      "Whoever runs this site can add one with npx sigedge init --connector.",
    ],
  }),
  request_unanswerable: ({ description }) => ({
    status: 400,
    title: "The request of your program is wrong",
    lead: `It says: ${description}.`,
    steps: ["Update the program, and start it again."],
  }),
  request_too_long: () => ({
    status: 400,
    title: "The request of your program is too long",
    lead: "Its redirect_uri, state and nonce are too long together.",
    steps: ["Update the program, and start it again."],
  }),
  out_of_band_off: () => ({
    status: 400,
    title: "Codes to copy are switched off here",
    lead: "Your program cannot be reached by this browser, and whoever runs this site does not allow codes that people copy.",
    steps: ["Start your program on the computer that this browser runs on."],
  }),
  device_off: () => ({
    status: 400,
    title: "Codes of other devices are switched off here",
    lead: "Whoever runs this site does not allow sign-ins by a code that another device shows.",
    steps: [
      "Start your program on a computer with a browser. A build job should get its token from its build service.",
    ],
  }),
  connector_unknown: () => ({
    status: 404,
    title: "There is no such provider here",
    lead: "The address names a provider at which nobody can sign in here.",
    steps: [START_AGAIN],
  }),
  sign_in_broken: () => ({
    status: 400,
    title: "This sign-in cannot go on",
    lead: "The address is not one that this site made, or it was changed on the way.",
    steps: [START_AGAIN],
  }),
  sign_in_expired: () => ({
    status: 400,
    title: "This sign-in took too long",
    lead: "A sign-in lasts ten minutes.",
    steps: [START_AGAIN],
  }),
  browser_changed: () => ({
    status: 400,
    title: "Another browser began this sign-in",
    lead: "A sign-in ends in the browser in which it began, and only there. This browser may also have refused or deleted the site's cookie.",
    steps: [
      "If somebody sent you the link that led here, close this page: they are trying to sign in your name.",
      "Otherwise start your program again, and allow cookies for this site.",
    ],
  }),
  origin_foreign: () => ({
    status: 403,
    title: "Another site sent this form",
    lead: "Only a page of this site may grant a sign-in.",
    steps: ["Close the page that led here.", START_AGAIN],
  }),
  form_invalid: ({ problem }) => ({
    status: 400,
    title: "This form is damaged",
    lead: `The form ${problem}.`,
    steps: ["Go back and send it again.", START_AGAIN],
  }),
  device_over: () => ({
    status: 400,
    title: "The program no longer waits",
    lead: "Its code was used already, or its five minutes are over.",
    steps: [START_AGAIN],
  }),
  device_network_differs: () => ({
    status: 403,
    title: "The program runs in another network",
    lead: "Here, a code counts only if the program that shows it and this browser are in the same network.",
    steps: [
      "If somebody sent you the code, close this page: they are trying to sign in your name.",
      "Otherwise connect this browser to the network of the program, or start the program on this computer.",
    ],
  }),
  sign_in_cancelled: () => ({
    status: 200,
    title: "Nothing was signed",
    lead: "You refused the sign-in. Your program gets no code, and you can stop it.",
    steps: [],
  }),
  sign_ins_limited: () => ({
    status: 429,
    title: "Too many sign-ins",
    lead: "Too many requests came from your network.",
    steps: ["Wait ten seconds, and try again."],
  }),
  sign_in_failed: () => ({
    status: 503,
    title: "This site failed",
    lead: "Something went wrong here, and its log says what.",
    steps: ["Try again in a moment.", ASK_OPERATOR],
  }),
  connector_failed: ({ connector, cause }) => connectorText(connector, cause),
};

function connectorText(name: string, cause: ConnectorError): Text {
  return answerByCode(CONNECTOR_TEXTS(name), cause);
}

const CONNECTOR_TEXTS = (name: string): AnswerTable<ConnectorError, Text> => ({
  upstream_denied: () => ({
    status: 403,
    title: "You are not signed in",
    lead: `${name} did not sign you in, or you refused there.`,
    steps: ["Try again, or cancel."],
  }),
  upstream_failed: ({ problem }) => ({
    status: 502,
    title: `${name} could not sign you in`,
    lead: `${name} ${problem}.`,
    steps: ["Try again in a moment.", ASK_OPERATOR],
  }),
  upstream_refused: ({ problem }) => ({
    status: 502,
    title: `${name} does not accept this site`,
    lead: REFUSALS[problem](name),
    steps: [ASK_OPERATOR],
  }),
  address_unverified: ({ address }) => ({
    status: 403,
    title: `${name} has not verified your address`,
    lead: `A signature needs an address that its provider has checked.${address === null ? "" : ` ${name} has not confirmed ${address}.`}`,
    steps: [`Confirm your address at ${name}, and start your program again.`],
  }),
  address_unusable: () => ({
    status: 403,
    title: `${name} gives no usable address`,
    lead: "A signature needs an e-mail address in plain ASCII.",
    steps: [`Add such an address at ${name}, and start your program again.`],
  }),
  not_admitted: ({ address, hint }) => ({
    status: 403,
    title: "This account may not sign here",
    lead: `${name} knows you as ${address}, and this site does not admit that account.`,
    steps: [...(hint === null ? [] : [hint]), "Use another account, or ask whoever runs this site to admit you."],
  }),
});

const REFUSALS = {
  client: (name: string) => `${name} knows this site under another client id or secret.`,
  redirect_uri: (name: string) => `The address to which ${name} should return is not registered there.`,
  request: (name: string) => `${name} refused the request of this site.`,
} as const;
