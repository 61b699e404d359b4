// Owns: the reading of Slack's mrkdwn and plain text into nodes. The only parser; foreign text never becomes HTML.

import { el, webAddress } from "./dom.js";
import { drawnCharacters, drawnName, emojiNode, isEmoji } from "./emoji.js";
import { openChannel } from "./navigation.js";
import { channelById, personById } from "./state.js";
import { formatDate, timeElement } from "./time.js";

/** Slack escapes exactly these three. `&amp;` comes last, so that `&amp;lt;` stays the text `&lt;`. */
const unescapeText = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A block's text object, or a message's text: an array of nodes. */
export function textNodes(object) {
  if (!object) return [];
  if (typeof object === "string") return mrkdwn(object, false);
  if (object.type === "mrkdwn") return mrkdwn(object.text ?? "", object.verbatim === true);
  return withBreaks(plainText(object.text ?? "", object.emoji !== false));
}

/** `plain_text` knows emoji codes, if it wants them, and nothing else. */
function plainText(text, emoji) {
  return inline(text, emoji ? { ":": scanEmoji, ...MARKS } : MARKS);
}

function mrkdwn(source, verbatim) {
  const scanners = verbatim ? MRKDWN : { ...MRKDWN, h: scanBareLink };
  const nodes = [];
  source.split("```").forEach((part, index, parts) => {
    // An odd part stands between two fences; an unclosed fence is just text.
    if (index % 2 === 1 && index < parts.length - 1) {
      nodes.push(el("pre", {}, unescapeText(part.replace(/^\n|\n$/g, ""))));
    } else {
      const text = index % 2 === 1 ? "```" + part : part;
      const afterFence = index > 0 && index % 2 === 0;
      nodes.push(...quotesAndLines(afterFence ? text.replace(/^\n/, "") : text, scanners));
    }
  });
  return nodes;
}

/** One line of words out of mrkdwn. */
export function flatText(source) {
  return el("span", {}, mrkdwn(source.replace(/\s+/g, " "), true)).textContent;
}

function quotesAndLines(text, scanners) {
  const nodes = [];
  const groups = [];
  for (const raw of text.split("\n")) {
    const quote = raw.match(/^(?:>|&gt;) ?(.*)$/);
    const last = groups.at(-1);
    if (last && last.quoted === Boolean(quote)) last.lines.push(quote ? quote[1] : raw);
    else groups.push({ quoted: Boolean(quote), lines: [quote ? quote[1] : raw] });
  }
  for (const group of groups) {
    const body = withBreaks(inline(group.lines.join("\n"), scanners));
    nodes.push(...(group.quoted ? [el("blockquote", {}, body)] : body));
  }
  return nodes;
}

/** Line breaks inside text become <br>; inside nested elements they were handled when those were made. */
function withBreaks(nodes) {
  return nodes.flatMap((node) => {
    if (typeof node !== "string") return [node];
    return node
      .split("\n")
      .flatMap((part, index) => (index ? [el("br"), part] : [part]))
      .filter((part) => part !== "");
  });
}

/** Walks the text once. A scanner that recognises something at a place answers `{node, end}`; all else is text. */
function inline(source, scanners) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < source.length; ) {
    const found = scanners[source[at]]?.(source, at, scanners);
    if (!found) {
      plain += source[at++];
      continue;
    }
    if (plain) nodes.push(unescapeText(plain));
    plain = "";
    nodes.push(found.node);
    at = found.end;
  }
  if (plain) nodes.push(unescapeText(plain));
  return nodes;
}

const isWord = (char) => char !== undefined && /[\p{L}\p{N}]/u.test(char);
const isSpace = (char) => char === undefined || /\s/.test(char);

function scanCode(source, at) {
  const end = source.indexOf("`", at + 1);
  const body = source.slice(at + 1, end);
  if (end < 0 || body === "" || body.includes("\n")) return null;
  return { node: el("code", {}, unescapeText(body)), end: end + 1 };
}

const STYLED = { "*": "strong", _: "em", "~": "s" };

/** `*bold*` and its kin: the marks hug their words from inside and do not touch a word from outside. */
function scanStyled(source, at, scanners) {
  const mark = source[at];
  if (isWord(source[at - 1]) || isSpace(source[at + 1]) || source[at + 1] === mark) return null;
  const end = closingMark(source, at + 1, mark);
  if (end < 0) return null;
  return { node: el(STYLED[mark], {}, inline(source.slice(at + 1, end), scanners)), end: end + 1 };
}

function closingMark(source, from, mark) {
  for (let at = from; at < source.length && source[at] !== "\n"; at++) {
    // Marks inside code and inside an address belong to those.
    const partner = { "`": "`", "<": ">" }[source[at]];
    const skipped = partner ? source.indexOf(partner, at + 1) : -1;
    if (skipped > 0) at = skipped;
    else if (source[at] === mark && !isSpace(source[at - 1]) && !isWord(source[at + 1])) return at;
  }
  return -1;
}

function scanEmoji(source, at) {
  const name = source.slice(at).match(/^:([a-z0-9_+-]+):/)?.[1];
  if (!name || !isEmoji(name)) return null;
  return { node: emojiNode(name), end: at + name.length + 2 };
}

/** A character that has a drawn mark, with the invisible selector that may ask for its colourful form. */
function scanDrawn(source, at) {
  return { node: emojiNode(drawnName(source[at])), end: at + (source[at + 1] === "\uFE0F" ? 2 : 1) };
}

/** Slack turns bare addresses into links unless the text is marked verbatim. */
function scanBareLink(source, at) {
  if (isWord(source[at - 1])) return null;
  const found = source.slice(at).match(/^https?:\/\/[^\s<>|*`]+[^\s<>|*`.,:;!?)"'~_]/)?.[0];
  const address = found && webAddress(unescapeText(found));
  return address ? { node: link(address, unescapeText(found)), end: at + found.length } : null;
}

const link = (address, label) => el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);

/** Everything in angle brackets: `<@U…>`, `<#C…>`, `<!date^…>`, `<!here>`, `<https://…|label>`. */
function scanAngle(source, at) {
  const end = source.indexOf(">", at);
  const body = source.slice(at + 1, end);
  if (end < 0 || body === "" || /[<\n]/.test(body)) return null;
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? null : unescapeText(body.slice(bar + 1));
  return { node: angleNode(target, label), end: end + 1 };
}

function angleNode(target, label) {
  const id = target.slice(1);
  if (target[0] === "@") return el("span", { class: "mention" }, `@${personById(id)?.name ?? label ?? id}`);
  if (target[0] === "#") return channelMention(id, label);
  if (target.startsWith("!date^")) return dateNode(target, label);
  if (target[0] === "!") return el("span", { class: "mention" }, label ?? `@${id.split("^")[0]}`);
  const address = webAddress(unescapeText(target));
  return address ? link(address, label || unescapeText(target)) : (label ?? unescapeText(target));
}

function channelMention(id, label) {
  const channel = channelById(id);
  if (!channel) return el("span", { class: "mention" }, `#${label ?? id}`);
  return el("button", { type: "button", class: "mention", onclick: () => openChannel(id) }, `#${channel.name}`);
}

function dateNode(target, label) {
  const [, unix, format = "", address] = target.split("^");
  const ms = Number(unix) * 1000;
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return label ?? "";
  const time = timeElement(ms, formatDate(ms, unescapeText(format)));
  const safe = address && webAddress(unescapeText(address));
  return safe ? link(safe, time) : time;
}

const MARKS = Object.fromEntries(drawnCharacters().map((character) => [character, scanDrawn]));

const MRKDWN = {
  "`": scanCode,
  "<": scanAngle,
  ":": scanEmoji,
  "*": scanStyled,
  _: scanStyled,
  "~": scanStyled,
  ...MARKS,
};
