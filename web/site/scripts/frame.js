/** The frame of every page: skip link, navigation, language switch. */

import { element } from "./elements.js";
import { onLanguageSwitch, otherLanguage, switchLanguage, translatePage } from "./language.js";
import { absoluteUrl } from "./site.js";

/**
 * Builds the frame. Translates the page now and at each language switch.
 * @param {"home" | "credentialing"} current
 */
export function buildFrame(current) {
  const languageButton = element("button", { type: "button", class: "usa-button usa-button--unstyled", "data-text": "navigation.otherLanguage" });
  languageButton.addEventListener("click", switchLanguage);

  /** @param {"home" | "credentialing"} page @param {string} path */
  const tab = (page, path) => element("li", {}, element("a", {
    href: absoluteUrl(path),
    "data-text": `navigation.${page}`,
    ...(page === current ? { "aria-current": "page" } : {}),
  }));

  document.body.prepend(
    element("a", { class: "usa-skipnav", href: "#main", "data-text": "navigation.skip" }),
    element("header", { class: "frame" },
      element("div", { class: "frame__top" }, element("span", { class: "frame__name" }, "TOMS"), languageButton),
      element("nav", { class: "frame__tabs", "data-label": "navigation.label" }, element("ul", { class: "usa-list usa-list--unstyled" },
        tab("home", "./"),
        tab("credentialing", "credentialing/")))));

  const translate = () => {
    languageButton.lang = otherLanguage();
    translatePage();
  };
  translate();
  onLanguageSwitch(translate);
}
