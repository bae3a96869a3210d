/** The history of one LEA: who downloaded which reports, and the audit trail. For its coordinators and TOMS's staff. */

import { disclosuresPath, eventsPath, readDisclosures, readDisclosureSummary, readEvents, readLea } from "./api.js";
import { addDownload } from "./download.js";
import { byId, element, renderError } from "./elements.js";
import { buildFrame } from "./frame.js";
import { showHelp } from "./help.js";
import { dateAndTime, fill, languageName, month, onLanguageSwitch, ready, shortDateAndTime, texts } from "./language.js";
import { readFailureMessage, removeOutdatedMessage, showMessage } from "./messages.js";
import { addPagedList } from "./paged-list.js";
import { host, isHosted, isStaff } from "./session.js";

/**
 * @typedef {import("./api.js").AuditEvent & { timeZone: string }} ZonedEvent
 * @typedef {import("./api.js").Disclosure & { timeZone: string }} ZonedDisclosure
 */

/** The LEA in the URL, or else the coordinator's first LEA. The name is null if it is not known. */
let lea = { id: "", name: /** @type {string | null} */ (null) };

/** @type {import("./api.js").DisclosureSummary | null} */
let summary = null;

/** Whether the last read of the summary failed. A retry of the events reads it again, because the page shows one message. */
let summaryFailed = false;

/** @type {import("./api.js").DisclosureFilter} The filter of the downloads that are shown. Never in a URL of the page. */
let filter = { ssid: "", client: "", from: "", to: "" };

/** Errors of the search. */
let errors = { ssid: false, to: false };

const ssid = byId("ssid", HTMLInputElement);
const client = byId("client", HTMLInputElement);
const from = byId("from", HTMLInputElement);
const to = byId("to", HTMLInputElement);
const picker = byId("pick", HTMLSelectElement);

await ready;
buildFrame("history");
onLanguageSwitch(render);

const events = addPagedList(byId("events-list"), {
  titleId: "events-title",
  content: "history",
  none: () => texts.history.events.none,
  read: async after => {
    if (summaryFailed)
      readSummary();
    const result = await readEvents(lea.id, after);
    if (result.kind !== "success")
      return result;
    const { events: read, next, timeZone } = result.body;
    return { ...result, body: { items: read.map(event => ({ ...event, timeZone })), next } };
  },
  render: eventRow,
});
addDownload(byId("events-csv"), () => ({ path: eventsPath(lea.id), fileName: `sis-vendor-credentials-history-${lea.id}.csv` }));

const found = addPagedList(byId("found-list"), {
  titleId: "found-title",
  content: "downloads",
  none: () => texts.history.search.none,
  read: async after => {
    const result = await readDisclosures(lea.id, filter, after);
    if (result.kind !== "success")
      return result;
    const { disclosures, next, timeZone } = result.body;
    return { ...result, body: { items: disclosures.map(disclosure => ({ ...disclosure, timeZone })), next } };
  },
  render: disclosureRow,
});
addDownload(byId("found-csv"), () => ({ path: disclosuresPath(lea.id, filter), fileName: `downloads-${lea.id}.csv` }));

byId("search").addEventListener("submit", event => {
  event.preventDefault(); // the SSID must not get into the page's URL
  const entered = { ssid: ssid.value.trim(), client: client.value.trim(), from: from.value, to: to.value };
  errors = { ssid: !/^(\d{10})?$/.test(entered.ssid), to: entered.from !== "" && entered.to !== "" && entered.from > entered.to };
  renderErrors();
  if (errors.ssid || errors.to) {
    (errors.ssid ? ssid : to).focus();
    return;
  }

  filter = entered;
  byId("found").hidden = false;
  byId("found").focus();
  found.restart();
});

// The page may be restored from the back/forward cache, for another person at the same computer.
window.addEventListener("pagehide", () => {
  found.clear();
  byId("search", HTMLFormElement).reset();
  byId("found").hidden = true;
});

render();
if (isHosted)
  await load();
else
  showMessage({ name: "notHosted" });

async function load() {
  const [leas, staff] = await Promise.all([host.leas().catch(() => null), isStaff()]);
  const id = new URLSearchParams(location.search).get("lea");
  const choice = id ? { id, name: leas?.find(candidate => candidate.id === id)?.name ?? null } : leas?.[0];
  if (leas === null) {
    showMessage(readFailureMessage({ kind: "error", status: 500 }, "history", load));
    return;
  }

  if (choice === undefined || !/^\d{14}$/.test(choice.id)) {
    showMessage(choice !== undefined ? { name: "unknownLea" } : staff ? { name: "chooseLea", tone: "info" } : { name: "noLeas", tone: "info" });
    return;
  }

  removeOutdatedMessage();
  lea = choice;
  if (leas.length > 1) {
    picker.replaceChildren(...leas.map(({ id: value, name }) => element("option", { value, ...(value === lea.id ? { selected: "" } : {}) }, name)));
    byId("picker").hidden = false;
  }

  byId("content").hidden = false;
  render();
  summaryFailed = false;
  await Promise.all([staff && lea.name === null ? readName() : null, readSummary(), events.restart()]);
}

async function readName() {
  const result = await readLea(lea.id);
  if (result.kind !== "success")
    return; // the page shows the CDS code
  lea = { ...lea, name: result.body.name };
  render();
}

async function readSummary() {
  summaryFailed = false;
  byId("counts-loading").hidden = false;
  const result = await readDisclosureSummary(lea.id);
  if (result.kind === "success") {
    summary = result.body;
    removeOutdatedMessage();
  } else {
    summaryFailed = true;
    showHelp(result.kind === "error" ? result.help : null);
    showMessage(readFailureMessage(result, "history", load));
    byId("content").hidden = result.kind === "error" && result.status === 403;
  }

  byId("counts-loading").hidden = true;
  render();
}

function render() {
  byId("lea").textContent = lea.id === "" ? "" : lea.name === null ? lea.id : fill(texts.credentialing.lea, { id: lea.id, name: lea.name });
  renderErrors();
  renderSummary();
}

function renderErrors() {
  renderError("ssid", ssid, errors.ssid ? texts.history.search.ssidError : null);
  renderError("to", to, errors.to ? texts.history.search.toError : null);
}

/** One row for each month, one column for each client. */
function renderSummary() {
  if (summary === null)
    return;
  const { months: counts, asOf, timeZone } = summary;
  const clients = [...new Set(counts.map(count => count.client))].toSorted((a, b) => a.localeCompare(b));
  const months = [...new Set(counts.map(count => count.month))].toSorted().toReversed();
  byId("counts").hidden = counts.length === 0;
  byId("counts-none").hidden = counts.length > 0;
  byId("counts-caption").textContent = texts.history.downloads.caption;
  byId("counts-head").replaceChildren(
    element("th", { scope: "col" }, texts.history.downloads.month),
    ...clients.map(name => element("th", { scope: "col" }, clientName(name))));
  byId("counts-body").replaceChildren(...months.map(shown => element("tr", {},
    element("th", { scope: "row" }, month(shown)),
    ...clients.map(name => element("td", { "data-column": clientName(name) },
      (counts.find(count => count.month === shown && count.client === name)?.count ?? 0).toLocaleString(document.documentElement.lang))))));
  byId("as-of").textContent = fill(texts.history.downloads.asOf, { instant: dateAndTime({ instant: asOf, timeZone }) });
  byId("clients").replaceChildren(...clients.map(value => element("option", { value })));
}

/** @param {ZonedDisclosure} disclosure */
function disclosureRow({ ssid: student, reportId, generation, client: name, at, isWhole, byLink, timeZone }) {
  const notes = [
    fill(texts.history.search.generation, { generation }),
    ...(isWhole ? [] : [texts.history.search.part]),
    ...(byLink ? [texts.history.search.byLink] : []),
  ];
  return [
    element("strong", {}, shortDateAndTime({ instant: at, timeZone })),
    element("span", {}, fill(texts.history.search.report, { report: reportName(reportId), ssid: student })),
    element("span", {}, fill(texts.history.search.by, { client: clientName(name), notes: notes.join(", ") })),
  ];
}

/** @param {string} id such as "2026-ssr-en.pdf" */
function reportName(id) {
  const [, year, type, tag, format] = /^(\d{4})-([a-z-]+)-([a-z]{2})\.(\w+)$/.exec(id) ?? [];
  if (type !== "ssr" && type !== "lexile-quantile")
    return id;
  return fill(texts.history.search.reportName, { type: texts.history.search.types[type], year, language: languageName(tag), format: format.toUpperCase() });
}

/** @param {string} name */
function clientName(name) {
  return name === "unknown" || name === "other" ? texts.clients[name] : name;
}

/** @param {ZonedEvent} event */
function eventRow(event) {
  return [
    element("strong", {}, shortDateAndTime({ instant: event.at, timeZone: event.timeZone })),
    element("span", {}, sentence(event), ...detailLines(event)),
  ];
}

/**
 * What happened, in one sentence. An event of a kind that this release does not know is shown with its name.
 * @param {ZonedEvent} event
 */
function sentence({ kind, by, generation, previousUntil, details, timeZone }) {
  const values = {
    by: by === null ? "" : by.name ?? texts.history.by[/** @type {keyof typeof texts.history.by} */ (by.source)] ?? by.source,
    generation: String(generation ?? ""),
    until: previousUntil === null ? "" : dateAndTime({ instant: previousUntil, timeZone }),
    vendor: details.vendor ?? texts.history.vendor,
    kind,
  };
  const name = kind === "credential-regenerated" && previousUntil !== null ? "credential-regenerated-overlap" : kind;
  return fill(Object.hasOwn(texts.history.kinds, name) ? texts.history.kinds[name] : texts.history.otherKind, values);
}

/** @param {ZonedEvent} event */
function detailLines({ kind, detail, details }) {
  /** @type {string[]} */
  const lines = [];
  if (details.wording !== null)
    lines.push(fill(texts.history.details.wording, { value: details.wording }));
  if (details.milestone !== null && details.daysRemaining !== null)
    lines.push(fill(details.milestone > 0 ? texts.history.details.daysRemaining : texts.history.details.expired, { count: details.daysRemaining }));
  if (details.about !== null)
    lines.push(fill(texts.history.details.about, { value: Object.hasOwn(texts.history.about, details.about) ? texts.history.about[details.about] : details.about }));
  if (details.name !== null)
    lines.push(fill(texts.history.details.name, { value: details.name }));
  for (const name of /** @type {const} */ (["to", "rejected", "deferred", "givenUp", "added", "removed", "changed"])) {
    if (details[name].length > 0)
      lines.push(fill(texts.history.details[name], { value: details[name].join(", ") }));
  }

  const hasReason = kind === "credential-revoked" || kind === "previous-key-ended";
  if (hasReason && detail !== null)
    lines.push(fill(texts.history.details.reason, { value: detail }));

  // Events of earlier releases, and kinds of newer ones, say in English what they have to say.
  const isSaid = hasReason || lines.length > 0 || details.vendor !== null || kind.startsWith("announcement-");
  return [
    ...lines.map(line => element("span", { class: "detail" }, line)),
    ...(isSaid || detail === null ? [] : [element("span", { class: "detail", lang: "en" }, detail)]),
  ];
}
