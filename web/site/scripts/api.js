/** Client of the HTTP API. Failures are returned, never thrown. */

import { host } from "./session.js";
import { absoluteUrl } from "./site.js";

/**
 * @typedef {object} Credentials  of an LEA, in the format of the API
 * @property {string} leaId
 * @property {"none" | "active" | "expiring" | "expired"} state
 * @property {string | null} username
 * @property {string | null} generatedAt
 * @property {string | null} generatedBy
 * @property {string | null} expiresAt
 * @property {number | null} daysRemaining
 * @property {string | null} lastUsedOn
 * @property {string} timeZone
 * @property {"generate" | "regenerate"} action
 * @property {{ wordingVersion: string, text: string }} authorization
 * @property {{ baseUrl: string, guideUrl: string | null }} vendors
 * @property {string | null} help
 * @property {string} [secretKey]  only in the response to a generation
 *
 * @typedef {object} Announcement  of an LEA, in the format of the API
 * @property {string} leaId
 * @property {"expiring" | "expired"} state
 * @property {string} expiresAt
 * @property {number} daysRemaining
 * @property {string} timeZone
 */

/**
 * @template Body
 * @typedef {{ kind: "success", body: Body, etag: string | null }} Success
 */

/**
 * @typedef {{ kind: "error", status: number, help?: string }} ErrorResult  the API rejected the request or failed, or there is no session
 * @typedef {{ kind: "unreachable" }} Unreachable  no response; the outcome is unknown
 * @typedef {{ kind: "offline" }} Offline  the browser has no network, and nothing was sent
 * @typedef {ErrorResult | Unreachable | Offline} Failure
 */

/**
 * @template Body
 * @typedef {Success<Body> | Failure} Outcome
 */

/** Longer than the API needs, including its retries. The outcome of a slower request is found by reading the state again. */
const timeout = 60_000; // milliseconds

/**
 * @param {string} lea
 * @returns {Promise<Outcome<Credentials>>}
 */
export const readCredentials = lea => send("GET", `leas/${encodeURIComponent(lea)}/credentials`, isCredentials);

/**
 * Generates the first credentials, or replaces the credentials with this ETag (optimistic concurrency).
 * @param {string} lea
 * @param {string | null} currentEtag ETag of the credentials to replace; null if there are none
 * @param {string} wordingVersion version of the statement that the coordinator agreed to
 * @returns {Promise<Outcome<Credentials>>}
 */
export const generateCredentials = (lea, currentEtag, wordingVersion) => send(
  "POST",
  `leas/${encodeURIComponent(lea)}/credentials`,
  body => isCredentials(body) && typeof body.secretKey === "string",
  { "Content-Type": "application/json", ...(currentEtag === null ? { "If-None-Match": "*" } : { "If-Match": currentEtag }) },
  JSON.stringify({ authorized: true, wordingVersion }));

/**
 * @param {string} lea
 * @returns {Promise<Outcome<Announcement[]>>}
 */
export const readAnnouncements = lea => send("GET", `leas/${encodeURIComponent(lea)}/announcements`, isAnnouncements);

/**
 * @param {string} method
 * @param {string} path
 * @param {(body: any) => boolean} isExpected whether the body of a response is valid
 * @param {Record<string, string>} [headers]
 * @param {string} [body]
 * @returns {Promise<Outcome<any>>}
 */
async function send(method, path, isExpected, headers = {}, body) {
  if (!navigator.onLine)
    return { kind: "offline" };
  let token;
  try {
    token = await host.accessToken();
  } catch {
    return { kind: "error", status: 401 };
  }

  try {
    const response = await fetch(new URL(path, absoluteUrl(host.api)), {
      method,
      headers: { ...headers, Accept: "application/json", Authorization: `Bearer ${token}` },
      body,
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(timeout),
    });
    if (response.ok) {
      const received = await response.json();
      return isExpected(received) ? { kind: "success", body: received, etag: response.headers.get("ETag") } : { kind: "error", status: 500 };
    }

    const problem = await response.json().catch(() => null);
    return { kind: "error", status: response.status, ...(typeof problem?.help === "string" ? { help: problem.help } : {}) };
  } catch {
    return { kind: "unreachable" };
  }
}

/** @param {any} body */
const isCredentials = body =>
  ["none", "active", "expiring", "expired"].includes(body?.state) &&
  typeof body.authorization?.text === "string" &&
  typeof body.vendors?.baseUrl === "string" &&
  (body.state === "none" || (isInstant(body.generatedAt) && isMoment(body)));

/** @param {any} body */
const isAnnouncements = body => Array.isArray(body) && body.every(item => ["expiring", "expired"].includes(item?.state) && isMoment(item));

/** @param {any} body */
function isMoment({ expiresAt, daysRemaining, timeZone }) {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return isInstant(expiresAt) && Number.isInteger(daysRemaining);
  } catch {
    return false;
  }
}

/** @param {any} text */
const isInstant = text => typeof text === "string" && !Number.isNaN(Date.parse(text));
