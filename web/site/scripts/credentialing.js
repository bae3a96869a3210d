/** The SIS Vendor Credentialing screen of one LEA. */

import { endPreviousKey, generateCredentials, readCredentials, revokeCredentials } from "./api.js";
import { connectDialog, openDialog, renderButtons } from "./dialogs.js";
import { alert, announce, byId, element, renderError } from "./elements.js";
import { asText } from "./formats.js";
import { buildFrame } from "./frame.js";
import { showHelp } from "./help.js";
import { calendarDate, dateAndTime, daysSince, daysUntil, fill, inDays, nearDay, onLanguageSwitch, ready, texts, timeOnDate, when } from "./language.js";
import { mostUrgent, readAllCredentials, shortState } from "./leas.js";
import { readFailureMessage, removeOutdatedMessage, showMessage, signInAction } from "./messages.js";
import { host, isHosted, now } from "./session.js";
import { clearSharing, hasUnsavedLink, onOutdated, readSharedLinks, renderSharing } from "./sharing.js";
import { absoluteUrl } from "./site.js";

/**
 * @typedef {import("./api.js").Credentials} Credentials
 * @typedef {import("./api.js").Success<Credentials>} Success
 * @typedef {import("./api.js").Failure} Failure
 * @typedef {import("./session.js").Lea} Lea
 * @typedef {"generation" | "end" | "revocation"} Change  a request that changes the credentials; "end": of the previous key
 */

/** Interval of background reads while the screen is visible: the number of remaining days changes. */
const refreshInterval = 10 * 60_000; // milliseconds

const strongWarningDays = 3;

/** For how many days a use of a key is shown. */
const usageDays = 7;

const maxReasonLength = 200;

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

/** @type {Change | null} The change in progress. */
let busy = null;

/**
 * Set if the response to a change was lost. "unknown": the state has not been read since. "not yet": the last read showed no
 * new credentials, but a delayed request may still arrive.
 * @type {{ change: Change, outcome: "unknown" | "not yet", overlapDays: number } | null}
 */
let lost = null;

/** Whether the previous key has stopped while this screen was open. */
let previousEnded = false;

/** @type {"missing" | "tooLong" | null} Error of the reason for a revocation. */
let reasonError = null;

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
  all: { read: allValues, confirmation: () => texts.credentials.copiedAll },
};

const agree = byId("agree", HTMLInputElement);
const saved = byId("saved", HTMLInputElement);
const generateButton = byId("generate", HTMLButtonElement);
const confirmation = byId("confirmation", HTMLDialogElement);
const confirmButton = byId("confirm", HTMLButtonElement);
const cancelButton = byId("cancel", HTMLButtonElement);
const picker = byId("pick", HTMLSelectElement);
const overlapChoices = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=overlap]"));
const historyLink = byId("history", HTMLAnchorElement);
const endButton = byId("end-previous", HTMLButtonElement);
const revokeButton = byId("revoke", HTMLButtonElement);
const revocation = byId("revocation", HTMLDialogElement);
const reason = byId("reason", HTMLInputElement);
const confirmRevocationButton = byId("confirm-revocation", HTMLButtonElement);
const cancelRevocationButton = byId("cancel-revocation", HTMLButtonElement);

agree.addEventListener("change", () => {
  render();
  announce(fill(agree.checked ? texts.authorization.buttonShown : texts.authorization.buttonHidden, { button: generateButton.textContent ?? "" }));
});

generateButton.addEventListener("click", () => {
  if (busy !== null)
    return;
  overlapChoices[0].checked = true;
  render();
  openDialog(confirmation, cancelButton);
});

for (const choice of overlapChoices)
  choice.addEventListener("change", render);

revokeButton.addEventListener("click", () => {
  if (busy !== null)
    return;
  reasonError = null;
  render();
  openDialog(revocation, cancelRevocationButton);
});

endButton.addEventListener("click", endPrevious);

for (const { change, dialog, cancel, confirm, run } of [
  { change: "generation", dialog: confirmation, cancel: cancelButton, confirm: confirmButton, run: generate },
  { change: "revocation", dialog: revocation, cancel: cancelRevocationButton, confirm: confirmRevocationButton, run: revoke },
])
  connectDialog({ dialog, cancel, confirm }, () => busy !== null, () => busy === change, run);

byId("show-key").addEventListener("click", () => {
  keyVisible = !keyVisible;
  renderKey();
  announce(keyVisible ? texts.credentials.shown : texts.credentials.hidden);
});

for (const value of /** @type {(keyof typeof copyable)[]} */ (Object.keys(copyable)))
  byId(`copy-${value}`).addEventListener("click", () => copy(value));

onOutdated(refresh);
document.addEventListener("visibilitychange", refreshInBackground);
window.addEventListener("online", refreshInBackground);
setInterval(() => {
  if (document.visibilityState === "visible")
    readOtherLeas();
}, refreshInterval);

window.addEventListener("beforeunload", event => {
  if (busy !== null || hasUnsavedLink() || (secretKey !== null && !keyCopied && !saved.checked))
    event.preventDefault();
  setTimeout(showLeaInPicker); // runs if the user stays
});

// The page may be restored from the back/forward cache in the state in which it was left, so the key is removed here.
window.addEventListener("pagehide", () => {
  latestRequest++;
  if (credentials === null)
    return;
  clearKey();
  agree.checked = previousEnded = false;
  reason.value = "";
  closeDialogs();
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
  if (busy !== null)
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
  if (busy !== null || lea.id === "" || document.visibilityState !== "visible")
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
 * @returns whether the user sees what happened: see `acceptState`
 */
function applyReadResult(result) {
  let explained = true;
  if (result.kind === "success")
    explained = acceptState(result);
  else if (lost?.outcome === "unknown")
    showMessage({
      name: unknownOutcome(lost),
      action: result.kind === "error" && result.status === 401 ? signInAction(refresh) : { name: "checkAgain", run: refresh },
    });
  else
    showMessage(readFailureMessage(result, "credentials", refresh));
  showHelp(helpOf(result));
  render();
  return explained;
}

/**
 * The message that the outcome of a change is unknown.
 * @param {NonNullable<typeof lost>} lost
 */
function unknownOutcome({ change, overlapDays }) {
  return change === "end" ? "endUnknown" : change === "revocation" ? "revocationUnknown" : overlapDays > 0 ? "outcomeUnknownOverlap" : "outcomeUnknown";
}

/**
 * Accepts a state.
 * @param {Success} result
 * @returns whether the user sees what happened: new credentials, new wording, or the outcome of a change whose response was lost
 */
function acceptState({ body, etag: newEtag }) {
  const changed = credentials !== null && newEtag !== etag;
  const revoked = credentials !== null && credentials.state !== "revoked" && body.state === "revoked";
  const ended = !changed && !revoked && Boolean(credentials?.previous) && body.previous === null;
  const wordingChanged = agree.checked && credentials?.authorization.wordingVersion !== body.authorization.wordingVersion;
  const previousNotice = credentials && notice(credentials);
  let explained = true;
  [credentials, etag] = [body, newEtag];
  if (wordingChanged) { // the coordinator has not agreed to the new wording
    agree.checked = false;
    confirmation.close();
  }

  if (revoked) { // the authorization is withdrawn, and the dialogs refer to valid credentials
    agree.checked = false;
    reason.value = "";
    closeDialogs();
    clearKey();
  }

  if (changed && body.generatedAt !== null) {
    const { generatedBy, generatedAt, timeZone, previous } = body;
    const name = lost?.change === "generation" ? "keyLost" : secretKey !== null ? "keySuperseded" : "changed";
    showMessage({
      name: name === "changed" || previous === null ? name : `${name}Overlap`,
      tone: "warning",
      values: () => ({
        name: String(generatedBy),
        time: timeOnDate({ instant: generatedAt, timeZone }),
        until: previous === null ? "" : dateAndTime({ instant: previous.until, timeZone }),
      }),
    });
    closeDialogs(); // they refer to superseded credentials
    clearKey();
    lost = null;
    previousEnded = false;
  } else if (lost?.outcome === "unknown") {
    explained = acceptOutcome(lost, body);
  } else if (wordingChanged) {
    showMessage({ name: "wordingChanged", tone: "warning" });
  } else {
    removeOutdatedMessage();
    explained = false;
  }

  if (ended) {
    previousEnded = true;
    announce(texts.previous.ended);
  }

  if (notice(body) !== previousNotice)
    announce(notice(body));
  scheduleRefresh(body);
  if (body.state !== "none")
    readSharedLinks(lea.id);
  return explained;
}

/**
 * Shows the outcome of a change whose response was lost, now that the state has been read.
 * @param {NonNullable<typeof lost>} change
 * @param {Credentials} after
 */
function acceptOutcome({ change, overlapDays }, after) {
  lost = change === "generation" ? { change, outcome: "not yet", overlapDays } : null;
  const done = change === "end" ? after.previous === null : change === "revocation" && after.state === "revoked";
  showMessage(done ? null : { name: change === "generation" ? "nothingGenerated" : change === "end" ? "nothingEnded" : "nothingRevoked" });
  return true;
}

/**
 * Schedules the next background read: after `refreshInterval`, or when the credentials or the previous key end if that is earlier.
 * @param {Credentials} shown
 */
function scheduleRefresh({ expiresAt, previous }) {
  const remaining = [expiresAt, previous?.until].map(end => Date.parse(end ?? "") - now()).filter(time => time > 0);
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(async () => {
    await refreshInBackground();
    if (credentials !== null)
      scheduleRefresh(credentials);
  }, Math.min(...remaining, refreshInterval));
}

/**
 * Sends a request that changes the credentials. If its response is lost, the state is read to find out what happened.
 * @template Body
 * @param {Change} change
 * @param {() => Promise<import("./api.js").Outcome<Body>>} send
 * @param {(result: import("./api.js").Success<Body>) => void} accept
 */
async function makeChange(change, send, accept) {
  const thisRequest = ++latestRequest;
  const overlapDays = change === "generation" ? chosenOverlapDays() : 0;
  busy = change;
  showMessage(null);
  render();
  const result = etag === null && credentials?.state !== "none"
    ? /** @type {Failure} */ ({ kind: "error", status: 428 }) // no ETag: an unconditional change is not allowed
    : await send();
  if (result.kind === "success" && thisRequest === latestRequest) {
    busy = null;
    closeDialogs();
    accept(result);
    return;
  }

  // If the user left the screen in the meantime, the response counts as lost: its key must not appear on a restored page.
  const failure = result.kind === "success" ? /** @type {Failure} */ ({ kind: "unreachable" }) : result;
  if (failure.kind === "unreachable" || (failure.kind === "error" && failure.status >= 500))
    lost = { change, outcome: "unknown", overlapDays };
  const mustRead = lost?.outcome === "unknown" || (failure.kind === "error" && [412, 422].includes(failure.status));
  const stateAfter = mustRead ? await readCredentials(lea.id) : null;
  busy = null;
  closeDialogs();
  showChangeFailure(change, failure, stateAfter);
  render();
}

async function generate() {
  if (busy !== null || credentials === null || !agree.checked)
    return;
  const { state, authorization } = credentials;
  await makeChange(
    "generation",
    () => generateCredentials(lea.id, state === "none" ? null : etag, authorization.wordingVersion, chosenOverlapDays()),
    acceptGenerated);
}

/**
 * Accepts credentials that this page has generated.
 * @param {Success} result
 */
function acceptGenerated({ body, etag: newEtag }) {
  const { secretKey: key = null, ...generated } = body;
  clearKey();
  [credentials, etag, lost] = [generated, newEtag, null];
  secretKey = key;
  agree.checked = previousEnded = false;
  scheduleRefresh(generated);
  showHelp(body.help);
  render();
  announce(`${texts.credentials.done} ${notice(generated)}`);
  byId("warning-title").focus();
}

async function endPrevious() {
  const shown = credentials;
  if (busy !== null || shown === null)
    return;
  await makeChange("end", () => endPreviousKey(lea.id, String(etag)), () => {
    acceptState({ kind: "success", body: { ...shown, previous: null }, etag });
    render();
  });
}

async function revoke() {
  if (busy !== null || credentials === null)
    return;
  const text = reason.value.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  reasonError = text === "" ? "missing" : text.length > maxReasonLength ? "tooLong" : null;
  if (reasonError !== null) {
    render();
    reason.focus();
    return;
  }

  await makeChange("revocation", () => revokeCredentials(lea.id, String(etag), text), result => {
    acceptState(result);
    render();
  });
}

/**
 * Shows why nothing was changed, or that the outcome is unknown.
 * @param {Change} change
 * @param {Failure} failure
 * @param {Success | Failure | null} stateAfter result of reading the state after the failure; null if the failure is conclusive
 */
function showChangeFailure(change, failure, stateAfter) {
  showHelp(helpOf(failure));
  if (stateAfter !== null && applyReadResult(stateAfter))
    return;
  const values = () => ({ notDone: texts.notDone[change] });
  if (failure.kind !== "error") {
    showMessage({ name: "changeOffline", values });
  } else if (failure.status === 401) {
    showMessage({
      name: change === "generation" ? "generateSessionEnded" : "changeSessionEnded",
      tone: "warning",
      values,
      action: signInAction(refresh),
      outdatedByRead: true,
    });
  } else if (failure.status === 403) {
    showMessage({ name: "changeNotPermitted", values });
  } else {
    showMessage({ name: "changeUnexpected", values });
  }
}

/** Whether a regeneration can keep the current key working for a while. */
function offersOverlap() {
  return credentials?.state === "active" || credentials?.state === "expiring";
}

function chosenOverlapDays() {
  return offersOverlap() ? Number([...overlapChoices].find(choice => choice.checked)?.value) : 0;
}

function closeDialogs() {
  confirmation.close();
  revocation.close();
}

/** Removes the key from the script and from the page. */
function clearKey() {
  secretKey = null;
  keyVisible = keyCopied = saved.checked = false;
  copied = null;
  clearSharing();
  renderKey();
}

/** @param {Credentials} credentials */
function notice({ state, daysRemaining, expiresAt, timeZone }) {
  const notices = texts.credentials.notice;
  if (state === "none" || state === "expired" || state === "revoked")
    return notices[state];
  return fill(notices.expiring, { when: when(Number(daysRemaining), { instant: String(expiresAt), timeZone }) });
}

function render() {
  renderPicker();
  byId("lea").textContent = lea.name !== null ? fill(texts.credentialing.lea, { name: lea.name, id: lea.id }) : lea.id;
  byId("loading").hidden = credentials !== null || byId("message").childElementCount > 0;
  byId("credentials").hidden = credentials === null && byId("loading").hidden;
  byId("authorization").hidden = credentials === null;
  byId("details").hidden = credentials === null || credentials.state === "none";
  historyLink.hidden = credentials === null;
  historyLink.href = absoluteUrl(`history/?lea=${encodeURIComponent(lea.id)}`);
  byId("once-only").hidden = credentials === null || secretKey !== null || ["none", "expired", "revoked"].includes(credentials.state);
  if (credentials === null)
    return;
  renderAuthorization(credentials);
  renderConfirmation(credentials);
  renderNotice(credentials);
  if (credentials.state !== "none")
    renderDetails(credentials);
  renderPrevious(credentials);
  renderRevocation(credentials);
  renderSharing({ lea, credentials, etag, secretKey });
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
function renderAuthorization({ action, authorization }) {
  const translated = texts.authorization.wordings[authorization.wordingVersion];
  byId("wording").textContent = translated ?? authorization.text;
  byId("wording").lang = translated ? document.documentElement.lang : "en";
  byId("original").hidden = !translated;
  byId("original-text").textContent = authorization.text;
  generateButton.textContent = texts.authorization[action];
  if (!agree.checked && document.activeElement === generateButton)
    agree.focus();
  generateButton.hidden = !agree.checked;
}

/** @param {Credentials} shown */
function renderConfirmation(shown) {
  const { confirm, busy: progress, rightAway } = texts.confirmation;
  // A live region: unchanged text is not replaced, because screen readers would read it again.
  if (byId("consequence").textContent !== consequence(shown))
    byId("consequence").textContent = consequence(shown);
  byId("overlap").hidden = !offersOverlap();
  byId("overlap", HTMLFieldSetElement).disabled = busy !== null;
  for (const { value, labels } of overlapChoices)
    labels?.forEach(label => { label.textContent = value === "0" ? rightAway : inDays(Number(value)); });
  renderButtons(busy === "generation", { text: confirm, progress }, byId("progress"), confirmButton, cancelButton);
}

/**
 * What a generation does, with the choice for the old key.
 * @param {Credentials} shown
 */
function consequence({ state, expiresAt, previous, timeZone }) {
  const { generate, regenerate, regenerateExpired, overlap, overlapToExpiry, olderKey } = texts.confirmation;
  const name = lea.name ?? lea.id;
  if (state === "none")
    return fill(generate, { lea: name });
  if (!offersOverlap())
    return fill(regenerateExpired, { lea: name });
  const days = chosenOverlapDays();
  if (days === 0)
    return fill(regenerate, { lea: name });
  const chosen = new Date(now() + days * 86_400_000).toISOString();
  const expiry = String(expiresAt);
  const capped = Date.parse(expiry) < Date.parse(chosen);
  const text = fill(capped ? overlapToExpiry : overlap, { lea: name, until: dateAndTime({ instant: capped ? expiry : chosen, timeZone }) });
  return previous === null ? text : `${text} ${olderKey}`;
}

/** @param {Credentials} shown */
function renderPrevious({ previous, timeZone }) {
  const hadFocus = document.activeElement === endButton;
  const area = byId("previous");
  const ended = previous === null && previousEnded;
  area.hidden = previous === null && !ended;
  area.classList.toggle("usa-alert--warning", previous !== null);
  area.classList.toggle("usa-alert--success", ended);
  area.classList.toggle("usa-alert--slim", ended);
  const until = previous && { instant: previous.until, timeZone };
  byId("previous-text").textContent = until === null
    ? texts.previous.ended
    : fill(texts.previous.works, { until: dateAndTime(until), inDays: inDays(Math.max(daysUntil(until, now()), 0)) });
  endButton.hidden = previous === null;
  endButton.textContent = busy === "end" ? texts.previous.busy : texts.previous.end;
  endButton.setAttribute("aria-disabled", String(busy === "end"));
  if (hadFocus && previous === null)
    (ended ? area : byId("notice")).focus();
}

/** @param {Credentials} shown */
function renderRevocation({ state }) {
  const hadFocus = document.activeElement === revokeButton;
  const { question, access, accessExpired, confirm, busy: progress, errors } = texts.revocation;
  revokeButton.hidden = state === "none" || state === "revoked";
  if (hadFocus && revokeButton.hidden)
    byId("notice").focus();
  byId("revocation-question").textContent = fill(question, { lea: lea.name ?? lea.id });
  byId("revocation-access").textContent = state === "expired" ? accessExpired : access;
  renderError("reason", reason, reasonError === null ? null : fill(errors[reasonError], { max: maxReasonLength }));
  reason.readOnly = busy === "revocation";
  renderButtons(busy === "revocation", { text: confirm, progress }, byId("revocation-progress"), confirmRevocationButton, cancelRevocationButton);
}

/** @param {Credentials} shown */
function renderNotice(shown) {
  const { state, daysRemaining, action, revoked, timeZone } = shown;
  const instructions = texts.credentials.instructions;
  const button = texts.authorization[action];
  const tone = state === "expired" ? "emergency" : state === "revoked" ? "error" : state !== "expiring" ? "info" : Number(daysRemaining) > strongWarningDays ? "warning" : "error";
  const steps = Object.values(instructions.steps).map(step => element("li", {}, fill(step, { button })));
  byId("notice").replaceChildren(alert(
    tone,
    "h3",
    notice(shown),
    ...(revoked === null ? [] : [fill(texts.credentials.revokedBy, { name: revoked.by, instant: dateAndTime({ instant: revoked.at, timeZone }), reason: revoked.reason })]),
    ...(state === "active" ? [] : [fill(instructions[state], { button })]),
    ...(state === "expired" ? [element("ol", { class: "usa-list" }, ...steps)] : [])));
}

/** @param {Credentials} shown */
function renderDetails(shown) {
  const { state, username, generatedAt, generatedBy, expiresAt, revoked, lastUsedOn, timeZone, vendors } = shown;
  byId("username").textContent = username;
  byId("address").textContent = vendors.baseUrl;
  byId("guide").hidden = vendors.guideUrl === null;
  byId("guide", HTMLAnchorElement).href = vendors.guideUrl ?? "";
  byId("expires-label").textContent = texts.credentials[state === "expired" || state === "revoked" ? state : "expires"];
  byId("expires").textContent = dateAndTime({ instant: revoked?.at ?? String(expiresAt), timeZone });
  byId("generated").textContent = fill(
    texts.credentials.generatedBy, { instant: dateAndTime({ instant: String(generatedAt), timeZone }), name: String(generatedBy) });
  byId("last-used").textContent = lastUsedOn === null ? texts.credentials.never : calendarDate(lastUsedOn);
  renderUsage(shown);
}

/**
 * The clients of the last days, each with the key that it used last. Emphasizes those that still need the new key.
 * @param {Credentials} shown
 */
function renderUsage({ generation, previous, usage, timeZone }) {
  const latest = usage.filter(({ client }, index) => usage.findIndex(use => use.client === client) === index);
  const recent = latest.filter(({ lastUsedOn }) => daysSince(lastUsedOn, timeZone, now()) <= usageDays);
  const keysDiffer = offersOverlap() && (previous !== null || recent.some(use => use.generation !== generation));
  const { unknown, other, newKey, oldKeyUntil, oldKey } = texts.clients;
  byId("usage-row").hidden = recent.length === 0;
  byId("usage").replaceChildren(...recent.map(use => {
    const client = use.client === "unknown" ? unknown : use.client === "other" ? other : use.client;
    if (!keysDiffer)
      return element("li", {}, client);
    if (use.generation === generation)
      return element("li", {}, fill(newKey, { client }));
    return element("li", {}, element("strong", {}, use.generation === previous?.generation
      ? fill(oldKeyUntil, { client, day: nearDay({ instant: previous.until, timeZone }, now()) })
      : fill(oldKey, { client })));
  }));
}

function renderKey() {
  byId("secret-key").textContent = secretKey === null ? "" : keyVisible ? secretKey : "*".repeat(secretKey.length);
  byId("secret-key").ariaHidden = String(!keyVisible);
  byId("key-hidden").hidden = keyVisible;
  byId("show-key").textContent = keyVisible ? texts.credentials.hide : texts.credentials.show;
  byId("key").hidden = byId("all").hidden = byId("warning").hidden = byId("done").hidden = secretKey === null;
  for (const [value, { confirmation }] of Object.entries(copyable))
    byId(`copied-${value}`).textContent = copied?.value !== value ? "" : copied.succeeded ? confirmation() : texts.credentials.notCopied;
}

/** The values that a vendor needs, as lines of text. */
function allValues() {
  if (credentials === null || secretKey === null)
    return "";
  const { username, expiresAt, timeZone, vendors } = credentials;
  return asText({ baseUrl: vendors.baseUrl, username: String(username), secretKey, expiresAt: String(expiresAt), timeZone });
}

/** @param {keyof typeof copyable} value */
async function copy(value) {
  const key = secretKey;
  try {
    await navigator.clipboard.writeText(copyable[value].read());
    copied = { value, succeeded: true };
    keyCopied ||= (value === "key" || value === "all") && key === secretKey; // not if it was replaced in the meantime
  } catch {
    copied = { value, succeeded: false };
  }

  renderKey();
}

/** Shows the page's LEA in the picker, after the user has picked another one but stayed on the page. */
function showLeaInPicker() {
  picker.value = lea.id;
}

/** @param {Success | Failure} result */
function helpOf(result) {
  return result.kind === "success" ? result.body.help : result.kind === "error" ? result.help : null;
}
