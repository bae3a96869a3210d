/** The dialogs: their buttons, and what happens while their request is in progress. */

/**
 * @typedef {object} DialogParts
 * @property {HTMLDialogElement} dialog
 * @property {HTMLButtonElement} cancel
 * @property {HTMLButtonElement} confirm
 */

/**
 * Connects the buttons of a dialog.
 * @param {DialogParts} parts
 * @param {() => boolean} isBlocked whether a request is in progress, so that the dialog cannot be canceled
 * @param {() => boolean} staysOpen whether the request of this dialog is in progress
 * @param {() => void} run what the dialog asks about
 */
export function connectDialog({ dialog, cancel, confirm }, isBlocked, staysOpen, run) {
  cancel.addEventListener("click", () => {
    if (!isBlocked())
      dialog.close();
  });

  // Ignores the second click of a double click on the button that opened the dialog.
  confirm.addEventListener("click", event => {
    if (event.detail < 2)
      run();
  });

  // Browsers close a dialog after repeated Escape, even if the page prevents it. So it is reopened during a request.
  dialog.addEventListener("close", () => {
    if (staysOpen())
      openDialog(dialog, cancel);
  });
}

/**
 * Opens a dialog at its question, also if the dialog is taller than the screen.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} first the element that gets the focus
 */
export function openDialog(dialog, first) {
  dialog.showModal();
  first.focus(); // Enter must trigger the safe choice
  dialog.scrollTop = 0;
}

/**
 * The buttons of a dialog.
 * @param {boolean} running whether its request is in progress
 * @param {{ text: string, progress: string }} texts
 * @param {HTMLElement} status
 * @param {HTMLButtonElement} confirm
 * @param {HTMLButtonElement} cancel
 */
export function renderButtons(running, { text, progress }, status, confirm, cancel) {
  confirm.textContent = running ? progress : text;
  status.textContent = running ? progress : "";
  for (const button of [confirm, cancel])
    button.setAttribute("aria-disabled", String(running));
}
