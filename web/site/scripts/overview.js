/** The statewide overview, for TOMS's staff: which LEAs have lost access, which lose it soon, and whom to call. */

import { leasPath, readLeas } from "./api.js";
import { addDownload } from "./download.js";
import { announce, byId, element } from "./elements.js";
import { buildFrame } from "./frame.js";
import { showHelp } from "./help.js";
import { createHistogram } from "./histogram.js";
import { dateAndTime, daysUntil, fill, inDays, onLanguageSwitch, ready, shortCalendarDate, shortDate, texts } from "./language.js";
import { readFailureMessage, removeOutdatedMessage, showMessage } from "./messages.js";
import { isHosted, isStaff, now } from "./session.js";
import { absoluteUrl } from "./site.js";

/**
 * @typedef {import("./api.js").LeaSummary & { key: string }} ListedLea  with the text that a search finds
 * @typedef {"name" | "state" | "expires" | "generated" | "lastUse" | "lastEmail" | "coordinators"} Column
 */

const rowsPerPage = 50;
const searchDelay = 200; // milliseconds
const weekDays = 7;

/** @type {(keyof typeof texts.overview.state)[]} Most urgent first. "unknown": the API could not read it. */
const states = ["expired", "expiring", "revoked", "none", "active", "unknown"];

/** The last day of each bar after that of the expired credentials, in days until the expiration. */
const lastDays = [3, 7, 14, 30, 60, 90, 180, 365];

/** @type {Column[]} */
const columns = ["name", "state", "expires", "generated", "lastUse", "lastEmail", "coordinators"];

const collator = new Intl.Collator();

/** @type {ListedLea[]} The LEAs that have been read. */
const leas = [];

/** @type {string | null} When the last check began, as of the first page. */
let asOf = null;

let timeZone = "UTC";

/** @type {string | null} Where the next page begins. */
let next = null;

let isReading = false;
let isComplete = false;

/** @type {{ column: Column, isDescending: boolean }} */
let order = { column: "expires", isDescending: false };

/** @type {ListedLea[]} The LEAs that match the filter, in order. */
let found = [];

let page = 0;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let searchTimer;

/** @type {Record<Column, (lea: ListedLea) => string | number | null>} The value by which each column is sorted. Instants and dates sort as text. */
const values = {
  name: lea => lea.name,
  state: lea => states.indexOf(lea.state ?? "unknown"),
  expires: lea => lea.state === "revoked" ? null : lea.expiresAt,
  generated: lea => lea.generatedAt,
  lastUse: lea => lea.lastUse?.on ?? null,
  lastEmail: lea => lea.lastEmail?.at ?? null,
  coordinators: lea => lea.coordinators.filter(({ email }) => email !== null).length,
};

const search = byId("search", HTMLInputElement);
const state = byId("state", HTMLSelectElement);
const week = byId("week", HTMLInputElement);
const previousButton = byId("previous", HTMLButtonElement);
const nextButton = byId("next", HTMLButtonElement);

await ready;
buildFrame("overview");
createControls();
onLanguageSwitch(() => {
  translateControls();
  render();
});

if (!isHosted)
  showMessage({ name: "notHosted" });
else if (!await isStaff())
  showMessage({ name: "staffOnly", tone: "info" });
else
  await read();

/** Reads the pages that are missing, one after the other, and shows each. After a failure, a retry continues with the page that failed. */
async function read() {
  if (isReading)
    return;
  isReading = true;
  renderProgress();
  while (!isComplete) {
    const result = await readLeas(next);
    if (result.kind !== "success") {
      isReading = false;
      showHelp(result.kind === "error" ? result.help : null);
      showMessage(result.kind === "error" && result.status === 403 ? { name: "staffOnly", tone: "info" } : readFailureMessage(result, "overview", read));
      renderProgress();
      return;
    }

    if (leas.length === 0)
      ({ asOf, timeZone } = result.body);
    leas.push(...result.body.leas.map(lea => ({ ...lea, key: normalize(`${lea.name} ${lea.leaId}`) })));
    next = result.body.next;
    isComplete = next === null;
    render();
  }

  isReading = false;
  removeOutdatedMessage();
  renderProgress();
}

function createControls() {
  byId("head").replaceChildren(...columns.map(column => {
    const button = element("button", { type: "button", class: "usa-button usa-button--unstyled sort" });
    button.addEventListener("click", () => {
      order = { column, isDescending: order.column === column && !order.isDescending };
      page = 0;
      render();
    });
    return element("th", { role: "columnheader", scope: "col", "data-column": column }, button);
  }));
  state.append(...["", ...states.filter(name => name !== "unknown")].map(value => element("option", { value })));
  search.addEventListener("input", () => {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(applyFilter, searchDelay);
  });
  for (const control of [state, week])
    control.addEventListener("change", applyFilter);
  byId("filter").addEventListener("submit", event => {
    event.preventDefault();
    applyFilter();
  });
  previousButton.addEventListener("click", () => turnTo(page - 1));
  nextButton.addEventListener("click", () => turnTo(page + 1));
  addDownload(byId("csv"), () => ({
    path: leasPath({ q: search.value.trim(), state: state.value, expiresWithin: week.checked ? String(weekDays) : "" }),
    fileName: "sis-vendor-credentials.csv",
  }));
  translateControls();
}

function translateControls() {
  for (const option of state.options)
    option.textContent = option.value === "" ? texts.overview.allStates : texts.overview.state[/** @type {keyof typeof texts.overview.state} */ (option.value)];
}

function applyFilter() {
  clearTimeout(searchTimer);
  page = 0;
  render();
}

/** @param {number} number */
function turnTo(number) {
  if (number < 0 || number >= pageCount())
    return;
  page = number;
  renderRows();
  announce(byId("page").textContent ?? "");
}

function pageCount() {
  return Math.max(1, Math.ceil(found.length / rowsPerPage));
}

function render() {
  byId("content").hidden = leas.length === 0 && !isComplete;
  byId("as-of").textContent = asOf === null ? texts.overview.neverChecked : fill(texts.overview.asOf, { at: dateAndTime({ instant: asOf, timeZone }) });
  renderStates();
  renderHistogram();
  const text = normalize(search.value.trim());
  found = leas
    .filter(lea => (state.value === "" || lea.state === state.value) && (!week.checked || expiresThisWeek(lea)) && lea.key.includes(text))
    .sort(comparison());
  for (const head of byId("head").children) {
    const column = /** @type {Column} */ (/** @type {HTMLElement} */ (head).dataset.column);
    const isSorted = column === order.column;
    /** @type {HTMLElement} */ (head.firstElementChild).textContent = texts.overview.column[column];
    if (isSorted)
      head.setAttribute("aria-sort", order.isDescending ? "descending" : "ascending");
    else
      head.removeAttribute("aria-sort");
  }

  renderRows();
  renderProgress();
}

function renderProgress() {
  byId("loading").textContent =
    isReading && !isComplete ? fill(texts.overview.loading, { read: format(leas.length) })
    : !isComplete && leas.length > 0 ? fill(texts.overview.incomplete, { read: format(leas.length) })
    : "";
}

/** The number of LEAs in each state. A click shows these LEAs. */
function renderStates() {
  const shown = states.map(name => ({ name, count: leas.filter(lea => (lea.state ?? "unknown") === name).length })).filter(({ name, count }) => name !== "unknown" || count > 0);
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.state : undefined;
  byId("states").replaceChildren(...shown.map(({ name, count }) => {
    const content = [element("strong", {}, format(count)), ` ${texts.overview.state[name]}`];
    if (name === "unknown")
      return element("li", {}, ...content);
    const button = element("button", { type: "button", class: "usa-button usa-button--outline", "data-state": name, "aria-pressed": String(state.value === name) }, ...content);
    button.addEventListener("click", () => {
      state.value = state.value === name ? "" : name;
      applyFilter();
    });
    return element("li", {}, button);
  }));
  if (focused !== undefined)
    /** @type {HTMLElement | null} */ (document.querySelector(`[data-state="${focused}"]`))?.focus();
}

function renderHistogram() {
  const valid = leas.filter(lea => lea.state === "active" || lea.state === "expiring");
  const bars = [
    { label: texts.overview.state.expired, count: leas.filter(lea => lea.state === "expired").length },
    ...lastDays.map((last, index) => {
      const first = index === 0 ? 0 : lastDays[index - 1] + 1;
      return { label: fill(texts.overview.histogram.range, { first, last }), count: valid.filter(({ daysRemaining }) => Number(daysRemaining) >= first && Number(daysRemaining) <= last).length };
    }),
  ];
  byId("histogram").replaceChildren(createHistogram(bars));
  byId("histogram-rows").replaceChildren(...bars.map(({ label, count }) => element("tr", {}, element("th", { scope: "row" }, label), element("td", {}, format(count)))));
}

function renderRows() {
  page = Math.min(page, pageCount() - 1);
  byId("rows").replaceChildren(...found.slice(page * rowsPerPage, (page + 1) * rowsPerPage).map(row));
  byId("found").textContent = fill(texts.overview.found, { count: found.length, shown: format(found.length) });
  byId("page").textContent = fill(texts.overview.page, { page: format(page + 1), pages: format(pageCount()) });
  previousButton.setAttribute("aria-disabled", String(page === 0));
  nextButton.setAttribute("aria-disabled", String(page === pageCount() - 1));
}

/** @param {ListedLea} lea */
function row(lea) {
  const { leaId, name, generatedAt, generatedBy, expiresAt, lastUse, problem } = lea;
  const link = element("a", { class: "usa-link", href: absoluteUrl(`history/?lea=${encodeURIComponent(leaId)}`) }, name);
  /** @param {Column} column @param {(Node | string)[]} content */
  const cell = (column, ...content) => element("td", { role: "cell", "data-title": texts.overview.column[column] }, element("div", {}, ...content));
  return element("tr", { role: "row" },
    element("th", { role: "rowheader", scope: "row" }, link, element("span", { class: "line", translate: "no" }, leaId), ...lines(problem)),
    cell("state", element("span", { class: `tag--${lea.state ?? "unknown"}` }, texts.overview.state[lea.state ?? "unknown"])),
    cell("expires", ...(expiresAt === null ? [] : [shortDate({ instant: expiresAt, timeZone }), ...lines(daysOf(lea))])),
    cell("generated", ...(generatedAt === null ? [] : [shortDate({ instant: generatedAt, timeZone }), ...lines(generatedBy)])),
    cell("lastUse", ...(lastUse === null ? [texts.overview.never] : [shortCalendarDate(lastUse.on), ...lines(clientName(lastUse.client))])),
    cell("lastEmail", ...emailContent(lea)),
    cell("coordinators", ...coordinatorContent(lea)));
}

/** @param {string} client */
function clientName(client) {
  return client === "unknown" || client === "other" ? texts.clients[client] : client;
}

/** @param {string | null} text */
function lines(text) {
  return text === null ? [] : [element("span", { class: "line" }, text)];
}

/** @param {ListedLea} lea */
function daysOf({ state, daysRemaining, expiresAt }) {
  if (state === "expired") {
    const days = -daysUntil({ instant: String(expiresAt), timeZone }, now());
    return days <= 0 ? texts.days.today : fill(texts.overview.ago, { count: days });
  }

  return daysRemaining === null ? null : inDays(daysRemaining);
}

/** @param {ListedLea} lea */
function emailContent({ lastEmail }) {
  if (lastEmail === null)
    return [texts.overview.noEmail];
  const { kind, milestone, at, result, refused } = lastEmail;
  const what = kind === "notice" ? texts.overview.email.notice : fill(Number(milestone) > 0 ? texts.overview.email.reminder : texts.overview.email.afterExpiry, { count: Math.abs(Number(milestone)) });
  const became = element("span", { class: result === "sent" ? "line" : "line attention" }, texts.overview.email.result[result]);
  return [what, ...lines(at === null ? null : shortDate({ instant: at, timeZone })), became, ...refused.map(address => element("span", { class: "line", translate: "no" }, address))];
}

/** @param {ListedLea} lea */
function coordinatorContent({ coordinators }) {
  if (coordinators.length === 0)
    return [element("span", { class: "attention" }, texts.overview.noCoordinators)];
  return coordinators.map(({ name, email }) => element("span", { class: "line" },
    name,
    " ",
    email === null
      ? element("span", { class: "attention" }, texts.overview.noAddress)
      : element("a", { class: "usa-link", href: `mailto:${encodeURIComponent(email)}`, translate: "no" }, email)));
}

/** @param {ListedLea} lea */
function expiresThisWeek({ state, daysRemaining }) {
  return (state === "active" || state === "expiring") && Number(daysRemaining) <= weekDays;
}

/** Compares LEAs in the current order. An LEA without a value follows the others in both directions. Equal LEAs are in the order of their CDS codes. */
function comparison() {
  const value = values[order.column];
  const direction = order.isDescending ? -1 : 1;
  return (/** @type {ListedLea} */ a, /** @type {ListedLea} */ b) => {
    const [left, right] = [value(a), value(b)];
    if (left === right)
      return a.leaId < b.leaId ? -1 : 1;
    if (left === null || right === null)
      return left === null ? 1 : -1;
    return direction * (typeof left === "number" ? left - Number(right) : order.column === "name" ? collator.compare(left, String(right)) : left < String(right) ? -1 : 1);
  };
}

/**
 * Without case and accents.
 * @param {string} text
 */
function normalize(text) {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}

/** @param {number} number */
function format(number) {
  return number.toLocaleString(document.documentElement.lang);
}
