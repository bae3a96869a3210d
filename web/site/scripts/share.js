/**
 * The page that opens a link with credentials. Its user is a vendor without an account, so it uses only `api` of `host.js`.
 *
 * Only the button opens the link, because mail scanners and previews of links load the page.
 */

import { openShare } from "./api.js";
import { announce, byId, renderError } from "./elements.js";
import { asEnv, asJson, asText } from "./formats.js";
import { buildFrame } from "./frame.js";
import { dateAndTime, fill, onLanguageSwitch, ready, texts } from "./language.js";
import { showMessage } from "./messages.js";
import { isHosted } from "./session.js";
import { decrypt, isSupported, needsPassphrase, normalizePassphrase, parseLink } from "./share-crypto.js";

/**
 * @typedef {import("./api.js").Failure} Failure
 *
 * @typedef {"incomplete" | "ready" | "opening" | "locked" | "unlocking" | "open" | "ended"} State
 *   "incomplete": a part of the link is missing; "locked": opened, but the passphrase is missing; "ended": there is nothing to do here
 */

/** @type {State} */
let state = "ended";

/** @type {import("./share-crypto.js").ShareLink | null} Until the credentials are shown. */
let link = null;

/** @type {string | null} While the passphrase is missing. */
let ciphertext = null;

/** @type {import("./share-crypto.js").SharedCredentials | null} Until the user leaves the page. The only copy. */
let content = null;

/** Number of the latest opening or decryption. The results of earlier ones are ignored. */
let latestAttempt = 0;

/** Whether the pasted text is not a link. */
let pasteError = false;

/** @type {"passphraseMissing" | "passphraseWrong" | null} */
let passphraseError = null;

/** Whether the key is visible. */
let keyVisible = false;

/** Whether the user has copied the key. */
let keyCopied = false;

/** @type {{ value: keyof typeof copyable, succeeded: boolean } | null} Result of the last copy. */
let copied = null;

/** The values with a copy button, and the text that confirms the copy. */
const copyable = {
  address: { read: () => String(content?.baseUrl), confirmation: () => texts.credentials.copiedAddress },
  username: { read: () => String(content?.username), confirmation: () => texts.credentials.copiedUsername },
  key: { read: () => String(content?.secretKey), confirmation: () => texts.credentials.copiedSecretKey },
  expires: { read: () => content === null ? "" : expiry(content), confirmation: () => texts.credentials.copiedExpires },
  all: { read: () => content === null ? "" : formatted(content), confirmation: () => texts.share.copiedAll },
};

const pasted = byId("pasted", HTMLInputElement);
const passphrase = byId("passphrase", HTMLInputElement);
const saved = byId("saved", HTMLInputElement);
const openButton = byId("open", HTMLButtonElement);
const unlockButton = byId("unlock-button", HTMLButtonElement);
const formats = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=format]"));

openButton.addEventListener("click", open);

byId("paste").addEventListener("submit", event => {
  event.preventDefault();
  link = parseLink(pasted.value);
  pasteError = link === null;
  if (link === null) {
    render();
    pasted.focus();
    return;
  }

  pasted.value = "";
  setState("ready");
  showMessage(null);
  openButton.focus();
});

byId("unlock").addEventListener("submit", event => {
  event.preventDefault();
  unlock();
});

byId("show-key").addEventListener("click", () => {
  keyVisible = !keyVisible;
  render();
  announce(keyVisible ? texts.credentials.shown : texts.credentials.hidden);
});

for (const value of /** @type {(keyof typeof copyable)[]} */ (Object.keys(copyable)))
  byId(`copy-${value}`).addEventListener("click", () => copy(value));

for (const format of formats)
  format.addEventListener("change", () => {
    copied = null;
    render();
  });

window.addEventListener("beforeunload", event => {
  if (["opening", "locked", "unlocking"].includes(state) || (state === "open" && !keyCopied && !saved.checked))
    event.preventDefault();
});

// The page may be restored from the back/forward cache in the state in which it was left, so everything is removed here.
window.addEventListener("pagehide", () => {
  latestAttempt++;
  link = ciphertext = content = copied = null;
  pasted.value = passphrase.value = "";
  keyVisible = keyCopied = saved.checked = pasteError = false;
  if (["opening", "locked", "unlocking", "open"].includes(state)) {
    setState("ended");
    showMessage({ name: "shareLeft", tone: "warning" });
  }
});

window.addEventListener("pageshow", event => {
  if (event.persisted && (state === "ready" || state === "incomplete"))
    readLink();
});

// Another link in the address bar does not load the page again.
window.addEventListener("hashchange", () => {
  if (state === "ready" || state === "incomplete")
    readLink();
  else if (location.hash !== "")
    location.reload();
});

await ready;
byId("static").hidden = true;
buildFrame(null);
onLanguageSwitch(render);
if (!isHosted)
  showMessage({ name: "shareNotHosted" });
else if (!isSupported())
  showMessage({ name: "shareUnsupported" });
else
  readLink();
render();

/** Reads the link from the address of the page. */
function readLink() {
  link = parseLink(location.hash);
  pasteError = false;
  showMessage(link === null ? { name: "shareIncomplete", tone: "warning" } : null);
  setState(link === null ? "incomplete" : "ready");
}

async function open() {
  if (state !== "ready" || link === null)
    return;
  const { id, key } = link;
  const thisAttempt = ++latestAttempt;
  showMessage(null);
  setState("opening");
  const result = await openShare(id);
  if (thisAttempt !== latestAttempt)
    return;
  if (result.kind !== "success") {
    showFailure(result);
    return;
  }

  history.replaceState(null, "", location.pathname); // the link has been used
  if (needsPassphrase(result.body.ciphertext)) {
    ciphertext = result.body.ciphertext;
    setState("locked");
    passphrase.focus();
    return;
  }

  const decrypted = await decrypt(result.body.ciphertext, key, "");
  if (thisAttempt === latestAttempt)
    show(decrypted);
}

/** @param {Failure} failure */
function showFailure(failure) {
  if (failure.kind === "error" && failure.status === 410) {
    link = null;
    showMessage({ name: "shareGone" });
    setState("ended");
    return;
  }

  showMessage({ name: failure.kind === "offline" ? "shareOffline" : failure.kind === "unreachable" ? "shareUnreachable" : "shareUnavailable" });
  setState("ready");
}

async function unlock() {
  if (state !== "locked" || link === null || ciphertext === null)
    return;
  if (normalizePassphrase(passphrase.value) === "") {
    passphraseError = "passphraseMissing";
    render();
    passphrase.focus();
    return;
  }

  const thisAttempt = ++latestAttempt;
  setState("unlocking");
  const decrypted = await decrypt(ciphertext, link.key, passphrase.value);
  if (thisAttempt !== latestAttempt)
    return;
  if (decrypted !== null) {
    show(decrypted);
    return;
  }

  passphraseError = "passphraseWrong";
  setState("locked");
  passphrase.focus();
  passphrase.select();
}

/** @param {import("./share-crypto.js").SharedCredentials | null} decrypted null if the decryption has failed */
function show(decrypted) {
  link = ciphertext = null;
  passphrase.value = "";
  content = decrypted;
  if (content === null) {
    showMessage({ name: "shareDamaged" });
    setState("ended");
    return;
  }

  setState("open");
  byId("warning-title").focus();
}

/** @param {State} newState */
function setState(newState) {
  state = newState;
  render();
  if (state === "ended")
    byId("main").focus(); // what had the focus is hidden
}

function render() {
  byId("closed").hidden = state !== "ready" && state !== "opening";
  byId("paste").hidden = state !== "incomplete";
  byId("unlock").hidden = state !== "locked" && state !== "unlocking";
  byId("opened").hidden = state !== "open";
  renderButton(openButton, byId("progress"), state === "opening", texts.share.open, texts.share.busy);
  renderButton(unlockButton, byId("unlock-progress"), state === "unlocking", texts.share.unlock, texts.share.unlocking);
  passphrase.readOnly = state === "unlocking";
  renderError("pasted", pasted, pasteError ? texts.share.pasteError : null);
  renderError("passphrase", passphrase, passphraseError === null || state === "unlocking" ? null : texts.share[passphraseError]);
  renderContent();
}

/** The credentials. Removes them from the page if there are none. */
function renderContent() {
  byId("lea").textContent = content === null ? "" : fill(texts.share.leaAndId, { name: content.lea, id: content.leaId });
  byId("vendor").textContent = content?.vendor ?? "";
  byId("address").textContent = content?.baseUrl ?? "";
  byId("username").textContent = content?.username ?? "";
  byId("secret-key").textContent = content === null ? "" : shownKey(content);
  byId("secret-key").ariaHidden = String(!keyVisible);
  byId("key-hidden").hidden = keyVisible;
  byId("show-key").textContent = keyVisible ? texts.credentials.hide : texts.credentials.show;
  byId("expires").textContent = content === null ? "" : expiry(content);
  byId("guide").hidden = !content?.guideUrl;
  byId("guide", HTMLAnchorElement).href = content?.guideUrl ?? "";
  byId("formatted").textContent = content === null ? "" : formatted({ ...content, secretKey: shownKey(content) });
  for (const [value, { confirmation }] of Object.entries(copyable))
    byId(`copied-${value}`).textContent = copied?.value !== value ? "" : copied.succeeded ? confirmation() : texts.credentials.notCopied;
}

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} status
 * @param {boolean} running
 * @param {string} text
 * @param {string} progress
 */
function renderButton(button, status, running, text, progress) {
  button.textContent = running ? progress : text;
  button.setAttribute("aria-disabled", String(running));
  status.textContent = running ? progress : "";
}

/** @param {import("./share-crypto.js").SharedCredentials} content the key, or the asterisks that mask it */
const shownKey = ({ secretKey }) => keyVisible ? secretKey : "*".repeat(secretKey.length);

/** @param {import("./share-crypto.js").SharedCredentials} content */
const expiry = ({ expiresAt, timeZone }) => dateAndTime({ instant: expiresAt, timeZone });

/**
 * The credentials in the format that the user has chosen.
 * @param {import("./share-crypto.js").SharedCredentials} content
 */
function formatted(content) {
  const chosen = [...formats].find(({ checked }) => checked)?.value;
  return chosen === "env" ? asEnv(content) : chosen === "json" ? asJson(content) : asText(content);
}

/** @param {keyof typeof copyable} value */
async function copy(value) {
  const key = content?.secretKey;
  try {
    await navigator.clipboard.writeText(copyable[value].read());
    copied = { value, succeeded: true };
    keyCopied ||= (value === "key" || value === "all") && key === content?.secretKey;
  } catch {
    copied = { value, succeeded: false };
  }

  render();
}
