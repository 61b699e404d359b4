// Owns: the completion of commands in the message box, and the hint below it.

import { $, el, reconcile, setText } from "./dom.js";
import { redrawGuide } from "./redraw.js";
import { begun, slotsFor } from "./slots.js";
import { ui, world } from "./state.js";

/** `moved`: the arrow keys were used since the text last changed. */
const completion = { options: [], active: 0, moved: false, closedFor: null };

/** What could come next: commands after "/", subcommands after a command that has some. */
function completionsFor(text) {
  const slots = ui.face === "discord" ? slotsFor(text, renderCompletions) : [];
  const words = text.match(/^(\/\S*)(?:\s+(\S*))?$/);
  if (slots.length > 0 || !words) return slots;
  const [, first, second] = words;
  if (second === undefined && !/\s$/.test(text)) {
    return world.commands.filter((command) => command.command.startsWith(first)).map(commandOption);
  }
  const command = world.commands.find((candidate) => candidate.command === first);
  return (command?.subcommands ?? [])
    .filter((sub) => sub.name.startsWith(second ?? ""))
    .map((sub) => ({
      insert: `${first} ${sub.name}`,
      usage: (sub.usage ?? "").replace(sub.name, "").trim(),
      detail: sub.summary ?? "",
      more: false,
    }));
}

function commandOption(command) {
  return {
    insert: command.command,
    usage: command.usage_hint ?? "",
    detail: command.description ?? "",
    more: Boolean(command.subcommands?.length),
  };
}

export function renderCompletions() {
  const input = $("composer-input");
  const text = input.value;
  if (completion.closedFor !== text) completion.closedFor = null;
  const isOpen = world && document.activeElement === input && completion.closedFor === null;
  completion.options = isOpen ? completionsFor(text) : [];
  // What nobody needs to fill in is only proposed.
  const isProposal = completion.options[0]?.passive && !completion.moved;
  const last = Math.max(0, completion.options.length - 1);
  completion.active = isProposal ? -1 : Math.min(Math.max(0, completion.active), last);
  const list = $("completions");
  list.hidden = completion.options.length === 0;
  reconcile(list, completion.options, ({ whole, insert }) => whole ?? insert, optionNode, drawOption);
  input.setAttribute("aria-expanded", String(!list.hidden));
  if (list.hidden || completion.active < 0) input.removeAttribute("aria-activedescendant");
  else input.setAttribute("aria-activedescendant", `option-${completion.active}`);
  list.children[completion.active]?.scrollIntoView({ block: "nearest" });
  renderHint();
}

/** What each drawn line of the list takes when it is pressed. */
const offered = new WeakMap();

function optionNode() {
  return el(
    "li",
    {
      role: "option",
      onmousedown: (event) => event.preventDefault(), // The input must keep the focus.
      onclick: (event) => accept(offered.get(event.currentTarget)),
    },
    el("span", { class: "option-name" }, el("strong"), el("span")),
    el("span", { class: "option-detail" }),
  );
}

/** A line that stays is changed in place: whoever is pressing it must not miss it. */
function drawOption(node, option) {
  const index = completion.options.indexOf(option);
  const [name, detail] = node.children;
  offered.set(node, option);
  node.id = `option-${index}`;
  node.setAttribute("aria-selected", String(index === completion.active));
  setText(name.firstElementChild, option.insert);
  setText(name.lastElementChild, option.usage ? ` ${option.usage}` : "");
  setText(detail, option.detail);
}

function accept({ whole, insert }) {
  const input = $("composer-input");
  input.value = whole ?? (ui.face === "discord" ? begun(`${insert} `) : `${insert} `);
  completion.active = 0;
  completion.moved = false;
  input.focus();
  renderCompletions();
}

function renderHint() {
  const text = $("composer-input").value;
  const known = [...(world?.commands ?? [])].find(
    (command) => text === command.command || text.startsWith(`${command.command} `),
  );
  const sub = known?.subcommands?.find((candidate) => text.split(/\s+/)[1] === candidate.name);
  const usage = sub
    ? `${known.command} ${sub.usage ?? sub.name}`
    : known && `${known.command} ${known.usage_hint ?? ""}`;
  setText($("composer-hint"), usage ? `${usage.trim()} · Enter sends` : "Enter sends · Type / for commands");
  redrawGuide();
}

function onComposerKey(event) {
  if (event.isComposing) return;
  const count = completion.options.length;
  if (!count) return;
  const option = completion.options[completion.active];
  // A command that is written out in full is ready to send; Enter must not ask for a second press.
  const isWritten = !option || ($("composer-input").value.trim() === option.insert && !option.more);
  const isMove = event.key === "ArrowDown" || event.key === "ArrowUp";
  if (event.key === "ArrowDown") completion.active = (completion.active + 1) % count;
  else if (event.key === "ArrowUp") completion.active = (Math.max(completion.active, 0) + count - 1) % count;
  else if (event.key === "Escape") completion.closedFor = $("composer-input").value;
  else if (event.key === "Enter" && !isWritten) accept(option);
  else if (event.key === "Tab" && !event.shiftKey) accept(completion.options[Math.max(completion.active, 0)]);
  else return;
  if (isMove) completion.moved = true;
  event.preventDefault();
  renderCompletions();
}

export function wireCompletion() {
  const input = $("composer-input");
  input.addEventListener("input", () => {
    completion.active = 0;
    completion.moved = false;
    renderCompletions();
  });
  input.addEventListener("keydown", onComposerKey);
  input.addEventListener("focus", renderCompletions);
  input.addEventListener("blur", renderCompletions);
  renderHint();
}
