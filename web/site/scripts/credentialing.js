/** The SIS Vendor Credentialing screen of one LEA. */

import { generateCredentials, readCredentials } from "./api.js";
import { alert, announce, byId, element } from "./elements.js";
import { frame } from "./frame.js";
import { calendarDate, date, dateAndTime, fill, onSwitch, ready, texts, time, when } from "./language.js";
import { hasBeenRead, show, signIn, unread } from "./messages.js";
import { host, isHosted } from "./session.js";

/**
 * @typedef {import("./api.js").Credentials} Credentials
 * @typedef {import("./api.js").Done<Credentials>} Done
 * @typedef {import("./api.js").Failure} Failure
 */

/** Interval of background reads while the screen is visible: the number of remaining days changes. */
const refreshInterval = 10 * 60_000; // milliseconds

const strongWarningDays = 3;

/** The LEA in the URL, or else the coordinator's first LEA. The name is null if it is not an LEA of the coordinator. */
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
let lost = null;

/** @type {string | null} The secret key, from its generation until the user leaves the screen. The only copy. */
let secretKey = null;

/** Whether the key is visible. */
let keyShown = false;

/** Whether the user has shown or copied the key. */
let keyTaken = false;

/** @type {"copiedUsername" | "copiedSecretKey" | "notCopied" | null} Result of the last copy. */
let copied = null;

/** Number of the latest request. Responses to earlier requests are ignored. */
let turn = 0;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let refreshing;

const agree = byId("agree", HTMLInputElement);
const generateButton = byId("generate", HTMLButtonElement);
const confirmation = byId("confirmation", HTMLDialogElement);
const confirmButton = byId("confirm", HTMLButtonElement);
const cancelButton = byId("cancel", HTMLButtonElement);
const picker = byId("pick", HTMLSelectElement);

agree.addEventListener("change", () => {
  render();
  announce(fill(agree.checked ? texts.authorization.buttonShown : texts.authorization.buttonHidden, { button: generateButton.textContent ?? "" }));
});

generateButton.addEventListener("click", () => {
  confirmation.showModal();
  cancelButton.focus(); // Enter must trigger the safe choice
});

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
    confirmation.showModal();
});

byId("show-key").addEventListener("click", () => {
  keyShown = !keyShown;
  keyTaken = true;
  renderKey();
  announce(keyShown ? texts.credentials.shown : texts.credentials.hidden);
});

byId("copy-username").addEventListener("click", () => copy(byId("username").textContent ?? "", "copiedUsername"));

byId("copy-key").addEventListener("click", () => copy(secretKey ?? "", "copiedSecretKey"));

document.addEventListener("visibilitychange", lookQuietly);
window.addEventListener("online", lookQuietly);

window.addEventListener("beforeunload", event => {
  if (busy || (secretKey !== null && !keyTaken))
    event.preventDefault();
});

// The page may be restored from the back/forward cache in the state in which it was left, so the key is removed here.
window.addEventListener("pagehide", () => {
  turn++;
  if (credentials === null)
    return;
  forgetKey();
  agree.checked = false;
  confirmation.close();
  render();
});

window.addEventListener("pageshow", event => {
  if (!event.persisted)
    return;
  picker.value = lea.id;
  if (credentials === null && lea.id !== "")
    look();
  else
    lookQuietly();
});

agree.checked = false; // some browsers restore it after a reload
const opening = isHosted ? open() : null; // in parallel with loading the texts
await ready;
frame("credentialing");
onSwitch(render);
if (opening === null)
  show({ name: "notHosted" });
render();
await opening;

async function open() {
  const leas = await host.leas().catch(() => null);
  const id = new URLSearchParams(location.search).get("lea") || leas?.[0]?.id;
  if (leas === null || id === undefined || !/^\d{14}$/.test(id)) {
    await ready;
    show(
      leas === null ? unread({ kind: "refused", status: 500 }, open)
      : id === undefined ? { name: "noLeas", tone: "info" }
      : { name: "unknownLea" });
    render();
    return;
  }

  lea = { id, name: leas.find(known => known.id === id)?.name ?? null };
  if (leas.length > 1) {
    picker.replaceChildren(...leas.map(({ id, name }) => element("option", { value: id, ...(id === lea.id ? { selected: "" } : {}) }, name)));
    byId("picker").hidden = false;
  }

  await look();
}

async function look() {
  if (busy)
    return;
  const mine = ++turn;
  const result = await readCredentials(lea.id);
  await ready;
  if (mine === turn)
    take(result);
}

/** Reads the state in the background. Ignores failures, except an ended session, and responses that a later request has superseded. */
async function lookQuietly() {
  if (busy || lea.id === "" || document.visibilityState !== "visible")
    return;
  const mine = turn;
  const result = await readCredentials(lea.id);
  if (mine !== turn)
    return;
  if (result.kind === "done") {
    turn++;
    take(result);
  } else if (result.kind === "refused" && result.status === 401 && byId("message").childElementCount === 0) {
    take(result);
  }
}

/**
 * Applies the result of a read: accepts the state, or shows a message.
 * @param {Done | Failure} result
 * @returns whether a message was shown
 */
function take(result) {
  let said = true;
  if (result.kind === "done")
    said = accept(result);
  else if (lost === "unknown")
    show({ name: "uncertain", action: result.kind === "refused" && result.status === 401 ? signIn(look) : { name: "checkAgain", run: look } });
  else
    show(unread(result, look));
  render();
  return said;
}

/**
 * Accepts a state.
 * @param {Done} result
 * @returns whether a message was shown: new credentials, new wording, or a lost request that generated nothing
 */
function accept({ body, etag: newTag }) {
  const changed = credentials !== null && newTag !== etag;
  const reworded = agree.checked && credentials?.authorization.wordingVersion !== body.authorization.wordingVersion;
  const before = credentials && notice(credentials);
  let said = true;
  [credentials, etag] = [body, newTag];
  if (reworded) { // the coordinator has not agreed to the new wording
    agree.checked = false;
    confirmation.close();
  }

  if (changed && body.generatedAt !== null) {
    const { generatedBy, generatedAt, timeZone } = body;
    const moment = { instant: generatedAt, timeZone };
    show({
      name: lost !== null ? "keyLost" : secretKey !== null ? "keySuperseded" : "changed",
      tone: "warning",
      values: () => ({ name: String(generatedBy), date: date(moment), time: time(moment) }),
    });
    confirmation.close(); // it refers to superseded credentials
    forgetKey();
    lost = null;
  } else if (lost === "unknown") {
    show({ name: "nothingGenerated" });
    lost = "not yet";
  } else if (reworded) {
    show({ name: "wordingChanged", tone: "warning" });
  } else {
    hasBeenRead();
    said = false;
  }

  if (notice(body) !== before)
    announce(notice(body));
  refreshLater(body);
  return said;
}

/**
 * Schedules the next background read: after `refreshInterval`, or at expiry if that is earlier.
 * @param {Credentials} shown
 */
function refreshLater({ expiresAt }) {
  const remaining = expiresAt === null ? 0 : Date.parse(expiresAt) - Date.now();
  clearTimeout(refreshing);
  refreshing = setTimeout(async () => {
    await lookQuietly();
    if (credentials !== null)
      refreshLater(credentials);
  }, remaining > 0 ? Math.min(remaining, refreshInterval) : refreshInterval);
}

async function generate() {
  if (busy || credentials === null || !agree.checked)
    return;
  const seen = credentials.state === "none" ? null : etag;
  const mine = ++turn;
  busy = true;
  show(null);
  render();
  const result = seen === null && credentials.state !== "none"
    ? /** @type {Failure} */ ({ kind: "refused", status: 428 }) // no ETag: an unconditional replacement is not allowed
    : await generateCredentials(lea.id, seen, credentials.authorization.wordingVersion);
  if (result.kind === "done" && mine === turn) {
    busy = false;
    confirmation.close();
    takeNew(result);
    return;
  }

  // If the user left the screen in the meantime, the response counts as lost: its key must not appear on a restored page.
  const failure = result.kind === "done" ? /** @type {Failure} */ ({ kind: "unreachable" }) : result;
  if (failure.kind === "unreachable" || (failure.kind === "refused" && failure.status >= 500))
    lost = "unknown";
  const since = lost === "unknown" || (failure.kind === "refused" && [412, 422].includes(failure.status)) ? await readCredentials(lea.id) : null;
  busy = false;
  confirmation.close();
  explain(failure, since);
  render();
}

/**
 * Accepts credentials that this page has generated.
 * @param {Done} result
 */
function takeNew({ body, etag: newTag }) {
  const { secretKey: key = null, ...generated } = body;
  forgetKey();
  [credentials, etag, lost] = [generated, newTag, null];
  [secretKey, keyTaken] = [key, false];
  agree.checked = false;
  render();
  announce(`${texts.credentials.done} ${notice(generated)}`);
  byId("warning-title").focus();
}

/**
 * Shows why nothing was generated, or that the outcome is unknown.
 * @param {Failure} failure
 * @param {Done | Failure | null} since result of reading the state after the failure; null if the failure is conclusive
 */
function explain(failure, since) {
  if (since !== null && take(since))
    return;
  if (failure.kind !== "refused") {
    show({ name: "generateOffline" });
  } else if (failure.status === 401) {
    show({ name: "generateSessionEnded", tone: "warning", action: signIn(look), ofReading: true });
  } else if (failure.status === 403) {
    show({ name: "generateNotPermitted" });
  } else {
    show({ name: "generateUnexpected" });
  }
}

/** Removes the key from the script and from the page. */
function forgetKey() {
  secretKey = null;
  keyShown = false;
  copied = null;
  renderKey();
}

/** @param {Credentials} of */
function notice({ state, daysRemaining, expiresAt, timeZone }) {
  const words = texts.credentials.notice;
  if (state === "none")
    return words.none;
  return state === "expired" ? words.expired : fill(words.expiring, { when: when(Number(daysRemaining), { instant: String(expiresAt), timeZone }) });
}

function render() {
  byId("lea").textContent = lea.name !== null ? fill(texts.credentialing.lea, { name: lea.name, id: lea.id }) : lea.id;
  byId("loading").hidden = credentials !== null || byId("message").childElementCount > 0;
  byId("authorization").hidden = credentials === null;
  byId("details").hidden = byId("once-only").hidden = credentials === null || credentials.state === "none";
  if (credentials === null)
    return;
  renderAuthorization(credentials);
  renderNotice(credentials);
  if (credentials.state !== "none")
    renderDetails(credentials);
  renderKey();
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
  const { generate, regenerate, regenerateExpired, confirm, busy: working } = texts.confirmation;
  byId("consequence").textContent = fill(
    action === "generate" ? generate : state === "expired" ? regenerateExpired : regenerate, { lea: lea.name ?? lea.id });
  confirmButton.textContent = busy ? working : confirm;
  byId("progress").textContent = busy ? working : "";
  for (const button of [confirmButton, cancelButton])
    button.setAttribute("aria-disabled", String(busy));
}

/** @param {Credentials} shown */
function renderNotice(shown) {
  const { state, daysRemaining, action } = shown;
  const words = texts.credentials.instructions;
  const button = texts.authorization[action];
  const tone = state === "expired" ? "emergency" : state !== "expiring" ? "info" : Number(daysRemaining) > strongWarningDays ? "warning" : "error";
  const steps = Object.values(words.steps).map(step => element("li", {}, fill(step, { button })));
  byId("notice").replaceChildren(alert(
    tone,
    "h3",
    notice(shown),
    ...(state === "active" ? [] : [fill(words[state], { button })]),
    ...(state === "expired" ? [element("ol", { class: "usa-list" }, ...steps)] : [])));
}

/** @param {Credentials} shown */
function renderDetails({ state, username, generatedAt, generatedBy, expiresAt, lastUsedOn, timeZone }) {
  byId("username").textContent = username;
  byId("expires-label").textContent = state === "expired" ? texts.credentials.expired : texts.credentials.expires;
  byId("expires").textContent = dateAndTime({ instant: String(expiresAt), timeZone });
  byId("generated").textContent = fill(
    texts.credentials.generatedBy, { instant: dateAndTime({ instant: String(generatedAt), timeZone }), name: String(generatedBy) });
  byId("last-used").textContent = lastUsedOn === null ? texts.credentials.never : calendarDate(lastUsedOn);
}

function renderKey() {
  byId("secret-key").textContent = secretKey === null ? "" : keyShown ? secretKey : "*".repeat(secretKey.length);
  byId("secret-key").ariaHidden = String(!keyShown);
  byId("key-hidden").hidden = keyShown;
  byId("show-key").textContent = keyShown ? texts.credentials.hide : texts.credentials.show;
  byId("copied").textContent = copied === null ? "" : texts.credentials[copied];
  byId("once-only").hidden ||= secretKey !== null;
  byId("key").hidden = byId("warning").hidden = secretKey === null;
}

/**
 * @param {string} what
 * @param {"copiedUsername" | "copiedSecretKey"} done result to show on success
 */
async function copy(what, done) {
  try {
    await navigator.clipboard.writeText(what);
    copied = done;
    keyTaken ||= done === "copiedSecretKey";
  } catch {
    copied = "notCopied";
  }

  renderKey();
}
