// Owns: a Discord command as it is typed here: `/command subcommand option: value`, its parts, what could come next, and the
//       proposals that the bot gives while somebody is typing.

import { $ } from "./dom.js";
import { post } from "./server.js";
import { ui, world } from "./state.js";

/** The last proposals that were asked for, by what they were asked with. */
const proposals = { key: "", choices: [], timer: 0 };

/** Takes a line apart; null while no command is written out. */
export function taken(text) {
  const [, first, behind] = text.match(/^(\/\S+)(\s[\s\S]*)?$/) ?? [];
  const command = world.commands.find((candidate) => candidate.command === first);
  if (!command) return null;
  const [, second, rest] = (behind ?? "").match(/^\s+(\S+)([\s\S]*)$/) ?? [];
  const sub = command.subcommands?.find((candidate) => candidate.name === second);
  if (command.subcommands?.length && !sub) return { command, sub: null, declared: [], options: [], stray: second ?? "" };
  const declared = sub ? sub.options : command.options;
  return { command, sub: sub ?? null, declared, ...filledIn(sub ? rest : (behind ?? ""), declared) };
}

/** The options that are named, each with what stands behind its name. */
function filledIn(text, declared) {
  const names = declared.map((option) => option.name.replace(/[^\w-]/g, "\\$&")).join("|");
  if (!names) return { options: [], stray: text.trim() };
  const pieces = text.split(new RegExp(`(?:^|\\s)(${names}):`));
  const options = [];
  for (let index = 1; index < pieces.length; index += 2) options.push({ name: pieces[index], value: pieces[index + 1] });
  return { options, stray: pieces[0].trim() };
}

/** What is sent for a line, or the reason why it cannot be sent like this. */
export function wanted(text) {
  const line = taken(text);
  if (!line) return { error: `There is no command ${text.split(/\s/)[0]} here.` };
  const names = line.declared.map((option) => option.name);
  if (line.stray && line.sub === null && line.command.subcommands?.length) {
    return { error: `${line.command.command} has no subcommand “${line.stray}”.` };
  }
  if (line.stray) {
    const choice = names.length ? `Write which option it is, for example ${names[0]}: ${line.stray}` : "It takes no options.";
    return { error: `“${line.stray}” belongs to no option. ${choice}` };
  }
  return { body: bodyOf(line, null) };
}

function bodyOf(line, focused) {
  const filled = line.options.filter((option) => option.value.trim() !== "" || option.name === focused);
  return {
    user: ui.user,
    channel: ui.channel,
    command: line.command.command,
    subcommand: line.sub?.name ?? null,
    options: filled.map((option) => ({ name: option.name, value: typedValue(line, option, focused) })),
    focused,
  };
}

/** A value of the option's own type: Discord's options are typed. */
function typedValue(line, { name, value }, focused) {
  const text = value.trim();
  if (name === focused) return text;
  const type = line.declared.find((option) => option.name === name).type;
  if (type === 4 || type === 10) return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === 5) return { true: true, false: false }[text] ?? text;
  const bare = text.replace(/^[@#]/, "");
  const list = { 6: world.users, 7: world.channels, 8: world.discord.roles }[type];
  return list?.find((one) => one.name === bare)?.id ?? text;
}

/** What could come next in a line whose command is written out. `redraw` is called when proposals have come. */
export function slotsFor(text, redraw) {
  const line = taken(text);
  if (!line || (line.command.subcommands?.length && !line.sub)) return [];
  const last = line.options.at(-1);
  const open = last && line.declared.find((option) => option.name === last.name);
  const isTyping = last && !(last.value.trim() && /\s$/.test(last.value));
  if (isTyping) return valuesFor(line, open, last, text, redraw);
  const behind = last ? "" : line.stray;
  const free = line.declared.filter((option) => !line.options.some((one) => one.name === option.name));
  if (!/\s$/.test(text) && !behind) return [];
  const head = behind ? text.slice(0, text.length - behind.length) : text;
  return free.filter((option) => option.name.startsWith(behind)).map((option) => optionSlot(option, head, behind));
}

function optionSlot(option, head, typed) {
  return {
    insert: `${option.name}:`,
    whole: `${head}${option.name}: `,
    usage: option.required ? "required" : "",
    detail: option.description,
    passive: typed === "" && !option.required, // Enter sends a command whose options are all optional.
    more: true,
  };
}

function valuesFor(line, option, last, text, redraw) {
  const typed = last.value.trim();
  const head = text.slice(0, text.length - last.value.length);
  const choices = option.choices?.length ? option.choices.filter((one) => one.name.includes(typed)) : null;
  const all = choices ?? (option.autocomplete ? proposedFor(line, option.name, redraw) : []);
  return all
    .filter((choice) => String(choice.value) !== typed)
    .map((choice) => ({
      insert: choice.name,
      whole: `${head} ${choice.value} `,
      usage: "",
      detail: choice.name === String(choice.value) ? "" : String(choice.value),
      more: true,
    }));
}

/** Asks the bot, a moment after the last key. Until it answers, what it proposed for the keys before stays. */
function proposedFor(line, focused, redraw) {
  const body = bodyOf(line, focused);
  const key = JSON.stringify(body);
  if (proposals.key === key) return proposals.choices;
  const isOther = proposals.focused !== focused;
  Object.assign(proposals, { key, focused, choices: isOther ? [] : proposals.choices });
  clearTimeout(proposals.timer);
  proposals.timer = setTimeout(async () => {
    const answer = await post("/console/discord/complete", body);
    if (proposals.key !== key) return; // Somebody typed on.
    proposals.choices = answer.ok ? answer.choices : [];
    if (document.activeElement === $("composer-input")) redraw();
  }, 150);
  return proposals.choices;
}

/** What stands in the box once a command is chosen: the first required option waits to be filled in. */
export function begun(text) {
  const line = taken(text);
  const first = line?.declared.find((option) => option.required);
  return first ? `${text.trim()} ${first.name}: ` : text;
}
