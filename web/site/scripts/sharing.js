/** Handing over a new key on the credentialing screen: links for vendors, the list of the links, the checklist, the calendar file. */

import { cancelShare, createShare, readCalendar, readShares } from "./api.js";
import { connectDialog, openDialog, renderButtons } from "./dialogs.js";
import { byId, element, renderError } from "./elements.js";
import { saveFile } from "./files.js";
import { dateAndTime, daysSince, fill, texts } from "./language.js";
import { showMessage, signInAction } from "./messages.js";
import { now } from "./session.js";
import { encrypt, formatLink, isSupported, minPassphraseLength, normalizePassphrase } from "./share-crypto.js";
import { absoluteUrl } from "./site.js";

/**
 * @typedef {import("./api.js").Credentials} Credentials
 * @typedef {import("./api.js").Failure} Failure
 * @typedef {import("./api.js").Share} Share
 *
 * @typedef {object} Shown  what the screen shows
 * @property {{ id: string, name: string | null }} lea
 * @property {Credentials} credentials
 * @property {string | null} etag
 * @property {string | null} secretKey
 */

const maxVendorLength = 200;

/** For how many days a client that used the credentials is known. */
const knownClientDays = 365;

/** @type {Shown | null} */
let shown = null;

/** @type {() => void} Reads the state of the credentials. */
let refresh = () => {};

/** @type {Share[] | null} The links of the current credentials; null if they have not been read. */
let shares = null;

/** Whether the last read of the links has failed. */
let readFailed = false;

/** Number of the latest read or change of the list. Responses to earlier reads are ignored. */
let latestRead = 0;

/** Number of the latest creation. The response to a creation is ignored if the key has been removed since. */
let latestCreation = 0;

/** Whether a link is being created. */
let creating = false;

/** @type {{ link: string, share: Share, withPassphrase: boolean } | null} The new link, until the dialog is closed. The only copy. */
let created = null;

/** @type {boolean | null} Whether the link could be copied; null before the first copy. */
let linkCopied = null;

/** @type {"missing" | "tooLong" | null} Error of the vendor's name. */
let vendorError = null;

/** Whether the passphrase is too short. */
let passphraseError = false;

/** @type {string | null} The link that is being canceled. */
let canceling = null;

/** @type {string | null} The vendor whose link was canceled last. */
let canceledVendor = null;

/** @type {Set<string>} The clients that have the new key. */
const ticked = new Set();

/** Whether the calendar file is being read. */
let downloading = false;

/** Whether the calendar file was downloaded. */
let downloaded = false;

/** What the lists show, as JSON. An unchanged list is not replaced, because one of its elements may have the focus. */
let renderedClients = "";
let renderedShares = "";

const dialog = byId("sharing", HTMLDialogElement);
const vendor = byId("vendor", HTMLInputElement);
const days = byId("share-days", HTMLSelectElement);
const passphrase = byId("passphrase", HTMLInputElement);
const confirmButton = byId("confirm-share", HTMLButtonElement);
const cancelButton = byId("cancel-share", HTMLButtonElement);
const linkField = byId("link", HTMLTextAreaElement);

connectDialog({ dialog, cancel: cancelButton, confirm: confirmButton }, () => creating, () => creating, create);
dialog.addEventListener("close", () => {
  if (!creating)
    clearDialog();
});
byId("close-share").addEventListener("click", () => dialog.close());
byId("share").addEventListener("click", () => open());
byId("calendar").addEventListener("click", downloadCalendar);
byId("copy-link").addEventListener("click", copyLink);
linkField.addEventListener("focus", () => linkField.select());

/**
 * Sets the function that reads the state of the credentials.
 * @param {() => void} read
 */
export function onOutdated(read) {
  refresh = read;
}

/** Whether leaving the screen loses a link that was not copied. */
export const hasUnsavedLink = () => creating || (created !== null && linkCopied !== true);

/** Removes everything that belongs to the secret key: the link, the passphrase, the checklist. */
export function clearSharing() {
  latestCreation++;
  latestRead++;
  creating = readFailed = downloaded = false;
  shares = canceledVendor = null;
  vendor.value = "";
  ticked.clear();
  dialog.close();
  clearDialog();
  if (shown !== null)
    renderSharing({ ...shown, secretKey: null });
}

/**
 * Reads the list of the links. Keeps the current list if the read fails.
 * @param {string} lea
 */
export async function readSharedLinks(lea) {
  const thisRead = ++latestRead;
  const result = await readShares(lea);
  if (thisRead !== latestRead)
    return;
  readFailed = result.kind !== "success";
  if (result.kind === "success")
    shares = result.body;
  renderShares();
}

/**
 * Renders all parts.
 * @param {Shown} newShown
 */
export function renderSharing(newShown) {
  shown = newShown;
  renderHandover(newShown);
  renderDialog();
  renderShares();
}

/** @param {string} [client] the name of the vendor; default: the name that was entered before */
function open(client) {
  vendor.value = client ?? vendor.value;
  days.value = "1";
  vendorError = null;
  passphraseError = false;
  renderDialog();
  openDialog(dialog, vendor);
}

async function create() {
  if (creating || shown === null || shown.secretKey === null)
    return;
  const { lea, credentials, etag, secretKey } = shown;
  const name = vendor.value.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  const phrase = normalizePassphrase(passphrase.value);
  vendorError = name === "" ? "missing" : name.length > maxVendorLength ? "tooLong" : null;
  passphraseError = phrase !== "" && [...phrase].length < minPassphraseLength;
  if (vendorError !== null || passphraseError) {
    renderDialog();
    (vendorError !== null ? vendor : passphrase).focus();
    return;
  }

  const thisCreation = ++latestCreation;
  creating = true;
  canceledVendor = null;
  showMessage(null);
  renderDialog();
  const { key, ciphertext } = await encrypt({
    leaId: lea.id,
    lea: lea.name ?? lea.id,
    vendor: name,
    baseUrl: credentials.vendors.baseUrl,
    username: String(credentials.username),
    secretKey,
    expiresAt: String(credentials.expiresAt),
    timeZone: credentials.timeZone,
    guideUrl: credentials.vendors.guideUrl,
  }, phrase);
  if (thisCreation !== latestCreation)
    return;
  const result = await createShare(lea.id, String(etag), { vendor: name, expiresInHours: 24 * Number(days.value), ciphertext });
  if (thisCreation !== latestCreation)
    return;
  creating = false;
  if (result.kind !== "success") {
    dialog.close();
    showCreationFailure(result, lea.id);
    return;
  }

  const share = result.body;
  created = { link: formatLink(absoluteUrl("share/"), { id: share.id, key }), share, withPassphrase: phrase !== "" };
  vendor.value = passphrase.value = "";
  acceptShares([share, ...(shares ?? []).filter(({ id }) => id !== share.id)]);
  for (const client of knownClients(credentials).filter(client => client.toLowerCase() === name.toLowerCase()))
    ticked.add(client);
  renderSharing(shown);
  byId("created").focus();
}

/**
 * @param {Failure} failure
 * @param {string} lea
 */
function showCreationFailure(failure, lea) {
  if (failure.kind === "unreachable" || (failure.kind === "error" && failure.status >= 500)) {
    showMessage({ name: "shareUnknown", tone: "warning" });
    readSharedLinks(lea);
  } else if (failure.kind === "error" && failure.status === 412) {
    refresh(); // shows who has changed the credentials
  } else if (failure.kind === "error" && failure.problem === "nothing-to-share") {
    showMessage({ name: "nothingToShare" });
    refresh();
  } else if (failure.kind === "error" && failure.problem === "too-many-shares") {
    showMessage({ name: "tooManyShares" });
  } else {
    showFailure(failure, "share");
  }
}

/** @param {Share} share */
async function cancel({ id, vendor }) {
  if (canceling !== null || shown === null)
    return;
  const lea = shown.lea.id;
  canceling = id;
  canceledVendor = null;
  showMessage(null);
  renderShares();
  const result = await cancelShare(lea, id);
  canceling = null;
  if (result.kind === "success") {
    canceledVendor = vendor;
    if (shares !== null) // not removed in the meantime
      acceptShares(shares.filter(share => share.id !== id));
    renderShares();
    byId("canceled").focus();
  } else if (result.kind === "error" && result.problem === "share-opened") {
    showMessage({ name: "shareOpened", values: () => ({ vendor }) });
    readSharedLinks(lea);
  } else if (result.kind === "unreachable" || (result.kind === "error" && result.status >= 500)) {
    showMessage({ name: "cancellationUnknown", tone: "warning" });
    readSharedLinks(lea);
  } else {
    showFailure(result, "cancellation");
  }

  renderShares();
}

async function downloadCalendar() {
  if (downloading || shown === null)
    return;
  const { id } = shown.lea;
  downloading = true;
  downloaded = false;
  showMessage(null);
  byId("downloaded").textContent = "";
  const result = await readCalendar(id, document.documentElement.lang);
  downloading = false;
  if (result.kind !== "success") {
    showFailure(result, "calendar");
    return;
  }

  saveFile(new Blob([result.body], { type: "text/calendar" }), `sis-vendor-credentials-${id}.ics`);
  downloaded = true;
  if (shown !== null)
    renderHandover(shown);
}

/**
 * Shows that nothing was done.
 * @param {Failure} failure
 * @param {"share" | "cancellation" | "calendar"} action
 */
function showFailure(failure, action) {
  const values = () => ({ notDone: texts.notDone[action], notLoaded: texts.notDone[action] });
  if (failure.kind !== "error")
    showMessage({ name: failure.kind === "offline" ? "changeOffline" : "unreachable", values });
  else if (failure.status === 401)
    showMessage({ name: "changeSessionEnded", tone: "warning", values, action: signInAction(refresh), outdatedByRead: true });
  else if (failure.status === 403)
    showMessage({ name: "changeNotPermitted", values });
  else
    showMessage({ name: failure.status === 429 || failure.status > 500 ? "unavailable" : "unexpected", values });
}

/**
 * Accepts the list after a change. It is newer than the response to a read in progress.
 * @param {Share[]} newShares
 */
function acceptShares(newShares) {
  latestRead++;
  shares = newShares;
  renderShares();
}

/** Removes the link and the passphrase from the script and from the page. */
function clearDialog() {
  created = linkCopied = null;
  passphrase.value = "";
  renderDialog();
}

async function copyLink() {
  if (created === null)
    return;
  const { link } = created;
  const copied = await navigator.clipboard.writeText(link).then(() => true, () => false);
  if (created?.link !== link)
    return;
  linkCopied = copied;
  renderDialog();
}

/**
 * The names of the clients that used any key in the last year, most recent first.
 * @param {Credentials} credentials
 */
function knownClients({ usage, timeZone }) {
  const recent = usage.filter(({ client, lastUsedOn }) => !["unknown", "other"].includes(client) && daysSince(lastUsedOn, timeZone, now()) <= knownClientDays);
  return [...new Set(recent.map(({ client }) => client))];
}

/** @param {Shown} shown */
function renderHandover({ credentials, secretKey }) {
  const { shareWith, share } = texts.handover;
  byId("handover").hidden = secretKey === null;
  byId("handover-text").hidden = byId("share").hidden = !isSupported();
  byId("downloaded").textContent = downloaded ? texts.handover.downloaded : "";
  const clients = secretKey === null ? [] : knownClients(credentials);
  byId("checklist").hidden = clients.length === 0;
  const content = JSON.stringify([clients, share]);
  if (content !== renderedClients) {
    renderedClients = content;
    byId("clients").replaceChildren(...clients.map((client, index) => {
      const id = `client-${index}`;
      const box = element("input", { id, class: "usa-checkbox__input", type: "checkbox", autocomplete: "off" });
      box.addEventListener("change", () => box.checked ? ticked.add(client) : ticked.delete(client));
      const button = element("button", { type: "button", class: "usa-button usa-button--outline", "aria-label": fill(shareWith, { client }) }, share);
      button.addEventListener("click", () => open(client));
      return element("li", {},
        element("div", { class: "usa-checkbox" }, box, element("label", { class: "usa-checkbox__label", for: id }, client)),
        ...(isSupported() ? [button] : []));
    }));
    byId("known-clients").replaceChildren(...clients.map(client => element("option", { value: client })));
  }

  for (const [index, client] of clients.entries())
    byId(`client-${index}`, HTMLInputElement).checked = ticked.has(client);
}

function renderDialog() {
  const { confirm, busy, errors, passphraseHint, send, tell, dayCount, copied, notCopied } = texts.sharing;
  byId("share-form").hidden = created !== null;
  byId("share-result").hidden = created === null;
  byId("passphrase-hint").textContent = fill(passphraseHint, { min: minPassphraseLength });
  for (const option of days.options)
    option.text = fill(dayCount, { count: Number(option.value) });
  renderError("vendor", vendor, vendorError === null ? null : fill(errors[vendorError], { max: maxVendorLength }));
  renderError("passphrase", passphrase, passphraseError ? fill(errors.passphraseTooShort, { min: minPassphraseLength }) : null);
  vendor.readOnly = passphrase.readOnly = days.disabled = creating;
  renderButtons(creating, { text: confirm, progress: busy }, byId("share-progress"), confirmButton, cancelButton);

  linkField.value = created?.link ?? "";
  byId("copied-link").textContent = linkCopied === null ? "" : linkCopied ? copied : notCopied;
  byId("tell").hidden = !created?.withPassphrase;
  if (created === null || shown === null) {
    byId("created").textContent = byId("tell").textContent = "";
    return;
  }

  const { vendor: name, expiresAt } = created.share;
  byId("created").textContent = fill(send, { vendor: name, until: dateAndTime({ instant: expiresAt, timeZone: shown.credentials.timeZone }) });
  byId("tell").textContent = created.withPassphrase ? fill(tell, { vendor: name }) : "";
}

function renderShares() {
  if (shown === null)
    return;
  const { timeZone } = shown.credentials;
  const current = shares ?? [];
  const notLoaded = shares === null && readFailed;
  byId("shares-not-loaded").hidden = !notLoaded;
  byId("canceled").textContent = canceledVendor === null ? "" : fill(texts.shares.canceled, { vendor: canceledVendor });
  byId("shares").hidden = current.length === 0 && !notLoaded && canceledVendor === null;
  const list = byId("shares-list");
  const content = JSON.stringify([current, texts.shares, timeZone]);
  if (content !== renderedShares) {
    renderedShares = content;
    const focused = list.contains(document.activeElement) ? document.activeElement?.id : undefined;
    list.replaceChildren(...current.map(share => item(share, timeZone)));
    if (focused !== undefined)
      (document.getElementById(focused) ?? byId("shares-title")).focus();
  }

  for (const button of list.querySelectorAll("button"))
    button.setAttribute("aria-disabled", String(canceling !== null));
}

/**
 * @param {Share} share
 * @param {string} timeZone
 */
function item(share, timeZone) {
  const { id, vendor, createdAt, createdBy, expiresAt, openedAt } = share;
  const { created, notOpened, opened, cancel: cancelText, cancelFor } = texts.shares;
  const state = openedAt === null
    ? fill(notOpened, { until: dateAndTime({ instant: expiresAt, timeZone }) })
    : fill(opened, { instant: dateAndTime({ instant: openedAt, timeZone }) });
  const parts = [
    element("strong", {}, vendor),
    element("span", {}, element("span", {}, state), element("br"), fill(created, { name: createdBy, instant: dateAndTime({ instant: createdAt, timeZone }) })),
  ];
  if (openedAt !== null)
    return element("li", {}, ...parts);
  const button = element("button", { id: `cancel-${id}`, type: "button", class: "usa-button usa-button--outline", "aria-label": fill(cancelFor, { vendor }) }, cancelText);
  button.addEventListener("click", () => cancel(share));
  return element("li", {}, ...parts, button);
}
