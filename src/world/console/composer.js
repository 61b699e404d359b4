// Owns: the sending of what stands in the message box.

import { renderCompletions } from "./completion.js";
import { $, setText } from "./dom.js";
import { followEnd } from "./log.js";
import { post } from "./server.js";
import { wanted } from "./slots.js";
import { commandNamed, ui, world } from "./state.js";

let isSending = false;

async function send(event) {
  event.preventDefault();
  const input = $("composer-input");
  const text = input.value.trim();
  if (!text || isSending || !world) return;
  isSending = true;
  input.value = "";
  setText($("composer-error"), "");
  $("composer").classList.add("sending");
  renderCompletions();
  const answer = await (ui.face === "discord" ? toDiscord(text) : toSlack(text));
  if (answer.ok && text.startsWith(commandNamed("rollback"))) ui.askedAt = performance.now();
  isSending = false;
  $("composer").classList.remove("sending");
  followEnd();
  if (!answer.ok) {
    setText($("composer-error"), answer.error);
    if (!input.value) input.value = text; // Nothing typed is lost.
  }
  renderCompletions();
}

function toSlack(text) {
  const body = { user: ui.user, channel: ui.channel, text };
  return text.startsWith("/") ? post("/console/command", body) : post("/console/message", { ...body, thread_ts: null });
}

async function toDiscord(text) {
  if (!text.startsWith("/")) return post("/console/discord/message", { user: ui.user, channel: ui.channel, text });
  const { body, error } = wanted(text);
  return error ? { ok: false, error } : post("/console/discord/command", body);
}

export function wireComposer() {
  $("composer").addEventListener("submit", send);
}
