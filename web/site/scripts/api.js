/** Client of the HTTP API. Failures are returned, never thrown. */

import { host } from "./session.js";
import { absoluteUrl } from "./site.js";
import { isDate, isInstant, isTimeZone } from "./values.js";

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
 * @typedef {object} Share  a link with which a vendor gets the credentials, in the format of the API
 * @property {string} id
 * @property {string} vendor
 * @property {string} createdAt
 * @property {string} createdBy
 * @property {string} expiresAt  the link works until then, unless it is opened before
 * @property {string | null} openedAt
 */

/**
 * @template Body
 * @typedef {{ kind: "success", body: Body, etag: string | null }} Success
 */

/**
 * @typedef {{ kind: "error", status: number, help?: string, problem?: string }} ErrorResult  the API rejected the request or failed, or
 *   there is no session; `problem`: the name of its problem type, such as "share-opened"
 * @typedef {{ kind: "unreachable" }} Unreachable  no response; the outcome is unknown
 * @typedef {{ kind: "offline" }} Offline  the browser has no network, and nothing was sent
 * @typedef {ErrorResult | Unreachable | Offline} Failure
 */

/**
 * @template Body
 * @typedef {Success<Body> | Failure} Outcome
 */

/** Problem types of the API are this prefix and a name. */
const problemTypePrefix = "urn:problem-type:credentialing:";

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
  {
    headers: { "Content-Type": "application/json", ...(currentEtag === null ? { "If-None-Match": "*" } : { "If-Match": currentEtag }) },
    body: JSON.stringify({ authorized: true, wordingVersion, ...(keepPreviousForDays > 0 ? { keepPreviousForDays } : {}) }),
  });

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
  { headers: { "If-Match": currentEtag } });

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
  { headers: { "Content-Type": "application/json", "If-Match": currentEtag }, body: JSON.stringify({ reason }) });

/**
 * @param {string} lea
 * @returns {Promise<Outcome<Announcement[]>>}
 */
export const readAnnouncements = lea => send("GET", `leas/${encodeURIComponent(lea)}/announcements`, isAnnouncements);

/**
 * Stores an encrypted copy of the credentials with this ETag, for one vendor.
 * @param {string} lea
 * @param {string} currentEtag
 * @param {{ vendor: string, expiresInHours: number, ciphertext: string }} share
 * @returns {Promise<Outcome<Share>>}
 */
export const createShare = (lea, currentEtag, share) => send(
  "POST",
  `leas/${encodeURIComponent(lea)}/shares`,
  isShare,
  { headers: { "Content-Type": "application/json", "If-Match": currentEtag }, body: JSON.stringify(share) });

/**
 * Reads the shares of the current credentials, newest first: those that can be opened, and those that were opened.
 * @param {string} lea
 * @returns {Promise<Outcome<Share[]>>}
 */
export const readShares = lea => send("GET", `leas/${encodeURIComponent(lea)}/shares`, body => Array.isArray(body) && body.every(isShare));

/**
 * Cancels a share that was not opened. Idempotent.
 * @param {string} lea
 * @param {string} id
 * @returns {Promise<Outcome<null>>}
 */
export const cancelShare = (lea, id) => send("DELETE", `leas/${encodeURIComponent(lea)}/shares/${encodeURIComponent(id)}`, body => body === null);

/**
 * Opens a share. Works once. Needs no token: the id in the link is the authorization.
 * @param {string} id
 * @returns {Promise<Outcome<{ ciphertext: string }>>}
 */
export const openShare = id => send(
  "POST", `shares/${encodeURIComponent(id)}/opening`, body => typeof body?.ciphertext === "string", { withoutToken: true });

/**
 * Reads the calendar file with the expiry date.
 * @param {string} lea
 * @param {string} language
 * @returns {Promise<Outcome<string>>}
 */
export const readCalendar = (lea, language) => send(
  "GET",
  `leas/${encodeURIComponent(lea)}/credentials/calendar?language=${encodeURIComponent(language)}`,
  body => body.startsWith("BEGIN:VCALENDAR"),
  { mediaType: "text/calendar" });

/**
 * @typedef {object} AuditDetails  what an event says beyond its kind; each kind has some of it
 * @property {string | null} wording
 * @property {string | null} vendor
 * @property {number | null} milestone
 * @property {number | null} daysRemaining
 * @property {string | null} about  kind of the event that a notice is about
 * @property {string | null} name
 * @property {string[]} to
 * @property {string[]} rejected
 * @property {string[]} deferred
 * @property {string[]} givenUp
 * @property {string[]} added
 * @property {string[]} removed
 * @property {string[]} changed
 *
 * @typedef {object} AuditEvent  in the format of the API
 * @property {string} id
 * @property {string} at
 * @property {string} kind  newer releases of the API may add kinds
 * @property {{ source: "person" | "toms" | "daily-run" | "notices" | "vendor", id: string | null, name: string | null } | null} by
 * @property {number | null} generation
 * @property {string | null} detail
 * @property {string | null} previousUntil
 * @property {AuditDetails} details
 *
 * @typedef {object} Disclosure  a download of a report, in the format of the API
 * @property {string} ssid
 * @property {string} reportId
 * @property {number} generation
 * @property {string} client
 * @property {string} at
 * @property {boolean} isWhole
 * @property {boolean} byLink
 *
 * @typedef {object} DisclosureSummary
 * @property {{ month: string, client: string, count: number }[]} months
 * @property {string} asOf
 * @property {string} timeZone
 *
 * @typedef {{ ssid: string, client: string, from: string, to: string }} DisclosureFilter  empty texts do not filter
 */

/**
 * The path of an LEA's events, newest first.
 * @param {string} lea
 */
export const eventsPath = lea => `leas/${encodeURIComponent(lea)}/events`;

/**
 * @param {string} lea
 * @param {string | null} after `next` of the page before; null for the first page
 * @returns {Promise<Outcome<{ events: AuditEvent[], next: string | null, timeZone: string }>>}
 */
export const readEvents = (lea, after) => send(
  "GET",
  withQuery(eventsPath(lea), { after }),
  body => Array.isArray(body?.events) && body.events.every(isEvent) && isNext(body.next) && isTimeZone(body.timeZone));

/**
 * The path of the downloads that match a filter, newest first.
 * @param {string} lea
 * @param {DisclosureFilter} filter
 */
export const disclosuresPath = (lea, filter) => withQuery(`leas/${encodeURIComponent(lea)}/disclosures`, filter);

/**
 * @param {string} lea
 * @param {DisclosureFilter} filter
 * @param {string | null} after
 * @returns {Promise<Outcome<{ disclosures: Disclosure[], next: string | null, timeZone: string }>>}
 */
export const readDisclosures = (lea, filter, after) => send(
  "GET",
  withQuery(`leas/${encodeURIComponent(lea)}/disclosures`, { ...filter, after }),
  body => Array.isArray(body?.disclosures) && body.disclosures.every(isDisclosure) && isNext(body.next) && isTimeZone(body.timeZone));

/**
 * Reads how many reports each client downloaded in each of the last twelve months.
 * @param {string} lea
 * @returns {Promise<Outcome<DisclosureSummary>>}
 */
export const readDisclosureSummary = lea => send(
  "GET",
  `leas/${encodeURIComponent(lea)}/disclosures/summary`,
  body => Array.isArray(body?.months) &&
    body.months.every((/** @type {any} */ count) => isDate(`${count?.month}-01`) && typeof count.client === "string" && Number.isInteger(count.count)) &&
    isInstant(body.asOf) && isTimeZone(body.timeZone));

/**
 * Reads an LEA's name. Only for TOMS's staff.
 * @param {string} lea
 * @returns {Promise<Outcome<{ name: string }>>}
 */
export const readLea = lea => send("GET", `leas/${encodeURIComponent(lea)}`, body => typeof body?.name === "string");

/**
 * Downloads a CSV file. There is no limit to its size or to the time that it takes, but its parts must arrive.
 * @param {string} path
 * @param {AbortSignal} canceled
 * @param {(bytes: number) => void} onProgress called with the number of bytes received so far
 * @returns {Promise<Success<Blob> | Failure | { kind: "interrupted" } | { kind: "canceled" }>} "interrupted": the connection was lost
 *   after the start of the file, which is not complete
 */
export async function downloadCsv(path, canceled, onProgress) {
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(), timeout);
  const response = await request("GET", path, { mediaType: "text/csv", signal: AbortSignal.any([canceled, stalled.signal]) });
  try {
    if (canceled.aborted)
      return { kind: "canceled" };
    if (!(response instanceof Response))
      return response;
    if (!response.ok)
      return await failureOf(response);
    if (response.body === null || !response.headers.get("Content-Type")?.startsWith("text/csv"))
      return { kind: "error", status: 500 };
    let bytes = 0;
    const counted = response.body.pipeThrough(new TransformStream({
      transform(part, controller) {
        clearTimeout(timer);
        timer = setTimeout(() => stalled.abort(), timeout);
        onProgress(bytes += part.byteLength);
        controller.enqueue(part);
      },
    }));
    return { kind: "success", body: await new Response(counted, { headers: { "Content-Type": "text/csv" } }).blob(), etag: null };
  } catch {
    return { kind: canceled.aborted ? "canceled" : "interrupted" };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {(body: any) => boolean} isExpected whether the body of a response is valid
 * @param {{ headers?: Record<string, string>, body?: string, mediaType?: string, withoutToken?: boolean }} [options] `mediaType`: of the
 *   response, default JSON
 * @returns {Promise<Outcome<any>>}
 */
async function send(method, path, isExpected, options = {}) {
  const response = await request(method, path, options);
  if (!(response instanceof Response))
    return response;
  if (!response.ok)
    return await failureOf(response);
  try {
    const received = response.status === 204 ? null : options.mediaType === undefined ? await response.json() : await response.text();
    return isExpected(received) ? { kind: "success", body: received, etag: response.headers.get("ETag") } : { kind: "error", status: 500 };
  } catch {
    return { kind: "unreachable" };
  }
}

/**
 * Sends a request.
 * @param {string} method
 * @param {string} path
 * @param {{ headers?: Record<string, string>, body?: string, mediaType?: string, withoutToken?: boolean, signal?: AbortSignal }} options
 *   `signal`: aborts the request; default: a timeout
 * @returns {Promise<Response | Failure>} the response, whose body has not been read
 */
async function request(method, path, { headers = {}, body, mediaType = "application/json", withoutToken = false, signal }) {
  if (!navigator.onLine)
    return { kind: "offline" };
  /** @type {Record<string, string>} */
  let authorization = {};
  if (!withoutToken) {
    try {
      authorization = { Authorization: `Bearer ${await host.accessToken()}` };
    } catch {
      return { kind: "error", status: 401 };
    }
  }

  try {
    return await fetch(new URL(path, absoluteUrl(host.api)), {
      method,
      headers: { ...headers, Accept: mediaType, ...authorization },
      body,
      cache: "no-store",
      credentials: "omit",
      signal: signal ?? AbortSignal.timeout(timeout),
    });
  } catch {
    return { kind: "unreachable" };
  }
}

/**
 * The failure that a response other than 2xx reports.
 * @param {Response} response
 * @returns {Promise<Failure>}
 */
async function failureOf(response) {
  const problem = await response.json().catch(() => null);
  return {
    kind: "error",
    status: response.status,
    ...(typeof problem?.help === "string" ? { help: problem.help } : {}),
    ...(typeof problem?.type === "string" ? { problem: problem.type.replace(problemTypePrefix, "") } : {}),
  };
}

/**
 * A path with query parameters, without those that are empty.
 * @param {string} path
 * @param {Record<string, string | null>} parameters
 */
function withQuery(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== "").map(([name, value]) => [name, String(value)]);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** @param {any} next */
const isNext = next => next === null || typeof next === "string";

/** @param {any} event */
const isEvent = event =>
  ["id", "kind"].every(name => typeof event?.[name] === "string") && isInstant(event.at) &&
  (event.by === null || typeof event.by?.source === "string") && (event.previousUntil === null || isInstant(event.previousUntil)) &&
  ["to", "rejected", "deferred", "givenUp", "added", "removed", "changed"].every(name => Array.isArray(event.details?.[name]));

/** @param {any} disclosure */
const isDisclosure = disclosure => ["ssid", "reportId", "client"].every(name => typeof disclosure?.[name] === "string") && isInstant(disclosure.at);

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

/** @param {any} share */
const isShare = share =>
  ["id", "vendor", "createdBy"].every(name => typeof share?.[name] === "string") &&
  isInstant(share.createdAt) && isInstant(share.expiresAt) && (share.openedAt === null || isInstant(share.openedAt));
