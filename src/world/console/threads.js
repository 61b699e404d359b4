// Owns: the thread below a message: open or closed, its newest line, and replying in it.

import { el, setText } from "./dom.js";
import { flatMarkdown } from "./markdown.js";
import { flatText } from "./mrkdwn.js";
import { redrawLog } from "./redraw.js";
import { post } from "./server.js";
import { messageKey, ui } from "./state.js";
import { clock, timeElement } from "./time.js";

/** The keys of the messages whose threads are open. */
const openThreads = new Set();

/** `drawReplies` fills the open thread; a reply is a message, and messages are not known here. */
export function drawThread(view, message, replies, drawReplies) {
  // In Discord a thread is begun before anybody can reply in it.
  if (message.ephemeral_for || message.can_reply === false) return;
  const key = messageKey(view.channel, view.ts);
  // An answer that only this person can see must not hide in a closed thread.
  if (replies.some((reply) => reply.ephemeral_for && !view.answers?.has(reply.ts))) openThreads.add(key);
  view.answers = new Set(replies.filter((reply) => reply.ephemeral_for).map((reply) => reply.ts));
  const isOpen = openThreads.has(key);
  if (!view.replies) buildThread(view, key);
  view.thread.classList.toggle("open", isOpen);
  view.thread.classList.toggle("bare", replies.length === 0);
  view.toggle.setAttribute("aria-expanded", String(isOpen));
  setText(view.count, replies.length === 0 ? "Reply" : replies.length === 1 ? "1 reply" : `${replies.length} replies`);
  drawLatest(view, isOpen ? null : replies.at(-1));
  view.inner.hidden = !isOpen;
  if (isOpen) drawReplies(view, replies);
}

/** The newest reply in one line: a closed thread still tells what just happened, and the card above stays in sight. */
function drawLatest(view, reply) {
  const face = reply ? `${reply.ts}${reply.text}${ui.utc}` : "";
  if (view.latestFace === face) return;
  view.latestFace = face;
  view.latest.replaceChildren(
    ...(reply ? [timeElement(reply.at, clock(reply.at)), " ", (reply.room ? flatMarkdown : flatText)(reply.text ?? "")] : []),
  );
}

function buildThread(view, key) {
  const id = `thread-${key.replace(/\W/g, "-")}`;
  view.count = el("span", { class: "count" });
  view.latest = el("span", { class: "latest" });
  view.toggle = el(
    "button",
    { type: "button", class: "thread-toggle", "aria-controls": id, onclick: () => toggleThread(view, key) },
    view.count,
    view.latest,
  );
  view.replies = el("ol", { class: "messages replies", "aria-label": "Replies" });
  view.replyInput = el("input", { type: "text", "aria-label": "Reply in this thread", placeholder: "Reply…" });
  const form = el(
    "form",
    {
      class: "reply-form",
      "aria-label": "Reply",
      autocomplete: "off",
      onsubmit: (event) => {
        event.preventDefault();
        sendReply(view, key);
      },
    },
    view.replyInput,
    el("button", { type: "submit", class: "button" }, "Reply"),
  );
  view.inner = el("div", { class: "thread-inner", id }, view.replies, form);
  view.thread.append(view.toggle, view.inner);
}

function toggleThread(view, key) {
  if (!openThreads.delete(key)) openThreads.add(key);
  redrawLog();
  if (openThreads.has(key)) view.inner.scrollIntoView({ block: "nearest" });
}

async function sendReply(view, key) {
  const text = view.replyInput.value.trim();
  if (!text || view.sending) return;
  if (text.startsWith("/")) {
    ui.problems.set(key, "Slash commands cannot be typed here. Type it in the channel's own box.");
    return redrawLog();
  }
  view.sending = true;
  const answer =
    ui.face === "discord"
      ? await post("/console/discord/message", { user: ui.user, channel: view.ts, text })
      : await post("/console/message", { user: ui.user, channel: view.channel, text, thread_ts: view.ts });
  view.sending = false;
  if (answer.ok) view.replyInput.value = "";
  if (answer.ok) ui.problems.delete(key);
  else ui.problems.set(key, answer.error);
  redrawLog();
}
