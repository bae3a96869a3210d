/** The frame of every page: skip link, navigation, language switch. */

import { byId, element } from "./elements.js";
import { onLanguageSwitch, otherLanguage, switchLanguage, translatePage } from "./language.js";
import { isStaff } from "./session.js";
import { absoluteUrl } from "./site.js";

/** @typedef {"home" | "credentialing" | "history" | "overview"} Page */

/**
 * Builds the frame. Translates the page now and at each language switch.
 * @param {Page | null} current null: a page for other users, without navigation
 */
export function buildFrame(current) {
  const languageButton = element("button", { type: "button", class: "usa-button usa-button--unstyled", "data-text": "navigation.otherLanguage" });
  languageButton.addEventListener("click", switchLanguage);

  /** @param {Page} page @param {string} path */
  const tab = (page, path) => element("li", {}, element("a", {
    href: absoluteUrl(path),
    "data-text": `navigation.${page}`,
    ...(page === current ? { "aria-current": "page" } : {}),
  }));

  const tabs = element("ul", { class: "usa-list usa-list--unstyled" }, tab("home", "./"), tab("credentialing", "credentialing/"), tab("history", "history/"));

  const skipLink = element("a", { class: "usa-skipnav", href: "#main", "data-text": "navigation.skip" });
  skipLink.addEventListener("click", event => {
    event.preventDefault(); // keeps the fragment of the URL, which a page may need
    byId("main").focus();
  });

  document.body.prepend(
    skipLink,
    element("header", { class: "frame" },
      element("div", { class: "frame__top" }, element("span", { class: "frame__name" }, "TOMS"), languageButton),
      ...(current === null ? [] : [element("nav", { class: "frame__tabs", "data-label": "navigation.label" }, tabs)])));

  const translate = () => {
    languageButton.lang = otherLanguage();
    translatePage();
  };
  translate();
  onLanguageSwitch(translate);
  if (current !== null)
    addStaffTabs();

  async function addStaffTabs() {
    if (!await isStaff())
      return;
    tabs.append(tab("overview", "overview/"));
    translate();
  }
}
