// Owns: where the story is. Read from the pointer, the shop and what the bot says, so that a reload or a second person
//       changes nothing. Look next: story.js for what the guide says of each phase.

import { headlines, labels } from "./cards.js";
import { isVisible, liveDeployment, ui, workChannel, world } from "./state.js";

/** Where the story is, by the headline of the newest card, while customers are served well. */
const BY_HEADLINE = new Map([
  ["trying out the revert", "trying"],
  ["open the revert?", "planned"],
  ["opening the revert", "opening"],
  ["the revert conflicts", "conflict"],
  ["the fix is opened", "gate"],
  ["the fix is at its gate", "gate"],
  ["the gate is red", "red"],
  ["merge?", "merge"],
  ["merging", "building"],
  ["in the merge queue", "building"],
  ["merged, waiting for its build", "building"],
  ["ready, not live", "ready"],
  ["verified, not live", "verified"],
  ["may the fix go live?", "verified"],
  ["promote?", "promote"],
  ["promoting", "promoting"],
  ["promoted, looking at production", "promoting"],
  ["promoted, proven", "promoting"],
  ["promoted, watching production", "watch"],
  ["promoted, production is in doubt", "watch"],
  ["proven, and the fix is bad", "bad"],
]);

/** While the headline begins so, a broken production is the fix's doing, and the bot is about to say it. */
const AFTER_PROMOTE = "promot";

export function phase() {
  const headline = cardHeadline();
  if (headline.startsWith("resolved")) return "resolved";
  const live = liveDeployment();
  const isBroken = live
    ? live.healthy === false || (live.healthy !== true && ui.failing === true)
    : ui.failing === true;
  const isSettling = live?.healthy === true && ui.failing === true; // Moved, but the answers are not all good yet.
  const isPromoting = headline.startsWith(AFTER_PROMOTE) && headline !== "promote?";
  const told = BY_HEADLINE.get(headline);
  if (world.pointer?.moving || (isSettling && !told)) return isPromoting ? "promoting" : "moving";
  if (isBroken) return isPromoting ? "failing" : brokenPhase();
  if (told) return told;
  const hasHistory = world.pointer?.deployments.some((deployment) => deployment.healthy === false);
  if (!hasHistory) return "calm";
  return world.code?.absent ? "without" : "proven";
}

/** Production is broken; how far are the people? */
function brokenPhase() {
  if (offers("Confirm")) {
    ui.askedAt = -Infinity; // The card is the answer: nothing more is on its way.
    return "card";
  }
  if (offers("Give a reason")) {
    ui.askedAt = -Infinity;
    return "trapped";
  }
  if (isTurnedDown()) return "refused";
  if (performance.now() - ui.askedAt < 8000) return "asked";
  return cardHeadline() ? "again" : "broken";
}

const fromTheBot = () => (world.messages[workChannel()?.id] ?? []).filter((message) => message.bot);

/** Whether the newest answer to this person offers nothing to press. */
function isTurnedDown() {
  const answer = fromTheBot()
    .filter((message) => isVisible(message) && !message.thread_ts)
    .at(-1);
  return Boolean(answer?.ephemeral_for) && labels(answer).length === 0;
}

/** What the newest card says that it is at, without the incident's number; empty before the first card. */
function cardHeadline() {
  const all = fromTheBot()
    .filter((message) => !message.ephemeral_for)
    .flatMap(headlines);
  return (all.at(-1) ?? "").replace(/^[^:]*: /, "");
}

/** Whether a button with this label is on offer to everybody in the working channel. */
const offers = (label) =>
  fromTheBot()
    .filter((message) => !message.ephemeral_for)
    .some((message) => labels(message).includes(label));
