// Owns: the list of channels, the open channel's head, and what is unread.

import { $, el, reconcile, setText } from "./dom.js";
import { openChannel } from "./navigation.js";
import { channelById, isVisible, ui, world } from "./state.js";

/** Channel → timestamp of the newest message seen. */
const read = {};

export function renderChannels() {
  const make = () =>
    el(
      "li",
      {},
      el("button", { type: "button" }, el("span", { class: "channel-name" }), el("span", { class: "unread" })),
    );
  reconcile(
    $("channels"),
    world.channels,
    (channel) => channel.id,
    make,
    (node, channel) => {
      const button = node.firstElementChild;
      const unread = unreadIn(channel.id);
      button.onclick = () => openChannel(channel.id);
      if (channel.id === ui.channel) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      button.classList.toggle("has-unread", unread > 0);
      setText(button.firstElementChild, channel.name);
      setText(button.lastElementChild, unread ? String(unread) : "");
      button.setAttribute("aria-label", unread ? `#${channel.name}, ${unread} unread` : `#${channel.name}`);
    },
  );
  const channel = channelById(ui.channel);
  setText($("channel-name"), `#${channel?.name ?? ""}`);
  setText($("channel-purpose"), channel?.purpose ?? "");
  $("composer-input").placeholder = `Message #${channel?.name ?? ""}`;
}

/** As in Slack, replies in threads do not make a channel unread, nor do edits. */
const inChannel = (id) => (world.messages[id] ?? []).filter((message) => isVisible(message) && !message.thread_ts);

const unreadIn = (id) => inChannel(id).filter((message) => message.ts > (read[id] ?? "")).length;

/** What is on screen is read; what was there before this page opened counts as read too. */
export function markRead() {
  const isSeen = !document.hidden && getComputedStyle($("chat")).display !== "none";
  for (const { id } of world.channels) {
    const newest = inChannel(id).at(-1)?.ts ?? "";
    if (read[id] === undefined || (id === ui.channel && isSeen)) read[id] = newest;
  }
}
