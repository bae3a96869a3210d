/** Credentials as text to copy. */

import { dateAndTime, texts } from "./language.js";

/**
 * @typedef {object} Values
 * @property {string} baseUrl
 * @property {string} username
 * @property {string} secretKey
 * @property {string} expiresAt  UTC, ISO 8601
 * @property {string} timeZone  IANA name
 */

/**
 * Lines of text in the current language.
 * @param {Values} values
 */
export const asText = ({ baseUrl, username, secretKey, expiresAt, timeZone }) => [
  `${texts.credentials.address}: ${baseUrl}`,
  `${texts.credentials.username}: ${username}`,
  `${texts.credentials.secretKey}: ${secretKey}`,
  `${texts.credentials.expires}: ${dateAndTime({ instant: expiresAt, timeZone })}`,
].join("\n");

/**
 * Lines of an .env file.
 * @param {Values} values
 */
export const asEnv = ({ baseUrl, username, secretKey, expiresAt }) => [
  `CREDENTIALING_BASE_URL=${baseUrl}`,
  `CREDENTIALING_USERNAME=${username}`,
  `CREDENTIALING_SECRET_KEY=${secretKey}`,
  `CREDENTIALING_EXPIRES_AT=${expiresAt}`,
].join("\n");

/** @param {Values} values */
export const asJson = ({ baseUrl, username, secretKey, expiresAt }) => JSON.stringify({ baseUrl, username, secretKey, expiresAt }, null, 2);
