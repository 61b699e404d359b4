// Owns: the guide above the messages: where the story is, and what to do next.

import { renderCompletions } from "./completion.js";
import { $, el, keepFocus, setText } from "./dom.js";
import { openChannel } from "./navigation.js";
import { isVisible, liveDeployment, remember, rollbackCommand, ui, workChannel, world } from "./state.js";

const STEPS = ["Type the command", "Press Confirm", "Production proven", "Repair and re-arm"];
const AFTERWARDS = ["Confirm", "Promote", "Verify", "Merge", "Open revert"]; // the latest step of the runbook first

/** Where the story is. Read from the pointer and the buttons on offer, so that a reload or a second person changes nothing. */
function phase() {
  const live = liveDeployment();
  const isBroken = live
    ? live.healthy === false || (live.healthy !== true && ui.failing === true)
    : ui.failing === true;
  const isSettling = live?.healthy === true && ui.failing === true; // Moved, but the answers are not all good yet.
  if (world.pointer?.moving || isSettling) return "moving";
  if (isBroken) return brokenPhase();
  const hasHistory = world.pointer?.deployments.some((deployment) => deployment.healthy === false);
  if (!hasHistory) return "calm";
  return world.pointer.auto_assign === true && !AFTERWARDS.some(offers) ? "done" : "proven";
}

/** Production is broken; how far are the people? */
function brokenPhase() {
  if (offers("Confirm")) {
    ui.askedAt = -Infinity; // The card is the answer: nothing more is on its way.
    return "card";
  }
  if (isTurnedDown()) return "refused";
  if (performance.now() - ui.askedAt < 8000) return "asked";
  return hasCard() ? "again" : "broken";
}

/** Whether the newest answer to this person offers nothing to press. */
function isTurnedDown() {
  const messages = (world.messages[workChannel()?.id] ?? []).filter((message) => message.bot && isVisible(message));
  const answer = messages.filter((message) => !message.thread_ts).at(-1);
  return Boolean(answer?.ephemeral_for) && !answer.blocks?.some((block) => block.type === "actions");
}

/** Whether the bot has worked on an incident already. */
const hasCard = () =>
  (world.messages[workChannel()?.id] ?? []).some(
    (message) => message.bot && !message.ephemeral_for && message.blocks?.some((block) => block.type === "header"),
  );

/** The button with this label that is on offer to everybody in the working channel, if any. */
function offers(label) {
  const messages = (world.messages[workChannel()?.id] ?? []).filter((message) => message.bot && !message.ephemeral_for);
  return messages.some((message) =>
    (message.blocks ?? []).some((block) =>
      [...(block.elements ?? []), block.accessory].some((item) => item?.type === "button" && item.text?.text === label),
    ),
  );
}

/** Words of the guide for each phase: `lead` is what is the case, `next` is what to do, `step` is the current step. */
const GUIDE = {
  broken: () => ({
    step: 0,
    lead: `Imagine it is 02:07. The newest deploy${deployName()} answers 500 on /checkout.`,
    next: typedRollback()
      ? ["Good. Now press Enter."]
      : ["Type ", fillButton(), ` in #${workChannel()?.name}, press Enter, then press Confirm on the card.`],
  }),
  refused: () => ({
    step: 0,
    lead: "The bot said no, and why.",
    next: typedRollback() ? ["Now press Enter."] : ["Read its answer below. A responder types ", fillButton(), " to begin."],
  }),
  again: () => ({
    step: 0,
    lead: "Production is still broken, and its card says why.",
    next: typedRollback() ? ["Good. Now press Enter."] : ["Type ", fillButton(), " to try again."],
  }),
  asked: () => ({ step: 1, lead: "The bot is reading the facts.", next: ["Its card comes in a moment."] }),
  card: () => ({
    step: 1,
    lead: "The bot found the last deployment that served well.",
    next: ["Look at the target on the card, then press ", showButton("Confirm"), "."],
  }),
  moving: () => ({
    step: 2,
    lead: "Production is being pointed back.",
    next: ["Watch the error rate fall. No rebuild is needed."],
  }),
  proven: () => ({
    step: 3,
    lead: "The shop answers again. Production is pinned, so that no new deploy goes live by itself.",
    next: ["Read what ", channelButton(), " was told. ", ...nextPress()],
  }),
  done: () => ({
    step: 4,
    lead: "Repaired, verified and armed again.",
    next: ["That was the whole runbook. Restart the demo to play it once more."],
  }),
  calm: () => ({
    step: 0,
    lead: "Production is healthy; nothing needs you.",
    next: ["Type / below to see what the bot can do."],
  }),
};

function deployName() {
  const message = liveDeployment()?.message;
  return message ? `, “${message}”,` : "";
}

const typedRollback = () => $("composer-input").value.trim() === rollbackCommand() && ui.channel === workChannel()?.id;

function channelButton() {
  const other = world.channels.find((channel) => channel.id !== workChannel()?.id);
  return other
    ? el(
        "button",
        { type: "button", class: "inline-command", dataset: { focus: "other" }, onclick: () => openChannel(other.id) },
        `#${other.name}`,
      )
    : "the others";
}

function nextPress() {
  const label = AFTERWARDS.find(offers);
  return label ? ["Next: ", showButton(label), "."] : ["The bot says what comes next."];
}

function fillButton() {
  const command = rollbackCommand();
  return el(
    "button",
    {
      type: "button",
      class: "inline-command typed",
      "aria-label": `Put ${command} into the message box`,
      dataset: { focus: "fill" },
      onclick: () => {
        openChannel(workChannel().id);
        $("composer-input").value = command;
        $("composer-input").focus();
        renderCompletions();
      },
    },
    command,
  );
}

/** Brings the button with this label into view and focuses it; pressing stays the person's own act. */
function showButton(label) {
  return el(
    "button",
    {
      type: "button",
      class: "inline-command",
      "aria-label": `Show the ${label} button`,
      dataset: { focus: `show ${label}` },
      onclick: () => {
        openChannel(workChannel().id);
        const button = [...$("messages").querySelectorAll("[data-press]")].findLast(
          (item) => item.dataset.label === label,
        );
        button?.scrollIntoView({ block: "center" });
        button?.focus({ preventScroll: true });
      },
    },
    label,
  );
}

export function renderGuide() {
  if (!world) return;
  $("guide").hidden = !ui.guide;
  $("guide-toggle").setAttribute("aria-expanded", String(ui.guide));
  const now = phase();
  const face = JSON.stringify([now, deployName(), typedRollback(), AFTERWARDS.find(offers), world.channels, ui.utc]);
  if ($("guide").dataset.face === face) return;
  $("guide").dataset.face = face;
  $("guide").dataset.phase = now;
  const { step, lead, next } = GUIDE[now]();
  setText($("guide-lead"), lead);
  keepFocus($("guide"), () => $("guide-next").replaceChildren(...next));
  $("guide-steps").replaceChildren(...STEPS.map((name, index) => stepNode(name, index, step)));
}

function stepNode(name, index, current) {
  const state = index < current ? "done" : index === current ? "current" : "todo";
  return el(
    "li",
    { class: state, "aria-current": state === "current" ? "step" : null },
    el("span", { class: "step-mark", "aria-hidden": "true" }, state === "done" ? "✓" : String(index + 1)),
    el("span", { class: "step-name" }, name),
    state === "done" && el("span", { class: "visually-hidden" }, " (done)"),
  );
}

function showGuide(isShown) {
  ui.guide = isShown;
  remember("guide", isShown ? "shown" : "hidden");
  renderGuide();
}

export function wireGuide() {
  $("guide-toggle").addEventListener("click", () => showGuide(!ui.guide));
  $("guide-close").addEventListener("click", () => {
    showGuide(false);
    $("guide-toggle").focus();
  });
}
