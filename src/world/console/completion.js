// Owns: the completion of commands in the message box, and the hint below it.

import { $, el, setText } from "./dom.js";
import { redrawGuide } from "./redraw.js";
import { world } from "./state.js";

const completion = { options: [], active: 0, closedFor: null };

/** What could come next: commands after "/", subcommands after a command that has some. */
function completionsFor(text) {
  const words = text.match(/^(\/\S*)(?:\s+(\S*))?$/);
  if (!words) return [];
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
  completion.active = Math.min(completion.active, Math.max(0, completion.options.length - 1));
  const list = $("completions");
  list.hidden = completion.options.length === 0;
  list.replaceChildren(...completion.options.map(optionNode));
  input.setAttribute("aria-expanded", String(!list.hidden));
  if (list.hidden) input.removeAttribute("aria-activedescendant");
  else input.setAttribute("aria-activedescendant", `option-${completion.active}`);
  list.children[completion.active]?.scrollIntoView({ block: "nearest" });
  renderHint();
}

function optionNode(option, index) {
  return el(
    "li",
    {
      id: `option-${index}`,
      role: "option",
      "aria-selected": String(index === completion.active),
      onmousedown: (event) => event.preventDefault(), // The input must keep the focus.
      onclick: () => accept(index),
    },
    el("span", { class: "option-name" }, el("strong", {}, option.insert), option.usage && ` ${option.usage}`),
    el("span", { class: "option-detail" }, option.detail),
  );
}

function accept(index) {
  const input = $("composer-input");
  input.value = `${completion.options[index].insert} `;
  completion.active = 0;
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
  const isWritten = $("composer-input").value.trim() === option.insert && !option.more;
  if (event.key === "ArrowDown") completion.active = (completion.active + 1) % count;
  else if (event.key === "ArrowUp") completion.active = (completion.active + count - 1) % count;
  else if (event.key === "Escape") completion.closedFor = $("composer-input").value;
  else if ((event.key === "Enter" && !isWritten) || (event.key === "Tab" && !event.shiftKey)) accept(completion.active);
  else return;
  event.preventDefault();
  renderCompletions();
}

export function wireCompletion() {
  const input = $("composer-input");
  input.addEventListener("input", () => {
    completion.active = 0;
    renderCompletions();
  });
  input.addEventListener("keydown", onComposerKey);
  input.addEventListener("focus", renderCompletions);
  input.addEventListener("blur", renderCompletions);
  renderHint();
}
