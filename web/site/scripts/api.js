/** Client of the HTTP API. Failures are returned, never thrown. */

import { host } from "./session.js";
import { absoluteUrl } from "./site.js";

/**
 * @typedef {object} Credentials  of an LEA, in the format of the API
 * @property {string} leaId
 * @property {"none" | "active" | "expiring" | "expired" | "revoked"} state
 * @property {string | null} username
 * @property {number | null} generation
 * @property {string | null} generatedAt
 * @property {string | null} generatedBy
 * @property {string | null} expiresAt
 * @property {number | null} daysRemaining
 * @property {string | null} lastUsedOn
 * @property {{ generation: number, until: string } | null} previous  the previous secret key, while it still works
 * @property {{ at: string, by: string, reason: string } | null} revoked
 * @property {Use[]} usage  of the current generation and the one before, newest first
 * @property {string} timeZone
 * @property {"generate" | "regenerate"} action
 * @property {{ wordingVersion: string, text: string }} authorization
 * @property {{ baseUrl: string, guideUrl: string | null }} vendors
 * @property {string | null} help
 * @property {string} [secretKey]  only in the response to a generation
 *
 * @typedef {object} Use  last use of a secret key by a client
 * @property {string} client  "unknown" if it has no name; "other" for all clients beyond a limit
 * @property {number} generation
 * @property {string} lastUsedOn  date in the LEA's time zone
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
 * @param {number} keepPreviousForDays number of days for which the previous secret key keeps working
 * @returns {Promise<Outcome<Credentials>>}
 */
export const generateCredentials = (lea, currentEtag, wordingVersion, keepPreviousForDays) => send(
  "POST",
  `leas/${encodeURIComponent(lea)}/credentials`,
  body => isCredentials(body) && typeof body.secretKey === "string",
  { "Content-Type": "application/json", ...(currentEtag === null ? { "If-None-Match": "*" } : { "If-Match": currentEtag }) },
  JSON.stringify({ authorized: true, wordingVersion, ...(keepPreviousForDays > 0 ? { keepPreviousForDays } : {}) }));

/**
 * Ends the previous secret key. Idempotent.
 * @param {string} lea
 * @param {string} currentEtag ETag of the current credentials: the previous key of later ones is not ended
 * @returns {Promise<Outcome<null>>}
 */
export const endPreviousKey = (lea, currentEtag) => send(
  "DELETE",
  `leas/${encodeURIComponent(lea)}/credentials/previous`,
  body => body === null,
  { "If-Match": currentEtag });

/**
 * Revokes the credentials with this ETag. Idempotent.
 * @param {string} lea
 * @param {string} currentEtag
 * @param {string} reason
 * @returns {Promise<Outcome<Credentials>>}
 */
export const revokeCredentials = (lea, currentEtag, reason) => send(
  "POST",
  `leas/${encodeURIComponent(lea)}/credentials/revocation`,
  isCredentials,
  { "Content-Type": "application/json", "If-Match": currentEtag },
  JSON.stringify({ reason }));

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
      const received = response.status === 204 ? null : await response.json();
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
  ["none", "active", "expiring", "expired", "revoked"].includes(body?.state) &&
  typeof body.authorization?.text === "string" &&
  typeof body.vendors?.baseUrl === "string" &&
  (body.previous === null || isInstant(body.previous?.until)) &&
  Array.isArray(body.usage) && body.usage.every((/** @type {any} */ use) => isDate(use?.lastUsedOn)) &&
  (body.state === "none" || (isInstant(body.generatedAt) && isTimeZone(body.timeZone) && isInstant(body.expiresAt))) &&
  (body.state === "revoked" ? isInstant(body.revoked?.at) : body.state === "none" || Number.isInteger(body.daysRemaining));

/** @param {any} body */
const isAnnouncements = body => Array.isArray(body) && body.every(item => ["expiring", "expired"].includes(item?.state) && isInstant(item.expiresAt) && Number.isInteger(item.daysRemaining) && isTimeZone(item.timeZone));

/** @param {any} timeZone */
function isTimeZone(timeZone) {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** @param {any} text */
const isDate = text => isInstant(text) && /^\d{4}-\d{2}-\d{2}$/.test(text);

/** @param {any} text */
const isInstant = text => typeof text === "string" && !Number.isNaN(Date.parse(text));
