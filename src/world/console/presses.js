// Owns: the pressing of buttons: what is under way, and Slack's confirmation dialog before it.

import { $ } from "./dom.js";
import { textNodes } from "./mrkdwn.js";
import { redrawLog } from "./redraw.js";
import { pause, post } from "./server.js";
import { messageKey, ui } from "./state.js";

/** Person and message → the press under way. */
const presses = new Map();

export const pressName = (target) => `${target.block_id}|${target.action_id}|${target.value}`;
const pressKey = (channel, ts) => `${ui.user}/${messageKey(channel, ts)}`;

/** Sends one press. While it is under way, and until its card has had time to change, the same person cannot press again. */
export async function press(target, confirm) {
  const user = ui.user;
  const key = pressKey(target.channel, target.ts);
  if (presses.has(key)) return;
  const underWay = { name: pressName(target), answered: false };
  presses.set(key, underWay);
  if (confirm && !(await askFirst(confirm))) {
    presses.delete(key);
    return;
  }
  ui.problems.delete(messageKey(target.channel, target.ts));
  redrawLog();
  const answer = await post(target.path ?? "/console/press", { user, ...target });
  underWay.answered = true;
  if (answer.ok) await pause(1500);
  else ui.problems.set(messageKey(target.channel, target.ts), answer.error);
  if (presses.get(key) === underWay) presses.delete(key);
  redrawLog();
}

/** Slack's own confirmation dialog. Resolves to true when it is accepted. */
function askFirst(confirm) {
  const dialog = $("confirm");
  $("confirm-title").replaceChildren(...textNodes(confirm.title));
  $("confirm-text").replaceChildren(...textNodes(confirm.text));
  $("confirm-deny").replaceChildren(...textNodes(confirm.deny ?? { type: "plain_text", text: "Cancel" }));
  $("confirm-accept").replaceChildren(...textNodes(confirm.confirm ?? { type: "plain_text", text: "Yes" }));
  $("confirm-accept").className = `button ${confirm.style === "danger" ? "danger" : "primary"}`;
  dialog.returnValue = "";
  dialog.showModal();
  $("confirm-deny").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "accept"), { once: true });
  });
}

/** The press under way on this message by the person of this page, if any. */
export const pressUnderWay = (channel, ts) => presses.get(pressKey(channel, ts));

/** The message has changed: a press that the server has answered is over. */
export function settlePress(channel, ts) {
  const key = pressKey(channel, ts);
  if (presses.get(key)?.answered) presses.delete(key);
}

export function wireConfirm() {
  $("confirm-deny").addEventListener("click", () => $("confirm").close("deny"));
  $("confirm-accept").addEventListener("click", () => $("confirm").close("accept"));
}
