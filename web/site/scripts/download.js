/** Buttons that download a CSV file, with progress and cancellation. */

import { downloadCsv } from "./api.js";
import { element } from "./elements.js";
import { saveFile } from "./files.js";
import { fill, onLanguageSwitch, texts } from "./language.js";
import { readFailureMessage, showMessage } from "./messages.js";

/** Downloads that end earlier show no progress. Also the interval at which the progress is updated. */
const progressInterval = 1_000; // milliseconds

/**
 * Adds the button to an element. Call it when the texts are loaded. A failure is shown in the message area, with a retry.
 * @param {HTMLElement} place
 * @param {() => { path: string, fileName: string } | null} file called at each start: the path in the API, and the name under which the
 *   file is saved; null if there is nothing to download
 */
export function addDownload(place, file) {
  const start = element("button", { type: "button", class: "usa-button usa-button--outline" });
  const cancel = element("button", { type: "button", class: "usa-button usa-button--outline" });
  const status = element("span", { role: "status" });

  /** @type {AbortController | null} The download in progress. */
  let running = null;
  /** @type {number | null} Bytes to show as the progress; null in the first second. */
  let shown = null;
  /** @type {"done" | "canceled" | null} How the last download ended. A failure has a message. */
  let ended = null;

  async function download() {
    const requested = running === null ? file() : null;
    if (requested === null)
      return;
    const cancellation = new AbortController();
    let received = 0;
    [running, shown, ended] = [cancellation, null, null];
    showMessage(null);
    render();
    const timer = setInterval(() => {
      shown = received;
      render();
    }, progressInterval);
    const result = await downloadCsv(requested.path, cancellation.signal, bytes => received = bytes);
    clearInterval(timer);
    running = null;
    if (result.kind === "success")
      saveFile(result.body, requested.fileName);
    if (result.kind === "success" || result.kind === "canceled")
      ended = result.kind === "success" ? "done" : "canceled";
    else
      showMessage(result.kind === "interrupted" ? { name: "interrupted", action: { name: "retry", run: download } } : readFailureMessage(result, "file", download));
    const cancelHadFocus = document.activeElement === cancel;
    render();
    if (cancelHadFocus)
      start.focus();
  }

  function render() {
    start.textContent = texts.download.start;
    start.setAttribute("aria-disabled", String(running !== null));
    cancel.textContent = texts.download.cancel;
    cancel.hidden = running === null || shown === null;
    status.textContent =
      running !== null ? (shown === null ? "" : fill(texts.download.progress, { kilobytes: Math.ceil(shown / 1_000).toLocaleString(document.documentElement.lang) }))
      : ended === null ? "" : texts.download[ended];
  }

  start.addEventListener("click", download);
  cancel.addEventListener("click", () => running?.abort());
  onLanguageSwitch(render);
  place.classList.add("download");
  place.append(start, cancel, status);
  render();
}
