/** MyTOMS Home: the announcements of the coordinator's LEAs. */

import { readAnnouncements } from "./api.js";
import { alert, byId, element } from "./elements.js";
import { frame } from "./frame.js";
import { date, fill, inDays, onSwitch, ready, texts, time, when } from "./language.js";
import { hasBeenRead, show, unread } from "./messages.js";
import { host, isHosted } from "./session.js";
import { address } from "./site.js";

/**
 * @typedef {import("./api.js").Announcement & { lea: string }} Announced  with the LEA's name
 * @typedef {import("./api.js").Failure} Failure
 */

/** @type {Announced[] | null} Announcements to show; null before the first successful read. */
let announcements = null;

/** Interval of background reads while the page is visible: the number of remaining days changes. */
const refreshInterval = 10 * 60_000; // milliseconds

/** Number of the latest request. Responses to earlier requests are ignored. */
let turn = 0;

document.addEventListener("visibilitychange", lookQuietly);
window.addEventListener("online", lookQuietly);
setInterval(lookQuietly, refreshInterval);

const opening = isHosted ? look() : null; // in parallel with loading the texts
await ready;
frame("home");
onSwitch(render);
render();
if (opening === null) {
  show({ name: "notHosted" });
  byId("loading").hidden = true;
}
await opening;

function lookQuietly() {
  if (document.visibilityState === "visible" && announcements !== null)
    look(true);
}

/**
 * Reads the announcements of all LEAs in parallel, and shows those that could be read.
 * @param {boolean} [quietly] background read: changes nothing if a read fails, unless the session has ended
 */
async function look(quietly = false) {
  const mine = quietly ? turn : ++turn;
  const { leas, read, failures } = await readAll();
  await ready;
  const ended = failures.find(({ failure }) => failure.kind === "refused" && failure.status === 401);
  if (mine !== turn || (quietly && failures.length > 0 && (ended === undefined || byId("message").childElementCount > 0)))
    return;
  turn++;
  if (failures.length === 0)
    hasBeenRead();
  else if (ended !== undefined || failures.length === leas)
    show(unread((ended ?? failures[0]).failure, look));
  else
    show({ name: "someUnread", values: () => ({ leas: failures.map(({ lea }) => lea).join("; ") }), action: { name: "retry", run: look }, ofReading: true });
  if (leas === 0)
    show({ name: "noLeas", tone: "info" });
  byId("loading").hidden = true;
  // Unchanged content is not replaced, because screen readers would read it again.
  if (failures.length < leas && JSON.stringify(read) !== JSON.stringify(announcements)) {
    announcements = read;
    render();
  }

  byId("none").hidden = failures.length > 0 || read.length > 0;
}

/** The number of LEAs, the announcements by expiry, and the failures. */
async function readAll() {
  /** @type {{ read: Announced[], failures: { lea: string, failure: Failure }[] }} */
  const { read, failures } = { read: [], failures: [] };
  const leas = await host.leas().catch(() => null);
  if (leas === null)
    return { leas: 1, read, failures: [{ lea: "", failure: /** @type {Failure} */ ({ kind: "refused", status: 500 }) }] };
  await Promise.all(leas.map(async ({ id, name: lea }) => {
    const result = await readAnnouncements(id);
    if (result.kind === "done")
      read.push(...result.body.map(announcement => ({ ...announcement, lea })));
    else
      failures.push({ lea, failure: result });
  }));
  read.sort((one, another) => one.expiresAt.localeCompare(another.expiresAt) || one.leaId.localeCompare(another.leaId));
  return { leas: leas.length, read, failures };
}

function render() {
  byId("announcements").replaceChildren(...(announcements ?? []).map(announcement => element("li", {}, item(announcement))));
}

/** @param {Announced} announcement */
function item(announcement) {
  const { lea, leaId, state, daysRemaining } = announcement;
  const moment = { instant: announcement.expiresAt, timeZone: announcement.timeZone };
  const values = { lea, date: date(moment), time: time(moment), inDays: inDays(daysRemaining), when: when(daysRemaining, moment) };
  const words = texts.home.announcement[state];
  const link = element("a", { class: "usa-link", href: address(`credentialing/?lea=${encodeURIComponent(leaId)}`) }, fill(texts.home.link, { lea }));
  return alert(state === "expired" ? "error" : "warning", "h3", fill(words.title, values), fill(words.text, values), element("p", { class: "usa-alert__text" }, link));
}
