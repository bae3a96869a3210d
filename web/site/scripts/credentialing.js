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

/** How often the state is read again while the screen is looked at: its days pass. */
const refreshInterval = 10 * 60_000; // milliseconds

const strongWarningDays = 3;

/** The LEA that the address names, or else the coordinator's first; its name is null if the coordinator has no such LEA. */
let lea = { id: "", name: /** @type {string | null} */ (null) };

/** @type {Credentials | null} What the API last told; null before it did. */
let credentials = null;

/** @type {string | null} */
let etag = null;

/** Whether credentials are being generated. */
let busy = false;

/**
 * Whether the answer to a generation was lost. "unknown": nobody could find out since whether it was done. "not yet": it was
 * not, when the state was last read; a request that was lost on its way may still arrive.
 * @type {"unknown" | "not yet" | null}
 */
let lost = null;

/** @type {string | null} The secret key, from its generation until the screen is left. Nothing else keeps it. */
let secretKey = null;

/** Whether the key can be seen now. */
let keyShown = false;

/** Whether the key was ever shown or copied. */
let keyTaken = false;

/** @type {"copiedUsername" | "copiedSecretKey" | "notCopied" | null} What became of copying. */
let copied = null;

/** Counts what is asked for, so that an answer which has been overtaken is not believed. */
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
  cancelButton.focus(); // what is easily undone is what Enter does
});

cancelButton.addEventListener("click", () => {
  if (!busy)
    confirmation.close();
});

// The second click of a double click on the button that opened the dialog is no answer to its question.
confirmButton.addEventListener("click", event => {
  if (event.detail < 2)
    generate();
});

// Escape closes it, whatever a page says to that, if it is pressed often enough.
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

// A page that was left may come back from the browser's history, as it was when it was left.
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

agree.checked = false; // some browsers keep it over a reload
const opening = isHosted ? open() : null; // while the words are fetched
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

/** Reads the state. */
async function look() {
  if (busy)
    return;
  const mine = ++turn;
  const answer = await readCredentials(lea.id);
  await ready;
  if (mine === turn)
    take(answer);
}

/** Reads the state without anybody having asked for it: if that fails, or is overtaken, all is left as it was, unless the session has ended. */
async function lookQuietly() {
  if (busy || lea.id === "" || document.visibilityState !== "visible")
    return;
  const mine = turn;
  const answer = await readCredentials(lea.id);
  if (mine !== turn)
    return;
  if (answer.kind === "done") {
    turn++;
    take(answer);
  } else if (answer.kind === "refused" && answer.status === 401 && byId("message").childElementCount === 0) {
    take(answer);
  }
}

/**
 * Takes over what was read, or says why nothing was.
 * @param {Done | Failure} answer
 * @returns whether there was anything to say
 */
function take(answer) {
  let said = true;
  if (answer.kind === "done")
    said = accept(answer);
  else if (lost === "unknown")
    show({ name: "uncertain", action: answer.kind === "refused" && answer.status === 401 ? signIn(look) : { name: "checkAgain", run: look } });
  else
    show(unread(answer, look));
  render();
  return said;
}

/**
 * Takes over a state.
 * @param {Done} answer
 * @returns whether it is another than the one that was seen before, or than was hoped for; that is said then
 */
function accept({ body, etag: newTag }) {
  const changed = credentials !== null && newTag !== etag;
  const reworded = agree.checked && credentials?.authorization.wordingVersion !== body.authorization.wordingVersion;
  const before = credentials && notice(credentials);
  let said = true;
  [credentials, etag] = [body, newTag];
  if (reworded) { // to what stands there now, nobody has agreed
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
    confirmation.close(); // what it asks about is no longer there
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
 * Reads the state again after a while; at the latest when the credentials end.
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
  const answer = seen === null && credentials.state !== "none"
    ? /** @type {Failure} */ ({ kind: "refused", status: 428 }) // not to be replaced unseen
    : await generateCredentials(lea.id, seen, credentials.authorization.wordingVersion);
  if (answer.kind === "done" && mine === turn) {
    busy = false;
    confirmation.close();
    takeNew(answer);
    return;
  }

  // If the screen was left meanwhile, the answer did not reach it. Its key is not to be on a screen that was left.
  const failure = answer.kind === "done" ? /** @type {Failure} */ ({ kind: "unreachable" }) : answer;
  if (failure.kind === "unreachable" || (failure.kind === "refused" && failure.status >= 500))
    lost = "unknown";
  const since = lost === "unknown" || (failure.kind === "refused" && [412, 422].includes(failure.status)) ? await readCredentials(lea.id) : null;
  busy = false;
  confirmation.close();
  explain(failure, since);
  render();
}

/**
 * Takes over credentials that have just been generated here.
 * @param {Done} answer
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
 * Says why nothing was generated, or that nobody knows whether anything was.
 * @param {Failure} failure
 * @param {Done | Failure | null} since the state as it was read since, where the failure alone does not tell enough
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

/** From here on, the page has no trace of the key. */
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

/** Makes the page say what is known. */
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
 * @param {"copiedUsername" | "copiedSecretKey"} done what has become of it if that works
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
