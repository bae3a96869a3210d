/** The SIS Vendor Credentialing screen of one LEA. */

import { generateCredentials, readCredentials } from "./api.js";
import { alert, announce, byId, element } from "./elements.js";
import { buildFrame } from "./frame.js";
import { showHelp } from "./help.js";
import { calendarDate, dateAndTime, fill, onLanguageSwitch, ready, texts, timeOnDate, when } from "./language.js";
import { mostUrgent, readAllCredentials, shortState } from "./leas.js";
import { readFailureMessage, removeOutdatedMessage, showMessage, signInAction } from "./messages.js";
import { host, isHosted } from "./session.js";

/**
 * @typedef {import("./api.js").Credentials} Credentials
 * @typedef {import("./api.js").Success<Credentials>} Success
 * @typedef {import("./api.js").Failure} Failure
 * @typedef {import("./session.js").Lea} Lea
 */

/** Interval of background reads while the screen is visible: the number of remaining days changes. */
const refreshInterval = 10 * 60_000; // milliseconds

const strongWarningDays = 3;

/** How long the choice of the most urgent LEA waits for the states of all LEAs. */
const choiceTimeout = 3_000; // milliseconds

/** @type {readonly Lea[]} The coordinator's LEAs. */
let leas = [];

/** @type {Map<string, Success>} Last state of each of several LEAs, by CDS code. An LEA whose state could not be read is missing. */
const states = new Map();

/** The LEA in the URL, or else the coordinator's most urgent LEA. The name is null if it is not an LEA of the coordinator. */
let lea = { id: "", name: /** @type {string | null} */ (null) };

/** @type {Credentials | null} Last response of the API; null before the first. */
let credentials = null;

/** @type {string | null} */
let etag = null;

/** Whether credentials are being generated. */
let busy = false;

/**
 * Set if the response to a generation was lost. "unknown": the state has not been read since. "not yet": the last read showed no
 * new credentials, but a delayed request may still arrive.
 * @type {"unknown" | "not yet" | null}
 */
let lostGeneration = null;

/** @type {string | null} The secret key, from its generation until the user leaves the screen. The only copy. */
let secretKey = null;

/** Whether the key is visible. */
let keyVisible = false;

/** Whether the user has copied the key. */
let keyCopied = false;

/** @type {{ value: keyof typeof copyable, succeeded: boolean } | null} Result of the last copy. */
let copied = null;

/** Number of the latest request. Responses to earlier requests are ignored. */
let latestRequest = 0;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let refreshTimer;

/** The values with a copy button, and the text that confirms the copy. */
const copyable = {
  username: { read: () => String(credentials?.username), confirmation: () => texts.credentials.copiedUsername },
  key: { read: () => secretKey ?? "", confirmation: () => texts.credentials.copiedSecretKey },
  address: { read: () => String(credentials?.vendors.baseUrl), confirmation: () => texts.credentials.copiedAddress },
};

const agree = byId("agree", HTMLInputElement);
const saved = byId("saved", HTMLInputElement);
const generateButton = byId("generate", HTMLButtonElement);
const confirmation = byId("confirmation", HTMLDialogElement);
const confirmButton = byId("confirm", HTMLButtonElement);
const cancelButton = byId("cancel", HTMLButtonElement);
const picker = byId("pick", HTMLSelectElement);

agree.addEventListener("change", () => {
  render();
  announce(fill(agree.checked ? texts.authorization.buttonShown : texts.authorization.buttonHidden, { button: generateButton.textContent ?? "" }));
});

generateButton.addEventListener("click", openConfirmation);

cancelButton.addEventListener("click", () => {
  if (!busy)
    confirmation.close();
});

// Ignores the second click of a double click on the button that opened the dialog.
confirmButton.addEventListener("click", event => {
  if (event.detail < 2)
    generate();
});

// Browsers close a dialog after repeated Escape, even if the page prevents it. So it is reopened during a request.
confirmation.addEventListener("close", () => {
  if (busy)
    openConfirmation();
});

byId("show-key").addEventListener("click", () => {
  keyVisible = !keyVisible;
  renderKey();
  announce(keyVisible ? texts.credentials.shown : texts.credentials.hidden);
});

for (const value of /** @type {(keyof typeof copyable)[]} */ (Object.keys(copyable)))
  byId(`copy-${value}`).addEventListener("click", () => copy(value));

document.addEventListener("visibilitychange", refreshInBackground);
window.addEventListener("online", refreshInBackground);
setInterval(() => {
  if (document.visibilityState === "visible")
    readOtherLeas();
}, refreshInterval);

window.addEventListener("beforeunload", event => {
  if (busy || (secretKey !== null && !keyCopied && !saved.checked))
    event.preventDefault();
  setTimeout(showLeaInPicker); // runs if the user stays
});

// The page may be restored from the back/forward cache in the state in which it was left, so the key is removed here.
window.addEventListener("pagehide", () => {
  latestRequest++;
  if (credentials === null)
    return;
  clearKey();
  agree.checked = false;
  confirmation.close();
  render();
});

window.addEventListener("pageshow", event => {
  if (!event.persisted)
    return;
  showLeaInPicker();
  if (credentials === null && lea.id !== "")
    refresh();
  else
    refreshInBackground();
});

agree.checked = saved.checked = false; // some browsers restore them after a reload
const firstRead = isHosted ? load() : null; // in parallel with loading the texts
await ready;
buildFrame("credentialing");
onLanguageSwitch(render);
if (firstRead === null)
  showMessage({ name: "notHosted" });
render();
await firstRead;

async function load() {
  const found = await host.leas().catch(() => null);
  leas = found ?? [];
  const choice = found === null ? /** @type {Failure} */ ({ kind: "error", status: 500 }) : await chooseLea();
  await ready;
  if (choice === undefined || "kind" in choice || !/^\d{14}$/.test(choice.id)) {
    const failure = choice !== undefined && "kind" in choice ? choice : null;
    showMessage(
      failure !== null ? readFailureMessage(failure, "credentials", load)
      : choice === undefined ? { name: "noLeas", tone: "info" }
      : { name: "unknownLea" });
    showHelp(failure && helpOf(failure));
    render();
    return;
  }

  lea = choice;
  if (leas.length > 1) {
    picker.replaceChildren(...leas.map(({ id }) => element("option", { value: id, ...(id === lea.id ? { selected: "" } : {}) })));
    byId("picker").hidden = false;
    renderPicker();
  }

  const known = states.get(lea.id);
  if (known === undefined)
    await refresh();
  else
    applyReadResult(known);
}

/**
 * The LEA to show: the LEA in the URL, or else the most urgent one. Undefined if there is none; a failure if no state could be
 * read. Does not wait for states that take long to read.
 */
async function chooseLea() {
  const id = new URLSearchParams(location.search).get("lea");
  if (id)
    return { id, name: leas.find(candidate => candidate.id === id)?.name ?? null };
  if (leas.length < 2)
    return leas[0];
  /** @type {Failure[]} */
  const failures = [];
  const reads = readAllCredentials(leas, (lea, result) => {
    acceptStateOf(lea, result);
    if (result.kind !== "success")
      failures.push(result);
  });
  await Promise.race([reads, new Promise(resolve => setTimeout(resolve, choiceTimeout))]);
  return failures.length === leas.length ? failures[0] : mostUrgent(leas, ({ id }) => states.get(id)?.body);
}

/** Reads the states of the LEAs that the picker offers, except the page's own. */
function readOtherLeas() {
  readAllCredentials(leas.filter(({ id }) => id !== lea.id), acceptStateOf);
}

/**
 * Accepts the state of an LEA for the picker. Ignores failures.
 * @param {Lea} lea
 * @param {Success | Failure} result
 */
function acceptStateOf({ id }, result) {
  if (result.kind !== "success")
    return;
  states.set(id, result);
  renderPicker();
}

async function refresh() {
  if (busy)
    return;
  const thisRequest = ++latestRequest;
  const result = await readCredentials(lea.id);
  await ready;
  if (thisRequest === latestRequest)
    applyReadResult(result);
  readOtherLeas();
}

/** Reads the state in the background. Ignores failures, except an ended session, and responses that a later request has superseded. */
async function refreshInBackground() {
  if (busy || lea.id === "" || document.visibilityState !== "visible")
    return;
  const thisRequest = latestRequest;
  const result = await readCredentials(lea.id);
  if (thisRequest !== latestRequest)
    return;
  if (result.kind === "success") {
    latestRequest++;
    applyReadResult(result);
  } else if (result.kind === "error" && result.status === 401 && byId("message").childElementCount === 0) {
    applyReadResult(result);
  }
}

/**
 * Applies the result of a read: accepts the state, or shows a message.
 * @param {Success | Failure} result
 * @returns whether a message was shown
 */
function applyReadResult(result) {
  let messageShown = true;
  if (result.kind === "success")
    messageShown = acceptState(result);
  else if (lostGeneration === "unknown")
    showMessage({
      name: "outcomeUnknown",
      action: result.kind === "error" && result.status === 401 ? signInAction(refresh) : { name: "checkAgain", run: refresh },
    });
  else
    showMessage(readFailureMessage(result, "credentials", refresh));
  showHelp(helpOf(result));
  render();
  return messageShown;
}

/**
 * Accepts a state.
 * @param {Success} result
 * @returns whether a message was shown: new credentials, new wording, or no credentials after a lost response
 */
function acceptState({ body, etag: newEtag }) {
  const changed = credentials !== null && newEtag !== etag;
  const wordingChanged = agree.checked && credentials?.authorization.wordingVersion !== body.authorization.wordingVersion;
  const previousNotice = credentials && notice(credentials);
  let messageShown = true;
  [credentials, etag] = [body, newEtag];
  if (wordingChanged) { // the coordinator has not agreed to the new wording
    agree.checked = false;
    confirmation.close();
  }

  if (changed && body.generatedAt !== null) {
    const { generatedBy, generatedAt, timeZone } = body;
    showMessage({
      name: lostGeneration !== null ? "keyLost" : secretKey !== null ? "keySuperseded" : "changed",
      tone: "warning",
      values: () => ({ name: String(generatedBy), time: timeOnDate({ instant: generatedAt, timeZone }) }),
    });
    confirmation.close(); // it refers to superseded credentials
    clearKey();
    lostGeneration = null;
  } else if (lostGeneration === "unknown") {
    showMessage({ name: "nothingGenerated" });
    lostGeneration = "not yet";
  } else if (wordingChanged) {
    showMessage({ name: "wordingChanged", tone: "warning" });
  } else {
    removeOutdatedMessage();
    messageShown = false;
  }

  if (notice(body) !== previousNotice)
    announce(notice(body));
  scheduleRefresh(body);
  return messageShown;
}

/**
 * Schedules the next background read: after `refreshInterval`, or at expiry if that is earlier.
 * @param {Credentials} shown
 */
function scheduleRefresh({ expiresAt }) {
  const remaining = expiresAt === null ? 0 : Date.parse(expiresAt) - Date.now();
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(async () => {
    await refreshInBackground();
    if (credentials !== null)
      scheduleRefresh(credentials);
  }, remaining > 0 ? Math.min(remaining, refreshInterval) : refreshInterval);
}

async function generate() {
  if (busy || credentials === null || !agree.checked)
    return;
  const currentEtag = credentials.state === "none" ? null : etag;
  const thisRequest = ++latestRequest;
  busy = true;
  showMessage(null);
  render();
  const result = currentEtag === null && credentials.state !== "none"
    ? /** @type {Failure} */ ({ kind: "error", status: 428 }) // no ETag: an unconditional replacement is not allowed
    : await generateCredentials(lea.id, currentEtag, credentials.authorization.wordingVersion);
  if (result.kind === "success" && thisRequest === latestRequest) {
    busy = false;
    confirmation.close();
    acceptGenerated(result);
    return;
  }

  // If the user left the screen in the meantime, the response counts as lost: its key must not appear on a restored page.
  const failure = result.kind === "success" ? /** @type {Failure} */ ({ kind: "unreachable" }) : result;
  if (failure.kind === "unreachable" || (failure.kind === "error" && failure.status >= 500))
    lostGeneration = "unknown";
  const mustRead = lostGeneration === "unknown" || (failure.kind === "error" && [412, 422].includes(failure.status));
  const stateAfter = mustRead ? await readCredentials(lea.id) : null;
  busy = false;
  confirmation.close();
  showGenerationFailure(failure, stateAfter);
  render();
}

/**
 * Accepts credentials that this page has generated.
 * @param {Success} result
 */
function acceptGenerated({ body, etag: newEtag }) {
  const { secretKey: key = null, ...generated } = body;
  clearKey();
  [credentials, etag, lostGeneration] = [generated, newEtag, null];
  secretKey = key;
  agree.checked = false;
  showHelp(body.help);
  render();
  announce(`${texts.credentials.done} ${notice(generated)}`);
  byId("warning-title").focus();
}

/**
 * Shows why nothing was generated, or that the outcome is unknown.
 * @param {Failure} failure
 * @param {Success | Failure | null} stateAfter result of reading the state after the failure; null if the failure is conclusive
 */
function showGenerationFailure(failure, stateAfter) {
  showHelp(helpOf(failure));
  if (stateAfter !== null && applyReadResult(stateAfter))
    return;
  if (failure.kind !== "error") {
    showMessage({ name: "generateOffline" });
  } else if (failure.status === 401) {
    showMessage({ name: "generateSessionEnded", tone: "warning", action: signInAction(refresh), outdatedByRead: true });
  } else if (failure.status === 403) {
    showMessage({ name: "generateNotPermitted" });
  } else {
    showMessage({ name: "generateUnexpected" });
  }
}

/** Removes the key from the script and from the page. */
function clearKey() {
  secretKey = null;
  keyVisible = keyCopied = saved.checked = false;
  copied = null;
  renderKey();
}

/** @param {Credentials} credentials */
function notice({ state, daysRemaining, expiresAt, timeZone }) {
  const notices = texts.credentials.notice;
  if (state === "none")
    return notices.none;
  if (state === "expired")
    return notices.expired;
  return fill(notices.expiring, { when: when(Number(daysRemaining), { instant: String(expiresAt), timeZone }) });
}

function render() {
  renderPicker();
  byId("lea").textContent = lea.name !== null ? fill(texts.credentialing.lea, { name: lea.name, id: lea.id }) : lea.id;
  byId("loading").hidden = credentials !== null || byId("message").childElementCount > 0;
  byId("credentials").hidden = credentials === null && byId("loading").hidden;
  byId("authorization").hidden = credentials === null;
  byId("details").hidden = credentials === null || credentials.state === "none";
  byId("once-only").hidden = credentials === null || secretKey !== null || ["none", "expired"].includes(credentials.state);
  if (credentials === null)
    return;
  renderAuthorization(credentials);
  renderNotice(credentials);
  if (credentials.state !== "none")
    renderDetails(credentials);
  renderKey();
}

/** Shows the state of each LEA beside its name. The page's own state may be newer. */
function renderPicker() {
  for (const option of picker.options) {
    const name = leas.find(({ id }) => id === option.value)?.name ?? "";
    const state = option.value === lea.id && credentials !== null ? credentials : states.get(option.value)?.body;
    option.text = state === undefined ? name : fill(texts.leas.nameAndState, { name, state: shortState(state) });
  }
}

/** @param {Credentials} shown */
function renderAuthorization({ action, authorization, state }) {
  const translated = texts.authorization.wordings[authorization.wordingVersion];
  byId("wording").textContent = translated ?? authorization.text;
  byId("wording").lang = translated ? document.documentElement.lang : "en";
  byId("original").hidden = !translated;
  byId("original-text").textContent = authorization.text;
  generateButton.textContent = texts.authorization[action];
  if (!agree.checked && document.activeElement === generateButton)
    agree.focus();
  generateButton.hidden = !agree.checked;
  const { generate, regenerate, regenerateExpired, confirm, busy: progress } = texts.confirmation;
  byId("consequence").textContent = fill(
    action === "generate" ? generate : state === "expired" ? regenerateExpired : regenerate, { lea: lea.name ?? lea.id });
  confirmButton.textContent = busy ? progress : confirm;
  byId("progress").textContent = busy ? progress : "";
  for (const button of [confirmButton, cancelButton])
    button.setAttribute("aria-disabled", String(busy));
}

/** @param {Credentials} shown */
function renderNotice(shown) {
  const { state, daysRemaining, action } = shown;
  const instructions = texts.credentials.instructions;
  const button = texts.authorization[action];
  const tone = state === "expired" ? "emergency" : state !== "expiring" ? "info" : Number(daysRemaining) > strongWarningDays ? "warning" : "error";
  const steps = Object.values(instructions.steps).map(step => element("li", {}, fill(step, { button })));
  byId("notice").replaceChildren(alert(
    tone,
    "h3",
    notice(shown),
    ...(state === "active" ? [] : [fill(instructions[state], { button })]),
    ...(state === "expired" ? [element("ol", { class: "usa-list" }, ...steps)] : [])));
}

/** @param {Credentials} shown */
function renderDetails({ state, username, generatedAt, generatedBy, expiresAt, lastUsedOn, timeZone, vendors }) {
  byId("username").textContent = username;
  byId("address").textContent = vendors.baseUrl;
  byId("guide").hidden = vendors.guideUrl === null;
  byId("guide", HTMLAnchorElement).href = vendors.guideUrl ?? "";
  byId("expires-label").textContent = state === "expired" ? texts.credentials.expired : texts.credentials.expires;
  byId("expires").textContent = dateAndTime({ instant: String(expiresAt), timeZone });
  byId("generated").textContent = fill(
    texts.credentials.generatedBy, { instant: dateAndTime({ instant: String(generatedAt), timeZone }), name: String(generatedBy) });
  byId("last-used").textContent = lastUsedOn === null ? texts.credentials.never : calendarDate(lastUsedOn);
}

function renderKey() {
  byId("secret-key").textContent = secretKey === null ? "" : keyVisible ? secretKey : "*".repeat(secretKey.length);
  byId("secret-key").ariaHidden = String(!keyVisible);
  byId("key-hidden").hidden = keyVisible;
  byId("show-key").textContent = keyVisible ? texts.credentials.hide : texts.credentials.show;
  byId("key").hidden = byId("warning").hidden = byId("done").hidden = secretKey === null;
  for (const [value, { confirmation }] of Object.entries(copyable))
    byId(`copied-${value}`).textContent = copied?.value !== value ? "" : copied.succeeded ? confirmation() : texts.credentials.notCopied;
}

/** @param {keyof typeof copyable} value */
async function copy(value) {
  const key = secretKey;
  try {
    await navigator.clipboard.writeText(copyable[value].read());
    copied = { value, succeeded: true };
    keyCopied ||= value === "key" && key === secretKey; // not if it was replaced in the meantime
  } catch {
    copied = { value, succeeded: false };
  }

  renderKey();
}

/** Opens the dialog at its question, also if the dialog is taller than the screen. */
function openConfirmation() {
  confirmation.showModal();
  cancelButton.focus(); // Enter must trigger the safe choice
  confirmation.scrollTop = 0;
}

/** Shows the page's LEA in the picker, after the user has picked another one but stayed on the page. */
function showLeaInPicker() {
  picker.value = lea.id;
}

/** @param {Success | Failure} result */
function helpOf(result) {
  return result.kind === "success" ? result.body.help : result.kind === "error" ? result.help : null;
}
