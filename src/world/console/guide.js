// Owns: the guide above the messages: where the story is, and what to do next. Look next: phase.js, story.js.

import { renderCompletions } from "./completion.js";
import { $, el, keepFocus, setText } from "./dom.js";
import { openChannel } from "./navigation.js";
import { phase } from "./phase.js";
import { post } from "./server.js";
import { commandNamed, remember, ui, workChannel, world } from "./state.js";
import { STEPS, words, wordsRestOn } from "./story.js";

/** The buttons that the words of a phase can hold. */
const MAKE = {
  fill: (name) => fillButton(commandNamed(name)),
  show: showButton,
  channel: channelButton,
  skip: skipButton,
  get work() {
    return `#${workChannel()?.name}`;
  },
};

/** The command of the story that stands in the message box, in the channel where it belongs. */
const typed = () => (ui.channel === workChannel()?.id ? $("composer-input").value.trim() : "");

function inlineButton(focus, press, props, text) {
  const kind = props.class ? `inline-command ${props.class}` : "inline-command";
  return el("button", { ...props, type: "button", class: kind, dataset: { focus }, onclick: press }, text);
}

function channelButton() {
  const other = world.channels.find((channel) => channel.id !== workChannel()?.id);
  return other ? inlineButton("other", () => openChannel(other.id), {}, `#${other.name}`) : "the others";
}

function fillButton(command) {
  const fill = () => {
    openChannel(workChannel().id);
    $("composer-input").value = command;
    $("composer-input").focus();
    renderCompletions();
  };
  const props = { class: "typed", "aria-label": `Put ${command} into the message box` };
  return inlineButton("fill", fill, props, command);
}

/** Brings the button with this label into view and focuses it; pressing stays the person's own act. */
function showButton(label) {
  const show = () => {
    openChannel(workChannel().id);
    const all = [...$("messages").querySelectorAll("[data-press]")];
    const button = all.findLast((item) => item.dataset.label === label);
    button?.scrollIntoView({ block: "center" });
    button?.focus({ preventScroll: true });
  };
  return inlineButton(`show ${label}`, show, { "aria-label": `Show the ${label} button` }, label);
}

/** Moves the clock of the whole demo, the bot's and the models', past a wait. */
function skipButton(label, span) {
  return inlineButton("skip", () => post("/console/clock", { advance_ms: span }), {}, label);
}

export function renderGuide() {
  if (!world) return;
  $("guide").hidden = !ui.guide;
  $("guide-toggle").setAttribute("aria-expanded", String(ui.guide));
  const now = phase();
  const { step, lead, next } = words(now, MAKE);
  // Whoever has typed what is to be typed needs only the key.
  const isTyped = next.some((part) => part.classList?.contains("typed") && part.textContent === typed());
  const face = JSON.stringify([now, isTyped, wordsRestOn()]);
  if ($("guide").dataset.face === face) return;
  $("guide").dataset.face = face;
  $("guide").dataset.phase = now;
  setText($("guide-lead"), lead);
  keepFocus($("guide"), () => $("guide-next").replaceChildren(...(isTyped ? ["Good. Now press Enter."] : next)));
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
