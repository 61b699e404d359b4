// Owns: one message: its head, its body, its buttons' state, and where its thread hangs.

import { blockNodes } from "./blocks.js";
import { el, reconcile, setText } from "./dom.js";
import { pressUnderWay, settlePress } from "./presses.js";
import { messageKey, personById, ui } from "./state.js";
import { drawThread } from "./threads.js";
import { clock, timeElement } from "./time.js";

/** The live parts of each drawn message, by its element. */
const views = new WeakMap();

/** What each drawn block shows, by its element. */
const faces = new WeakMap();

export function createMessage(message) {
  const channel = ui.channel;
  const view = {
    channel,
    ts: message.ts,
    face: null,
    avatar: el("span", { class: "avatar", "aria-hidden": "true" }),
    head: el("p", { class: "message-head" }),
    only: el("p", { class: "only-you", hidden: true }, ""),
    used: el("p", { class: "used", hidden: true }),
    body: el("div", { class: "message-body" }),
    problem: el("p", { class: "problem", role: "alert" }),
    thread: el("div", { class: "thread" }),
    replies: null,
  };
  const node = el(
    "li",
    { class: "message", tabindex: "-1" },
    view.avatar,
    el("div", { class: "message-main" }, view.only, view.used, view.head, view.body, view.problem, view.thread),
  );
  views.set(node, view);
  return node;
}

/** Redraws only what differs. `replies` is null inside a thread, where nothing nests further. */
export function updateMessage(node, message, replies) {
  const view = views.get(node);
  const face = JSON.stringify([message.blocks, message.text, message.user, message.edited_at, ui.utc]);
  if (face !== view.face) {
    const isEdit = view.face !== null;
    view.face = face;
    drawHead(node, view, message);
    drawBody(view, message, isEdit);
    settlePress(view.channel, view.ts);
  }
  drawPresses(view);
  setText(view.problem, ui.problems.get(messageKey(view.channel, view.ts)) ?? "");
  if (replies) drawThread(view, message, replies, drawReplies);
}

function drawHead(node, view, message) {
  const author = personById(message.user);
  const name = author?.name ?? message.user ?? "someone";
  node.classList.toggle("from-bot", Boolean(message.bot));
  node.classList.toggle("ephemeral", Boolean(message.ephemeral_for));
  view.only.hidden = !message.ephemeral_for;
  setText(view.only, ui.face === "discord" ? "Only you can see this" : "Only visible to you");
  view.used.hidden = !message.command;
  setText(view.used, message.command ? `${personById(message.command.user)?.name} used ${message.command.line}` : "");
  setText(view.avatar, message.bot ? "" : name.slice(0, 1));
  view.head.replaceChildren(
    el("strong", {}, name),
    message.bot ? el("span", { class: "badge" }, "App") : "",
    timeElement(message.at, clock(message.at)),
    message.edited_at ? el("span", { class: "edited" }, "edited") : "",
  );
}

function drawBody(view, message, isEdit) {
  const blocks = message.blocks?.length
    ? message.blocks
    : [{ type: "section", text: { type: "mrkdwn", text: message.text ?? "" } }];
  view.body.classList.toggle(
    "card",
    !message.room && (blocks.length > 1 || blocks.some((block) => block.accessory || block.type === "actions")),
  );
  const place = { channel: view.channel, ts: view.ts };
  const items = blocks.map((block, index) => ({ block, key: `${index}:${block.type}:${block.block_id ?? ""}` }));
  const make = (item) => el("div", { class: `block block-kind-${item.block.type}` });
  reconcile(
    view.body,
    items,
    (item) => item.key,
    make,
    (node, item) => {
      const face = JSON.stringify([item.block, ui.utc]);
      if (faces.get(node) === face) return;
      faces.set(node, face);
      node.replaceChildren(...blockNodes(item.block, place));
      node.classList.toggle("changed", isEdit);
    },
  );
}

/** Buttons stay focusable while they wait (`aria-disabled`), so that the keyboard does not lose its place. */
function drawPresses(view) {
  const underWay = pressUnderWay(view.channel, view.ts);
  for (const button of view.body.querySelectorAll("[data-press]")) {
    const isThis = underWay?.name === button.dataset.press;
    if (underWay) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
    button.classList.toggle("pending", isThis);
    if (isThis) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  }
}

function drawReplies(view, replies) {
  reconcile(
    view.replies,
    replies,
    (reply) => messageKey(view.channel, reply.ts),
    createMessage,
    (node, reply) => updateMessage(node, reply, null),
  );
}
