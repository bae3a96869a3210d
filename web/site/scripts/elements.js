/**
 * Creates an element. Strings are inserted as text: the screens never parse HTML.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    created.setAttribute(name, value);
  created.append(...children);
  return created;
}

/**
 * The element with this id, which must exist in the page's HTML.
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} [kind]
 * @returns {Kind}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? HTMLElement)))
    throw new Error(`The page has no element #${id} of the expected type.`);
  return /** @type {Kind} */ (found);
}

/**
 * An alert of the design system.
 * @param {"info" | "warning" | "error" | "emergency"} tone
 * @param {"h2" | "h3"} level heading level of the title
 * @param {string} title
 * @param {(Node | string)[]} paragraphs content below the title
 */
export function alert(tone, level, title, ...paragraphs) {
  return element("div", { class: `usa-alert usa-alert--${tone}` }, element("div", { class: "usa-alert__body" },
    element(level, { class: "usa-alert__heading" }, title),
    ...paragraphs.map(paragraph => typeof paragraph === "string" ? element("p", { class: "usa-alert__text" }, paragraph) : paragraph)));
}

/**
 * Announces a change to screen readers.
 * @param {string} text
 */
export function announce(text) {
  byId("announcer").textContent = text;
}

/**
 * Shows or removes the error of a field.
 * @param {string} name prefix of the ids of the field's group, label and error
 * @param {HTMLInputElement} field
 * @param {string | null} error
 */
export function renderError(name, field, error) {
  byId(`${name}-error`).textContent = error ?? "";
  byId(`${name}-group`).classList.toggle("usa-form-group--error", error !== null);
  byId(`${name}-label`).classList.toggle("usa-label--error", error !== null);
  field.classList.toggle("usa-input--error", error !== null);
  field.ariaInvalid = String(error !== null);
}
