/**
 * MyTOMS Home: the announcements of the coordinator's LEAs. For a coordinator of several LEAs, also the state of each. For TOMS's
 * staff, a link to the statewide overview.
 */

import { readAnnouncements } from "./api.js";
import { alert, byId, element } from "./elements.js";
import { buildFrame } from "./frame.js";
import { showHelp } from "./help.js";
import { date, fill, inDays, onLanguageSwitch, ready, texts, time, when } from "./language.js";
import { readAllCredentials, shortState } from "./leas.js";
import { readFailureMessage, removeOutdatedMessage, showMessage } from "./messages.js";
import { host, isHosted, isStaff } from "./session.js";
import { absoluteUrl } from "./site.js";

/**
 * @typedef {import("./api.js").Announcement & { lea: string }} NamedAnnouncement  with the LEA's name
 * @typedef {import("./api.js").Failure} Failure
 * @typedef {import("./session.js").Lea} Lea
 */

/** @type {NamedAnnouncement[] | null} Announcements to show; null before the first successful read. */
let announcements = null;

/**
 * The state of each listed LEA, by CDS code: its element, and its credentials if they could be read.
 * @type {Map<string, { shown: HTMLElement, credentials?: import("./api.js").Credentials }>}
 */
const states = new Map();

/** Interval of background reads while the page is visible: the number of remaining days changes. */
const refreshInterval = 10 * 60_000; // milliseconds

/** Number of the latest read. Responses to earlier reads are ignored. */
let latestRead = 0;

document.addEventListener("visibilitychange", refreshInBackground);
window.addEventListener("online", refreshInBackground);
setInterval(refreshInBackground, refreshInterval);

const firstRead = isHosted ? refresh() : null; // in parallel with loading the texts
await ready;
buildFrame("home");
onLanguageSwitch(render);
render();
if (firstRead === null) {
  showMessage({ name: "notHosted" });
  byId("announcements-section").hidden = true;
}
await firstRead;

function refreshInBackground() {
  if (document.visibilityState === "visible" && announcements !== null)
    refresh(true);
}

/**
 * Reads the announcements of all LEAs in parallel, and shows those that could be read.
 * @param {boolean} [inBackground] changes nothing if a read fails, unless the session has ended
 */
async function refresh(inBackground = false) {
  const thisRead = inBackground ? latestRead : ++latestRead;
  const { leas, read, failures } = await readAll();
  const staff = leas === 0 && await isStaff();
  await ready;
  const sessionError = failures.find(({ failure }) => failure.kind === "error" && failure.status === 401);
  if (thisRead !== latestRead)
    return;
  if (inBackground && failures.length > 0 && (sessionError === undefined || byId("message").childElementCount > 0))
    return;
  latestRead++;
  if (failures.length === 0)
    removeOutdatedMessage();
  else if (sessionError !== undefined || failures.length === leas)
    showMessage(readFailureMessage((sessionError ?? failures[0]).failure, "announcements", refresh));
  else
    showMessage({
      name: "partialFailure",
      values: () => ({ leas: failures.map(({ lea }) => lea).join("; ") }),
      action: { name: "retry", run: refresh },
      outdatedByRead: true,
    });
  for (const { failure } of failures)
    showHelp(failure.kind === "error" ? failure.help : null);
  if (leas === 0 && !staff)
    showMessage({ name: "noLeas", tone: "info" });
  byId("staff-section").hidden = !staff;
  byId("loading").hidden = true;
  // Unchanged content is not replaced, because screen readers would read it again.
  if (failures.length < leas && JSON.stringify(read) !== JSON.stringify(announcements)) {
    announcements = read;
    render();
  }

  byId("none").hidden = leas === 0 || failures.length > 0 || read.length > 0;
  byId("announcements-section").hidden = byId("none").hidden && !announcements?.length;
}

/** Returns the number of LEAs, the announcements sorted by expiry, and the failures. */
async function readAll() {
  /** @type {{ read: NamedAnnouncement[], failures: { lea: string, failure: Failure }[] }} */
  const { read, failures } = { read: [], failures: [] };
  const leas = await host.leas().catch(() => null);
  if (leas === null)
    return { leas: 1, read, failures: [{ lea: "", failure: /** @type {Failure} */ ({ kind: "error", status: 500 }) }] };
  listLeas(leas);
  await Promise.all(leas.map(async ({ id, name: lea }) => {
    const result = await readAnnouncements(id);
    if (result.kind === "success")
      read.push(...result.body.map(announcement => ({ ...announcement, lea })));
    else
      failures.push({ lea, failure: result });
  }));
  read.sort((a, b) => a.expiresAt.localeCompare(b.expiresAt) || a.leaId.localeCompare(b.leaId));
  return { leas: leas.length, read, failures };
}

/**
 * Lists several LEAs with links to their screens, and then the state of each as it is read. Keeps the last state if a read fails.
 * Shows no list for a single LEA: the navigation links to its screen, and an announcement is shown if the LEA must act.
 * @param {readonly Lea[]} leas
 */
async function listLeas(leas) {
  if (leas.length < 2)
    return;
  // Elements are kept, because one of the links may have the focus.
  if (leas.map(({ id }) => id).join() !== [...states.keys()].join()) {
    states.clear();
    byId("leas").replaceChildren(...leas.map(({ id, name }) => {
      const shown = element("span");
      states.set(id, { shown });
      return element("li", {}, element("a", { class: "usa-link", href: screenOf(id) }, name), shown);
    }));
  }

  byId("leas-section").hidden = false;
  await readAllCredentials(leas, async ({ id }, result) => {
    const listed = states.get(id);
    if (result.kind !== "success" || listed === undefined)
      return;
    listed.credentials = result.body;
    await ready;
    renderStates();
  });
}

function renderStates() {
  for (const { shown, credentials } of states.values())
    shown.textContent = credentials === undefined ? "" : shortState(credentials);
}

/** @param {string} lea */
function screenOf(lea) {
  return absoluteUrl(`credentialing/?lea=${encodeURIComponent(lea)}`);
}

function render() {
  renderStates();
  byId("announcements").replaceChildren(...(announcements ?? []).map(announcement => element("li", {}, item(announcement))));
}

/** @param {NamedAnnouncement} announcement */
function item(announcement) {
  const { lea, leaId, state, daysRemaining } = announcement;
  const moment = { instant: announcement.expiresAt, timeZone: announcement.timeZone };
  const values = { lea, date: date(moment), time: time(moment), inDays: inDays(daysRemaining), when: when(daysRemaining, moment) };
  const { title, text } = texts.home.announcement[state];
  const link = element("a", { class: "usa-link", href: screenOf(leaId) }, fill(texts.home.link, { lea }));
  return alert(state === "expired" ? "error" : "warning", "h3", fill(title, values), fill(text, values), element("p", { class: "usa-alert__text" }, link));
}
