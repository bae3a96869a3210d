/**
 * End-to-end encryption of shared credentials, by the Web Cryptography API (W3C) alone. The functions have no side effects.
 *
 * A link is `SITE/share/#ID.KEY`. Browsers do not send the fragment to a server (RFC 3986, section 3.5), so the service gets the
 * ciphertext but not the key.
 *
 * ID is the identifier of the share in the API. KEY is 32 random bytes as base64url without padding (RFC 4648, section 5). The
 * ciphertext is base64url without padding of:
 *
 * | bytes | content |
 * | --- | --- |
 * | 1 | version: 1 without a passphrase, 2 with a passphrase |
 * | 16 | salt, random |
 * | 12 | initialization vector, random |
 * | rest | output of AES-256-GCM (NIST SP 800-38D): the encrypted JSON and its tag of 16 bytes |
 *
 * The version byte is the additional authenticated data. The AES key is HKDF-SHA-256 (RFC 5869) of the bytes of KEY, followed in
 * version 2 by 32 bytes of PBKDF2-HMAC-SHA-256 (RFC 8018) of the passphrase, both with the salt. The info of HKDF is
 * "credentialing-share". Each ciphertext has its own random key, so an initialization vector is never used twice with one key.
 */

import { isInstant, isTimeZone } from "./values.js";

/**
 * @typedef {object} SharedCredentials  the plaintext
 * @property {string} leaId
 * @property {string} lea  name of the LEA
 * @property {string} vendor  to whom the LEA gives the credentials
 * @property {string} baseUrl
 * @property {string} username
 * @property {string} secretKey
 * @property {string} expiresAt  UTC, ISO 8601
 * @property {string} timeZone  of the LEA, IANA name
 * @property {string | null} guideUrl
 *
 * @typedef {object} ShareLink
 * @property {string} id
 * @property {string} key  base64url
 */

/** Passphrases are normalized, and then have at least this number of characters. */
export const minPassphraseLength = 8;

/** Iterations of PBKDF2-HMAC-SHA-256: OWASP Password Storage Cheat Sheet. */
const iterations = 600_000;

const info = new TextEncoder().encode("credentialing-share");

const withoutPassphrase = 1;
const withPassphrase = 2;
const lengths = { key: 32, salt: 16, iv: 12, tag: 16 }; // bytes

/** 32 bytes have 43 characters. The last one encodes 4 bits, and 2 bits that are 0. */
const linkPattern = /(?<id>\d{14}-[0-9a-f]{32})\.(?<key>[\w-]{42}[AEIMQUYcgkosw048])(?![\w-])/;

/** Whether the browser has WebCrypto. It is missing in old browsers, and on pages that are not loaded by HTTPS. */
export const isSupported = () => globalThis.crypto?.subtle !== undefined;

/**
 * The form of a passphrase that is used: Unicode NFKC without surrounding spaces, because it is told by phone and typed.
 * @param {string} passphrase
 */
export const normalizePassphrase = passphrase => passphrase.normalize("NFKC").trim();

/**
 * @param {string} page URL of the page that opens links
 * @param {ShareLink} link
 */
export const formatLink = (page, { id, key }) => `${page}#${id}.${key}`;

/**
 * Finds the identifier and the key in a link, or in text that contains a link. Mail programs may insert line breaks, or replace the
 * link by another one that contains it.
 * @param {string} text
 * @returns {ShareLink | null} null if one of them is missing or incomplete
 */
export function parseLink(text) {
  const { id, key } = (linkPattern.exec(text) ?? linkPattern.exec(text.replaceAll(/\s/g, "")))?.groups ?? {};
  return id && key ? { id, key } : null;
}

/**
 * Encrypts credentials with a new random key.
 * @param {SharedCredentials} content
 * @param {string} passphrase empty: without a passphrase
 * @returns {Promise<{ key: string, ciphertext: string }>} both base64url
 */
export async function encrypt(content, passphrase) {
  const key = randomBytes(lengths.key);
  const salt = randomBytes(lengths.salt);
  const iv = randomBytes(lengths.iv);
  const version = Uint8Array.of(normalizePassphrase(passphrase) === "" ? withoutPassphrase : withPassphrase);
  const encrypted = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: version },
    await deriveKey(key, salt, passphrase),
    new TextEncoder().encode(JSON.stringify(content)));
  return { key: toBase64Url(key), ciphertext: toBase64Url(concat(version, salt, iv, new Uint8Array(encrypted))) };
}

/**
 * Whether decryption needs a passphrase.
 * @param {string} ciphertext base64url
 */
export const needsPassphrase = ciphertext => fromBase64Url(ciphertext)?.[0] === withPassphrase;

/**
 * Decrypts credentials.
 * @param {string} ciphertext base64url
 * @param {string} key base64url
 * @param {string} passphrase ignored if the ciphertext needs none
 * @returns {Promise<SharedCredentials | null>} null if the key or the passphrase is wrong, or the ciphertext or its content is not valid
 */
export async function decrypt(ciphertext, key, passphrase) {
  const bytes = fromBase64Url(ciphertext);
  const keyBytes = fromBase64Url(key);
  const { salt: saltLength, iv: ivLength, tag } = lengths;
  if (bytes === null || bytes.length < 1 + saltLength + ivLength + tag || keyBytes?.length !== lengths.key)
    return null;
  const version = bytes.subarray(0, 1);
  const salt = bytes.subarray(1, 1 + saltLength);
  const iv = bytes.subarray(1 + saltLength, 1 + saltLength + ivLength);
  const encrypted = bytes.subarray(1 + saltLength + ivLength);
  if (version[0] !== withoutPassphrase && version[0] !== withPassphrase)
    return null;
  try {
    const decrypted = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv, additionalData: version },
      await deriveKey(keyBytes, salt, version[0] === withPassphrase ? passphrase : ""),
      encrypted);
    const content = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(decrypted));
    return isSharedCredentials(content) ? content : null;
  } catch {
    return null;
  }
}

/**
 * Derives the AES key. It cannot be exported.
 * @param {Uint8Array<ArrayBuffer>} key
 * @param {Uint8Array<ArrayBuffer>} salt
 * @param {string} passphrase
 */
async function deriveKey(key, salt, passphrase) {
  const input = concat(key, await stretch(normalizePassphrase(passphrase), salt));
  const material = await crypto.subtle.importKey("raw", input, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt, info }, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/**
 * The 32 bytes of PBKDF2 for a passphrase; nothing if it is empty.
 * @param {string} passphrase normalized
 * @param {Uint8Array<ArrayBuffer>} salt
 */
async function stretch(passphrase, salt) {
  if (passphrase === "")
    return new Uint8Array();
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(passphrase), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, material, 256));
}

/**
 * Whether decrypted JSON has the members of shared credentials. An attacker can create a link, so nothing that a shell would execute is
 * accepted in a value of the .env file, and no script as the link to the guide.
 * @param {any} content
 */
const isSharedCredentials = content =>
  ["leaId", "lea", "vendor", "baseUrl", "username", "secretKey", "expiresAt", "timeZone"].every(name => isLine(content?.[name])) &&
  /^https?:\/\/[\w.~:/%[\]-]+$/i.test(content.baseUrl) &&
  /^[\w-]+$/.test(content.username) &&
  /^\w+$/.test(content.secretKey) &&
  /^[\dT:.-]+Z$/.test(content.expiresAt) && isInstant(content.expiresAt) &&
  isTimeZone(content.timeZone) &&
  (content.guideUrl === null || (isLine(content.guideUrl) && /^https?:\/\//i.test(content.guideUrl)));

/** @param {any} text */
const isLine = text => typeof text === "string" && /^\P{Cc}+$/u.test(text);

/** @param {number} length */
const randomBytes = length => crypto.getRandomValues(new Uint8Array(length));

/** @param {Uint8Array<ArrayBuffer>[]} parts */
function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }

  return joined;
}

/** @param {Uint8Array} bytes */
const toBase64Url = bytes => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer> | null} null if it is not base64url without padding
 */
function fromBase64Url(text) {
  if (!/^[\w-]*$/.test(text))
    return null;
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), character => character.charCodeAt(0));
  } catch {
    return null;
  }
}
