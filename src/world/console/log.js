// Owns: the list of messages of the open channel, and the place in it where the reader is.

import { $, keepFocus, reconcile, setText } from "./dom.js";
import { createMessage, updateMessage } from "./messages.js";
import { channelById, isVisible, messageKey, ui, workChannel, world } from "./state.js";

/** Whether the reader is at the end of the messages and wants to stay there. */
let follows = true;

/** Splits a channel's flat list into what stands in the channel and what hangs below it. */
function sortOut(channel) {
  const visible = (world.messages[channel] ?? []).filter(isVisible);
  const known = new Set(visible.map((message) => message.ts));
  const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts && known.has(message.thread_ts);
  const replies = new Map();
  for (const reply of visible.filter(isReply)) {
    replies.set(reply.thread_ts, [...(replies.get(reply.thread_ts) ?? []), reply]);
  }
  return { roots: visible.filter((message) => !isReply(message)), replies };
}

export function renderLog() {
  if (!world || !ui.channel) return;
  const log = $("log");
  const isNewChannel = log.dataset.channel !== ui.channel;
  if (isNewChannel) follows = true;
  const before = $("messages").childElementCount;
  const { roots, replies } = sortOut(ui.channel);
  // A whole channel read out loud on each switch would be noise; only what arrives afterwards is announced.
  if (isNewChannel) log.setAttribute("aria-live", "off");
  log.dataset.channel = ui.channel;
  keepFocus(log, () => {
    reconcile(
      $("messages"),
      roots,
      (message) => messageKey(ui.channel, message.ts),
      createMessage,
      (node, message) => updateMessage(node, message, replies.get(message.ts) ?? []),
    );
  });
  renderEmpty(roots.length === 0);
  if (follows) followEnd();
  else if (roots.length > before) $("jump").hidden = false;
  if (isNewChannel) setTimeout(() => log.setAttribute("aria-live", "polite"), 500);
}

const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 60;

export function followEnd() {
  const log = $("log");
  log.scrollTop = log.scrollHeight;
  follows = true;
}

function renderEmpty(isEmpty) {
  $("empty").hidden = !isEmpty;
  if (!isEmpty) return;
  const isWork = ui.channel === workChannel()?.id;
  const hint = isWork
    ? "Type / in the box below to see what the bot can do."
    : "What the bot posts here appears by itself.";
  setText($("empty"), `Nothing in #${channelById(ui.channel)?.name} yet. ${hint}`);
}

export function wireLog() {
  const log = $("log");
  let top = 0;
  log.addEventListener("scroll", () => {
    // Only a move upwards is the reader's: while the page is laid out, the end moves away by itself.
    const isUpwards = log.scrollTop < top;
    top = log.scrollTop;
    if (isAtEnd(log)) follows = true;
    else if (isUpwards) follows = false;
    if (follows) $("jump").hidden = true;
  });
  $("jump").addEventListener("click", () => {
    followEnd();
    log.focus({ preventScroll: true });
  });
  // Cards grow, pictures arrive, the guide changes its height: who reads at the end stays at the end.
  const keeper = new ResizeObserver(() => follows && followEnd());
  keeper.observe($("log"));
  keeper.observe($("messages"));
}
