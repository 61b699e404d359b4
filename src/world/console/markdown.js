// Owns: the reading of Discord's markdown into nodes. The only parser of it; foreign text never becomes HTML.

import { el, webAddress } from "./dom.js";
import { drawnCharacters, drawnName, emojiNode } from "./emoji.js";
import { openChannel } from "./navigation.js";
import { channelById, personById, roleById } from "./state.js";
import { ago, clock, clockSeconds, formatDate, timeElement } from "./time.js";

/** A text as an array of nodes. */
export function markdownNodes(source) {
  const nodes = [];
  String(source ?? "")
    .split("```")
    .forEach((part, index, parts) => {
      // An odd part stands between two fences; an unclosed fence is just text.
      const isCode = index % 2 === 1 && index < parts.length - 1;
      if (isCode) nodes.push(el("pre", {}, part.replace(/^[a-z]*\n|\n$/g, "")));
      else nodes.push(...lines(index % 2 === 1 ? "```" + part : part, index > 0 && index % 2 === 0));
    });
  return nodes;
}

/** One line of words out of markdown. */
export const flatMarkdown = (source) => el("span", {}, markdownNodes(source.replace(/\s+/g, " "))).textContent;

/** What a line can be by its beginning: the tag, and what stands before its words. */
const LINES = [
  ["blockquote", /^> ?/],
  ["h4", /^#{1,3} /],
  ["small", /^-# /],
  ["li", /^[-*] /],
];

function lines(text, isAfterCode) {
  const nodes = [];
  let isFlow = false;
  for (const line of (isAfterCode ? text.replace(/^\n/, "") : text).split("\n")) {
    const [tag, mark] = LINES.find(([, mark]) => mark.test(line)) ?? [];
    if (!tag && isFlow) nodes.push(el("br"));
    if (tag) nodes.push(el("div", { class: `line line-${tag}` }, inline(line.replace(mark, ""))));
    else nodes.push(...inline(line));
    isFlow = !tag;
  }
  return nodes;
}

/** Walks the text once. A scanner that recognises something at a place answers `{node, end}`; all else is text. */
function inline(source) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < source.length; ) {
    const found = SCANNERS[source[at]]?.(source, at);
    if (!found) {
      plain += source[at++];
      continue;
    }
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(found.node);
    at = found.end;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

/** A mark behind a back-slash is just that character. */
function scanEscape(source, at) {
  const next = source[at + 1];
  return next && /[^\sA-Za-z0-9]/.test(next) ? { node: next, end: at + 2 } : null;
}

function scanCode(source, at) {
  const end = source.indexOf("`", at + 1);
  if (end <= at + 1) return null;
  return { node: el("code", {}, source.slice(at + 1, end)), end: end + 1 };
}

/** Marks and what they mean, the longer ones first. */
const STYLED = [
  ["**", "strong"],
  ["__", "u"],
  ["~~", "s"],
  ["||", "span"],
  ["*", "em"],
  ["_", "em"],
];

function scanStyled(source, at) {
  for (const [mark, tag] of STYLED) {
    if (!source.startsWith(mark, at)) continue;
    const from = at + mark.length;
    const end = source.indexOf(mark, from);
    const isInWord = mark === "_" && (/\w/.test(source[at - 1] ?? "") || /\w/.test(source[end + 1] ?? ""));
    if (end <= from || /\s/.test(source[from]) || isInWord) continue;
    return { node: el(tag, {}, inline(source.slice(from, end))), end: end + mark.length };
  }
  return null;
}

const link = (address, label) => el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);

/** `[words](address)` */
function scanMasked(source, at) {
  const found = source.slice(at).match(/^\[([^\]\n]+)\]\(<?([^()\s<>]+)>?\)/);
  const address = found && webAddress(found[2]);
  return address ? { node: link(address, inline(found[1])), end: at + found[0].length } : null;
}

function scanBareLink(source, at) {
  if (/\w/.test(source[at - 1] ?? "")) return null;
  const found = source.slice(at).match(/^https?:\/\/[^\s<>*`|]+[^\s<>*`|.,:;!?)"'~_]/)?.[0];
  const address = found && webAddress(found);
  return address ? { node: link(address, found), end: at + found.length } : null;
}

/** Everything in angle brackets: `<@1>`, `<@&1>`, `<#1>`, `<t:1795226820:R>`, `<https://…>`. */
function scanAngle(source, at) {
  const end = source.indexOf(">", at);
  const node = end < 0 ? null : angleNode(source.slice(at + 1, end));
  return node && { node, end: end + 1 };
}

function angleNode(body) {
  const [, mark, id] = body.match(/^(@!?|@&|#)(\d+)$/) ?? [];
  if (mark === "@&") return el("span", { class: "mention" }, `@${roleById(id)?.name ?? "a role"}`);
  if (mark === "#") return channelMention(id);
  if (mark) return el("span", { class: "mention" }, `@${personById(id)?.name ?? "somebody"}`);
  const time = body.match(/^t:(-?\d{1,13})(?::([tTdDfFR]))?$/);
  if (time) return timeNode(Number(time[1]) * 1000, time[2] ?? "f");
  const address = /^https?:/.test(body) && webAddress(body);
  return address ? link(address, body) : null;
}

function channelMention(id) {
  const channel = channelById(id);
  if (!channel) return el("span", { class: "mention" }, "#a-channel");
  return el("button", { type: "button", class: "mention", onclick: () => openChannel(id) }, `#${channel.name}`);
}

/** Discord's styles of a moment. */
const TIMES = {
  t: clock,
  T: (ms) => clockSeconds(ms),
  d: (ms) => formatDate(ms, "{date_num}"),
  D: (ms) => formatDate(ms, "{date}"),
  f: (ms) => formatDate(ms, "{date} {time}"),
  F: (ms) => formatDate(ms, "{date_long} {time}"),
  R: ago,
};

const timeNode = (ms, style) => (Math.abs(ms) > 8.64e15 ? null : timeElement(ms, TIMES[style](ms)));

/** A character that has a drawn mark, with the invisible selector that may ask for its colourful form. */
function scanDrawn(source, at) {
  return { node: emojiNode(drawnName(source[at])), end: at + (source[at + 1] === "\uFE0F" ? 2 : 1) };
}

const SCANNERS = {
  ...Object.fromEntries(drawnCharacters().map((character) => [character, scanDrawn])),
  "\\": scanEscape,
  "`": scanCode,
  "*": scanStyled,
  _: scanStyled,
  "~": scanStyled,
  "|": scanStyled,
  "[": scanMasked,
  "<": scanAngle,
  h: scanBareLink,
};
