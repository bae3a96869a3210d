/** The LEAs of a coordinator of several: the state of each LEA's credentials. */

import { readCredentials } from "./api.js";
import { fill, texts, when } from "./language.js";

/**
 * @typedef {import("./api.js").Credentials} Credentials
 * @typedef {import("./session.js").Lea} Lea
 */

const parallelReads = 4;

/** The states that need action, most urgent first. The other states follow, and LEAs whose state is not known. */
const urgentStates = ["expired", "expiring", "revoked", "none"];

/**
 * Reads the credentials of LEAs, a few at a time.
 * @param {readonly Lea[]} leas
 * @param {(lea: Lea, result: import("./api.js").Outcome<Credentials>) => void} accept called with each result as it arrives
 */
export async function readAllCredentials(leas, accept) {
  const waiting = [...leas];
  await Promise.all(Array.from({ length: parallelReads }, async () => {
    for (let lea = waiting.shift(); lea !== undefined; lea = waiting.shift())
      accept(lea, await readCredentials(lea.id));
  }));
}

/**
 * The LEA that needs action first: expired credentials, then credentials that expire soon, then revoked credentials, then no
 * credentials. Otherwise the first LEA.
 * @param {readonly Lea[]} leas at least one
 * @param {(lea: Lea) => Credentials | undefined} stateOf undefined if the state is not known
 */
export function mostUrgent(leas, stateOf) {
  /** @param {Lea} lea */
  const rank = lea => {
    const index = urgentStates.indexOf(stateOf(lea)?.state ?? "");
    return index < 0 ? urgentStates.length : index;
  };
  /** @param {Lea} lea */
  const expiry = lea => stateOf(lea)?.state === "expiring" ? Date.parse(String(stateOf(lea)?.expiresAt)) : 0;
  return leas.toSorted((a, b) => rank(a) - rank(b) || expiry(a) - expiry(b))[0]; // stable: keeps the order of equal LEAs
}

/**
 * The state in a few words, beside the name of the LEA: "expires in 5 days".
 * @param {Credentials} credentials
 */
export function shortState({ state, daysRemaining, expiresAt, timeZone }) {
  if (state === "none" || state === "expired" || state === "revoked")
    return texts.leas.state[state];
  return fill(texts.leas.state.expires, { when: when(Number(daysRemaining), { instant: String(expiresAt), timeZone }) });
}
