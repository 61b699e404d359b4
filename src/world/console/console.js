// The face of the modelled Slack: draws what GET /console/state says, and sends back what a person types and presses.
//
// Owns:        the page's DOM, what is selected here (person, channel, open threads), and the fetching of the snapshot.
// Never:       decides anything about an incident, outlives its snapshot with knowledge of its own, or reads foreign text
//              as HTML.
// Look next:   `start` at the end wires everything; `render` lists what is drawn; `mrkdwn` is the only parser.

/* ------------------------------------------------------------------------------------------------ DOM helpers */

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

/** Makes an element. Children that are null or false are left out; strings become text, never markup. */
function el(tag, props = {}, ...children) {
  return dress(document.createElement(tag), props, children);
}

function svg(tag, props = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), props, children);
}

function dress(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "dataset") Object.assign(node.dataset, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Writes text only where it differs: live regions announce every write, also one that changes nothing. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Makes the children of `parent` match `items` by key, reusing nodes. Reuse is what keeps focus, scroll position and
 * half-typed replies alive when the bot edits a card.
 */
function reconcile(parent, items, keyOf, create, update) {
  const wanted = new Set(items.map(keyOf));
  for (const node of [...parent.children]) if (!wanted.has(node.dataset.key)) node.remove();
  const present = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const node = present.get(key) ?? create(item);
    node.dataset.key = key;
    if (node === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(node, cursor);
    update(node, item);
  }
}

/** Runs a change of the DOM; if the focused control was redrawn, focus goes to its twin or to the message around it. */
function keepFocus(container, change) {
  const held = document.activeElement;
  const inside = container.contains(held);
  const around = inside ? held.closest("[data-key].message") : null;
  change();
  if (!inside || held.isConnected) return;
  const key = held.dataset.focus;
  const twin = key && [...container.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === key);
  (twin || (around?.isConnected ? around : container)).focus({ preventScroll: true });
}

/** The address if it is a web address, else null: a foreign `javascript:` link must never become clickable. */
function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/* ------------------------------------------------------------------------------------------- what is known here */

/** The last snapshot of the demo, or null before the first one. */
let world = null;

/** What this page alone knows. Nothing here outlives the tab. */
const ui = {
  user: remembered("user"),
  channel: null,
  utc: remembered("utc") === "yes",
  guide: remembered("guide") !== "hidden",
  path: "/checkout",
  openThreads: new Set(), // message keys
  presses: new Map(), // person + message → the press under way
  problems: new Map(), // message key → why a press or reply failed
  read: {}, // channel → timestamp of the newest message seen
  failing: null, // last clear verdict on the error rate; see `verdict`
  marked: null, // the recovery that the chart marks
  follows: true, // whether the reader is at the end of the messages and wants to stay there
  askedAt: -Infinity, // when the rollback command was sent from here
};

function remembered(name) {
  try {
    return sessionStorage.getItem(`repoint.${name}`);
  } catch {
    return null; // Storage may be switched off; the page works without.
  }
}

function remember(name, value) {
  try {
    sessionStorage.setItem(`repoint.${name}`, value);
  } catch {
    // As above.
  }
}

const personById = (id) => world.users.find((user) => user.id === id) ?? (world.bot.id === id ? world.bot : null);
const channelById = (id) => world.channels.find((channel) => channel.id === id) ?? null;
const workChannel = () => world.channels.find((channel) => channel.name === "incidents") ?? world.channels[0];
const liveDeployment = () => world.pointer?.deployments.find((deployment) => deployment.live) ?? null;

/* -------------------------------------------------------------------------------------- talking with the server */

const line = { busy: false, again: false, streaming: false, failures: 0, fetchedAt: 0 };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Fetches the snapshot: one request at a time, at most about ten a second, and never loses the last change. */
async function refresh() {
  line.again = true;
  if (line.busy) return;
  line.busy = true;
  try {
    while (line.again) {
      line.again = false;
      await fetchState();
      await pause(100);
    }
  } finally {
    line.busy = false; // A mistake in drawing must not stop the next snapshot.
  }
}

async function fetchState() {
  try {
    const response = await fetch("/console/state", { cache: "no-store", signal: AbortSignal.timeout(8000) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    world = tidy(await response.json());
    line.failures = 0;
  } catch {
    line.failures += 1;
  }
  line.fetchedAt = performance.now();
  render();
}

/** Fills what may be missing while the demo starts, so that drawing needs no checks. */
function tidy(state) {
  return {
    ...state,
    users: state.users ?? [],
    channels: state.channels ?? [],
    messages: state.messages ?? {},
    commands: state.commands ?? [],
    bot: state.bot ?? { id: "", name: "repoint", connected: false },
    pointer: state.pointer ? { ...state.pointer, deployments: state.pointer.deployments ?? [] } : null,
    shop: { url: state.shop?.url ?? "", buckets: state.shop?.buckets ?? [] },
  };
}

function listen() {
  const stream = new EventSource("/console/events");
  stream.addEventListener("open", () => {
    line.streaming = true;
    refresh();
  });
  stream.addEventListener("change", () => refresh());
  stream.addEventListener("error", () => {
    line.streaming = false;
    // The browser gives up for good after some errors; a fresh stream is then ours to open.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  });
}

/** Each second: poll when the stream is lost (more slowly once the demo is gone), and keep the chart moving. */
function heartbeat() {
  const age = performance.now() - line.fetchedAt;
  const patience = isStopped() ? 3000 : line.streaming ? 1900 : 900;
  if (age >= patience) refresh();
}

const isStopped = () => line.failures >= 2;

/** Posts JSON and answers `{ok, error}` in every case, with words a person can read. */
async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15000),
    });
    const answer = await response.json().catch(() => null);
    if (answer?.ok) return { ok: true };
    return { ok: false, error: answer?.error ?? `The demo could not do that (HTTP ${response.status}).` };
  } catch {
    return { ok: false, error: "The demo does not answer. Is it still running?" };
  } finally {
    refresh();
  }
}

/* --------------------------------------------------------------------------------------------------------- time */

function inZone(ms, options, utc = ui.utc) {
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: utc ? "UTC" : undefined }).format(new Date(ms));
}

const clock = (ms) => inZone(ms, { hour: "2-digit", minute: "2-digit" });
const clockSeconds = (ms, utc) => inZone(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, utc);

/** The same instant in both zones, for the tooltip. */
function bothZones(ms) {
  const day = inZone(ms, { day: "numeric", month: "long", year: "numeric" });
  return `${day}, ${clockSeconds(ms, false)} local, ${clockSeconds(ms, true)} UTC`;
}

function timeElement(ms, text) {
  return el("time", { datetime: new Date(ms).toISOString(), title: bothZones(ms) }, text);
}

function ago(ms) {
  const seconds = Math.max(0, Math.round((world.now - ms) / 1000));
  if (seconds < 60) return "just now";
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}

/** Slack's date tokens. */
const DATE_TOKENS = {
  date_num: (ms) => inZone(ms, { year: "numeric", month: "2-digit", day: "2-digit" }).split("/").reverse().join("-"),
  date: (ms) => inZone(ms, { day: "numeric", month: "long", year: "numeric" }),
  date_short: (ms) => inZone(ms, { day: "numeric", month: "short", year: "numeric" }),
  date_long: (ms) => inZone(ms, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  time: clock,
  time_secs: (ms) => clockSeconds(ms),
  ago: (ms) => ago(ms),
};

function formatDate(ms, format) {
  return format.replace(/\{(\w+)\}/g, (whole, name) => {
    const token = name.replace(/_pretty$/, "");
    return Object.hasOwn(DATE_TOKENS, token) ? DATE_TOKENS[token](ms) : whole;
  });
}

/* ------------------------------------------------------------------------------------------------- Slack mrkdwn */

/** Short codes and what they stand for, in turn. */
const EMOJI = pairs(`
  ballot_box_with_check ☑️  heavy_multiplication_x ✖️  octagonal_sign 🛑  no_entry ⛔  no_entry_sign 🚫
  exclamation ❗  information_source ℹ️  arrow_left ⬅️  arrow_forward ▶️  rewind ⏪
  leftwards_arrow_with_hook ↩️  arrows_counterclockwise 🔄  double_vertical_bar ⏸️  stopwatch ⏱️  clock2 🕑
  alarm_clock ⏰  red_circle 🔴  large_green_circle 🟢  large_yellow_circle 🟡  large_blue_circle 🔵
  black_circle ⚫  black_large_square ⬛  white_medium_square ◻️  radio_button 🔘  pushpin 📌  round_pushpin 📍
  link 🔗  mag 🔍  eyes 👀  bell 🔔  no_bell 🔕  snowflake ❄️  ice_cube 🧊  fire 🔥  tada 🎉  rocket 🚀  package 📦
  memo 📝  wrench 🔧  hammer_and_wrench 🛠️  shield 🛡️  bulb 💡  speech_balloon 💬  mega 📣  loudspeaker 📢
  chart_with_upwards_trend 📈  chart_with_downwards_trend 📉  bar_chart 📊  robot_face 🤖
  triangular_flag_on_post 🚩  checkered_flag 🏁  key 🔑  hash #️⃣  one 1️⃣  two 2️⃣  three 3️⃣  four 4️⃣
  five 5️⃣  six 6️⃣  seven 7️⃣  +1 👍  thumbsup 👍  -1 👎  wave 👋  point_right 👉
`);

function pairs(table) {
  const words = table.trim().split(/\s+/);
  return new Map(words.flatMap((word, index) => (index % 2 ? [] : [[word, words[index + 1]]])));
}

/**
 * The marks that carry a state are drawn here: a machine without an emoji font would show empty boxes for just the
 * signs that matter. Each is a tone and a path in a 16 × 16 box.
 */
const DRAWN = {
  white_check_mark: [
    "good",
    "M4.2 2h7.6A2.2 2.2 0 0 1 14 4.2v7.6a2.2 2.2 0 0 1-2.2 2.2H4.2A2.2 2.2 0 0 1 2 11.8V4.2A2.2 2.2 0 0 1 4.2 2ZM5 8.2l2.1 2.1L11 5.9",
  ],
  heavy_check_mark: ["good", "m3 8.5 3.4 3.3L13 4.8"],
  x: ["bad", "m3.5 3.5 9 9m0-9-9 9"],
  warning: ["bad", "M8 2 1.8 13.5h12.4ZM8 6.5v3.2m0 1.9v.1"],
  rotating_light: ["bad", "M3 13.5h10M4.5 13.5V9a3.5 3.5 0 0 1 7 0v4.5M8 3V1.5m4.2 3 1-1m-9.4 1-1-1"],
  question: [
    "quiet",
    "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM6.3 6.4a1.8 1.8 0 1 1 2.4 1.8c-.5.2-.7.5-.7 1.1m0 2v.1",
  ],
  grey_question: [
    "quiet",
    "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM6.3 6.4a1.8 1.8 0 1 1 2.4 1.8c-.5.2-.7.5-.7 1.1m0 2v.1",
  ],
  white_circle: ["quiet", "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z"],
  white_large_square: [
    "quiet",
    "M4.2 2h7.6A2.2 2.2 0 0 1 14 4.2v7.6a2.2 2.2 0 0 1-2.2 2.2H4.2A2.2 2.2 0 0 1 2 11.8V4.2A2.2 2.2 0 0 1 4.2 2Z",
  ],
  hourglass_flowing_sand: ["accent", "M4 2h8M4 14h8M5 2v2.4L8 8l3-3.6V2M5 14v-2.4L8 8l3 3.6V14"],
  hourglass: ["accent", "M4 2h8M4 14h8M5 2v2.4L8 8l3-3.6V2M5 14v-2.4L8 8l3 3.6V14"],
  arrow_right: ["quiet", "M2.5 8h11M9.5 4l4 4-4 4"],
  lock: ["quiet", "M3.5 7.5h9v6h-9ZM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5"],
  unlock: ["quiet", "M3.5 7.5h9v6h-9ZM5.5 7.5V5a2.5 2.5 0 0 1 4.9-.7"],
};

/** The same marks as characters, which is how a sender may write them as well. */
const DRAWN_CHARACTERS = pairs(`
  ✅ white_check_mark  ✔ heavy_check_mark  ❌ x  ⚠ warning  ❓ question  ❔ grey_question
  ⬜ white_large_square  ⚪ white_circle  ⏳ hourglass_flowing_sand  ⌛ hourglass
`);

/** Slack escapes exactly these three. `&amp;` comes last, so that `&amp;lt;` stays the text `&lt;`. */
const unescapeText = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A block's text object, or a message's text: an array of nodes. */
function textNodes(object) {
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
  if (!name || !(Object.hasOwn(DRAWN, name) || EMOJI.has(name))) return null;
  return { node: emojiNode(name), end: at + name.length + 2 };
}

/** A character that has a drawn mark, with the invisible selector that may ask for its colourful form. */
function scanDrawn(source, at) {
  return { node: emojiNode(DRAWN_CHARACTERS.get(source[at])), end: at + (source[at + 1] === "\uFE0F" ? 2 : 1) };
}

function emojiNode(name) {
  const facts = { role: "img", "aria-label": name.replaceAll("_", " ") };
  if (!Object.hasOwn(DRAWN, name)) return el("span", { class: "emoji", ...facts }, EMOJI.get(name));
  const [tone, path] = DRAWN[name];
  return svg("svg", { class: `drawn drawn-${tone}`, viewBox: "0 0 16 16", ...facts }, svg("path", { d: path }));
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

const MARKS = Object.fromEntries([...DRAWN_CHARACTERS.keys()].map((character) => [character, scanDrawn]));
const MRKDWN = {
  "`": scanCode,
  "<": scanAngle,
  ":": scanEmoji,
  "*": scanStyled,
  _: scanStyled,
  "~": scanStyled,
  ...MARKS,
};

/* ---------------------------------------------------------------------------------------------------- Block Kit */

/** One block; `place` says which message it is in, for its buttons. */
function blockNodes(block, place) {
  switch (block.type) {
    case "header":
      return [el("h3", { class: "block-header" }, textNodes(block.text))];
    case "section":
      return sectionNodes(block, place);
    case "context":
      return [el("div", { class: "block-context" }, (block.elements ?? []).map(contextElement))];
    case "divider":
      return [el("hr")];
    case "actions":
      return [
        el(
          "div",
          { class: "block-actions" },
          (block.elements ?? []).map((item) => element(item, block, place)),
        ),
      ];
    case "image":
      return [imageFigure(block)];
    default:
      return [el("p", { class: "unknown" }, `(a “${block.type}” block, which this page does not draw)`)];
  }
}

function sectionNodes(block, place) {
  const words = el("div", { class: "block-words" });
  if (block.text) words.append(el("div", { class: "mrkdwn" }, textNodes(block.text)));
  if (block.fields?.length) {
    words.append(
      el(
        "ul",
        { class: "fields" },
        block.fields.map((field) => el("li", { class: "mrkdwn" }, textNodes(field))),
      ),
    );
  }
  return [words, block.accessory && el("div", { class: "accessory" }, element(block.accessory, block, place))].filter(
    Boolean,
  );
}

function contextElement(item) {
  return item.type === "image" ? picture(item, "context-image") : el("span", { class: "mrkdwn" }, textNodes(item));
}

function imageFigure(block) {
  return el("figure", {}, picture(block, "block-image"), block.title && el("figcaption", {}, textNodes(block.title)));
}

/** An image that cannot be shown leaves its description behind instead of a broken icon. */
function picture(item, className) {
  const address = webAddress(item.image_url ?? "");
  const words = () => el("span", { class: "unknown" }, item.alt_text || "(image)");
  if (!address) return words();
  const image = el("img", { class: className, src: address, alt: item.alt_text ?? "", referrerpolicy: "no-referrer" });
  image.addEventListener("error", () => image.replaceWith(words()));
  return image;
}

function element(item, block, place) {
  if (item.type === "image") return picture(item, "thumb");
  if (item.type !== "button") return el("span", { class: "unknown" }, `(a “${item.type}” control)`);
  const style = ["primary", "danger"].includes(item.style) ? item.style : "plain";
  const label = textNodes(item.text);
  const address = item.url && webAddress(item.url);
  if (address)
    return el("a", { class: `button ${style}`, href: address, target: "_blank", rel: "noopener noreferrer" }, label);
  const target = { ...place, block_id: block.block_id ?? "", action_id: item.action_id ?? "", value: item.value ?? "" };
  return el(
    "button",
    {
      type: "button",
      class: `button ${style}`,
      "aria-label": item.accessibility_label,
      // The value is part of the key on purpose: focus must not slip from a decided button to the one of a fresh card.
      dataset: { press: pressName(target), focus: pressName(target), label: item.text?.text ?? "" },
      onclick: () => press(target, item.confirm),
    },
    label,
  );
}

const pressName = (target) => `${target.block_id}|${target.action_id}|${target.value}`;

/* ----------------------------------------------------------------------------------------- pressing of buttons */

const messageKey = (channel, ts) => `${channel}/${ts}`;
const pressKey = (channel, ts) => `${ui.user}/${messageKey(channel, ts)}`;

/** Sends one press. While it is under way, and until its card has had time to change, the same person cannot press again. */
async function press(target, confirm) {
  const user = ui.user;
  const key = pressKey(target.channel, target.ts);
  if (ui.presses.has(key)) return;
  const underWay = { name: pressName(target), answered: false };
  ui.presses.set(key, underWay);
  if (confirm && !(await askFirst(confirm))) {
    ui.presses.delete(key);
    return;
  }
  ui.problems.delete(messageKey(target.channel, target.ts));
  renderLog();
  const answer = await post("/console/press", { user, ...target });
  underWay.answered = true;
  if (answer.ok) await pause(1500);
  else ui.problems.set(messageKey(target.channel, target.ts), answer.error);
  if (ui.presses.get(key) === underWay) ui.presses.delete(key);
  renderLog();
}

/** Slack's own confirmation dialog. Resolves to true when it is accepted. */
function askFirst(confirm) {
  const dialog = $("confirm");
  $("confirm-title").replaceChildren(...textNodes(confirm.title));
  $("confirm-text").replaceChildren(...textNodes(confirm.text));
  $("confirm-deny").replaceChildren(...textNodes(confirm.deny ?? { type: "plain_text", text: "Cancel" }));
  $("confirm-accept").replaceChildren(...textNodes(confirm.confirm ?? { type: "plain_text", text: "Yes" }));
  $("confirm-accept").className = `button ${confirm.style === "danger" ? "danger" : "primary"}`;
  dialog.returnValue = "";
  dialog.showModal();
  $("confirm-deny").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "accept"), { once: true });
  });
}

/* --------------------------------------------------------------------------------------- messages and threads */

/** The live parts of each drawn message, by its element. */
const views = new WeakMap();

const isVisible = (message) => !message.ephemeral_for || message.ephemeral_for === ui.user;

/** Splits a channel's flat list into what stands in the channel and what hangs below it. */
function sortOut(channel) {
  const visible = (world.messages[channel] ?? []).filter(isVisible);
  const known = new Set(visible.map((message) => message.ts));
  const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts && known.has(message.thread_ts);
  const replies = new Map();
  for (const reply of visible.filter(isReply)) {
    replies.set(reply.thread_ts, [...(replies.get(reply.thread_ts) ?? []), reply]);
  }
  return { roots: visible.filter((message) => !isReply(message)), replies };
}

function renderLog() {
  if (!world || !ui.channel) return;
  const log = $("log");
  const isNewChannel = log.dataset.channel !== ui.channel;
  if (isNewChannel) ui.follows = true;
  const before = $("messages").childElementCount;
  const { roots, replies } = sortOut(ui.channel);
  // A whole channel read out loud on each switch would be noise; only what arrives afterwards is announced.
  if (isNewChannel) log.setAttribute("aria-live", "off");
  log.dataset.channel = ui.channel;
  keepFocus(log, () => {
    reconcile(
      $("messages"),
      roots,
      (message) => messageKey(ui.channel, message.ts),
      createMessage,
      (node, message) => updateMessage(node, message, replies.get(message.ts) ?? []),
    );
  });
  renderEmpty(roots.length === 0);
  if (ui.follows) followEnd();
  else if (roots.length > before) $("jump").hidden = false;
  if (isNewChannel) setTimeout(() => log.setAttribute("aria-live", "polite"), 500);
}

const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 60;

function followEnd() {
  const log = $("log");
  log.scrollTop = log.scrollHeight;
  ui.follows = true;
}

function renderEmpty(isEmpty) {
  $("empty").hidden = !isEmpty;
  if (!isEmpty) return;
  const isWork = ui.channel === workChannel()?.id;
  const hint = isWork
    ? "Type / in the box below to see what the bot can do."
    : "What the bot posts here appears by itself.";
  setText($("empty"), `Nothing in #${channelById(ui.channel)?.name} yet. ${hint}`);
}

function createMessage(message) {
  const channel = ui.channel;
  const view = {
    channel,
    ts: message.ts,
    face: null,
    avatar: el("span", { class: "avatar", "aria-hidden": "true" }),
    head: el("p", { class: "message-head" }),
    only: el("p", { class: "only-you", hidden: true }, "Only visible to you"),
    body: el("div", { class: "message-body" }),
    problem: el("p", { class: "problem", role: "alert" }),
    thread: el("div", { class: "thread" }),
    replies: null,
  };
  const node = el(
    "li",
    { class: "message", tabindex: "-1" },
    view.avatar,
    el("div", { class: "message-main" }, view.only, view.head, view.body, view.problem, view.thread),
  );
  views.set(node, view);
  return node;
}

/** Redraws only what differs. `replies` is null inside a thread, where nothing nests further. */
function updateMessage(node, message, replies) {
  const view = views.get(node);
  const face = JSON.stringify([message.blocks, message.text, message.user, message.edited_at, ui.utc]);
  if (face !== view.face) {
    const isEdit = view.face !== null;
    view.face = face;
    drawHead(node, view, message);
    drawBody(view, message, isEdit);
    const key = pressKey(view.channel, view.ts);
    if (ui.presses.get(key)?.answered) ui.presses.delete(key);
  }
  drawPresses(view);
  setText(view.problem, ui.problems.get(messageKey(view.channel, view.ts)) ?? "");
  if (replies) drawThread(view, message, replies);
}

function drawHead(node, view, message) {
  const author = personById(message.user);
  const name = author?.name ?? message.user ?? "someone";
  node.classList.toggle("from-bot", Boolean(message.bot));
  node.classList.toggle("ephemeral", Boolean(message.ephemeral_for));
  view.only.hidden = !message.ephemeral_for;
  setText(view.avatar, message.bot ? "" : name.slice(0, 1));
  view.head.replaceChildren(
    el("strong", {}, name),
    message.bot ? el("span", { class: "badge" }, "App") : "",
    timeElement(message.at, clock(message.at)),
    message.edited_at ? el("span", { class: "edited" }, "edited") : "",
  );
}

function drawBody(view, message, isEdit) {
  const blocks = message.blocks?.length
    ? message.blocks
    : [{ type: "section", text: { type: "mrkdwn", text: message.text ?? "" } }];
  view.body.classList.toggle(
    "card",
    blocks.length > 1 || blocks.some((block) => block.accessory || block.type === "actions"),
  );
  const place = { channel: view.channel, ts: view.ts };
  const items = blocks.map((block, index) => ({ block, key: `${index}:${block.type}:${block.block_id ?? ""}` }));
  const make = (item) => el("div", { class: `block block-kind-${item.block.type}` });
  reconcile(
    view.body,
    items,
    (item) => item.key,
    make,
    (node, item) => {
      const face = JSON.stringify([item.block, ui.utc]);
      if (views.get(node) === face) return;
      views.set(node, face);
      node.replaceChildren(...blockNodes(item.block, place));
      node.classList.toggle("changed", isEdit);
    },
  );
}

/** Buttons stay focusable while they wait (`aria-disabled`), so that the keyboard does not lose its place. */
function drawPresses(view) {
  const underWay = ui.presses.get(pressKey(view.channel, view.ts));
  for (const button of view.body.querySelectorAll("[data-press]")) {
    const isThis = underWay?.name === button.dataset.press;
    if (underWay) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
    button.classList.toggle("pending", isThis);
    if (isThis) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  }
}

function drawThread(view, message, replies) {
  if (message.ephemeral_for) return;
  const key = messageKey(view.channel, view.ts);
  // An answer that only this person can see must not hide in a closed thread.
  if (replies.some((reply) => reply.ephemeral_for && !view.answers?.has(reply.ts))) ui.openThreads.add(key);
  view.answers = new Set(replies.filter((reply) => reply.ephemeral_for).map((reply) => reply.ts));
  const isOpen = ui.openThreads.has(key);
  if (!view.replies) buildThread(view, key);
  view.thread.classList.toggle("open", isOpen);
  view.thread.classList.toggle("bare", replies.length === 0);
  view.toggle.setAttribute("aria-expanded", String(isOpen));
  setText(view.count, replies.length === 0 ? "Reply" : replies.length === 1 ? "1 reply" : `${replies.length} replies`);
  drawLatest(view, isOpen ? null : replies.at(-1));
  view.inner.hidden = !isOpen;
  if (!isOpen) return;
  reconcile(
    view.replies,
    replies,
    (reply) => messageKey(view.channel, reply.ts),
    createMessage,
    (node, reply) => updateMessage(node, reply, null),
  );
}

/** The newest reply in one line: a closed thread still tells what just happened, and the card above stays in sight. */
function drawLatest(view, reply) {
  const face = reply ? `${reply.ts}${reply.text}${ui.utc}` : "";
  if (view.latestFace === face) return;
  view.latestFace = face;
  view.latest.replaceChildren(
    ...(reply ? [timeElement(reply.at, clock(reply.at)), " ", flatText(reply.text ?? "")] : []),
  );
}

/** One line of words out of mrkdwn. */
function flatText(source) {
  return el("span", {}, mrkdwn(source.replace(/\s+/g, " "), true)).textContent;
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
  if (!ui.openThreads.delete(key)) ui.openThreads.add(key);
  renderLog();
  if (ui.openThreads.has(key)) view.inner.scrollIntoView({ block: "nearest" });
}

async function sendReply(view, key) {
  const text = view.replyInput.value.trim();
  if (!text || view.sending) return;
  if (text.startsWith("/")) {
    ui.problems.set(key, "Slash commands do not work in threads. Type it in the channel's own box.");
    return renderLog();
  }
  view.sending = true;
  const answer = await post("/console/message", { user: ui.user, channel: view.channel, text, thread_ts: view.ts });
  view.sending = false;
  if (answer.ok) view.replyInput.value = "";
  if (answer.ok) ui.problems.delete(key);
  else ui.problems.set(key, answer.error);
  renderLog();
}

/* ------------------------------------------------------------------------------------- composer and completion */

const completion = { options: [], active: 0, closedFor: null };
let isSending = false;

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

function renderCompletions() {
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
  renderGuide();
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
  const body = { user: ui.user, channel: ui.channel, text };
  const answer = text.startsWith("/")
    ? await post("/console/command", body)
    : await post("/console/message", { ...body, thread_ts: null });
  if (answer.ok && text.startsWith(rollbackCommand())) ui.askedAt = performance.now();
  isSending = false;
  $("composer").classList.remove("sending");
  followEnd();
  if (!answer.ok) {
    setText($("composer-error"), answer.error);
    if (!input.value) input.value = text; // Nothing typed is lost.
  }
  renderCompletions();
}

/* ------------------------------------------------------------------------------------------------------ sidebar */

function renderSidebar() {
  const isConnected = world.bot.connected;
  $("bot-status").dataset.state = isConnected ? "good" : "bad";
  setText($("bot-status"), `${world.bot.name} is ${isConnected ? "connected" : "not connected"}`);
  const words = `The bot ${world.bot.name} is not connected to this workspace. Commands are not answered until it is.`;
  $("bot-notice").hidden = isConnected;
  setText($("bot-notice"), isConnected ? "" : words);
  renderPeople();
  renderChannels();
}

function renderPeople() {
  const face = JSON.stringify([world.users, ui.user]);
  if ($("people").dataset.face === face) return;
  $("people").dataset.face = face;
  reconcile(
    $("people"),
    world.users,
    (user) => user.id,
    personRow,
    (node, user) => {
      node.querySelector("input").checked = user.id === ui.user;
    },
  );
  $("people-select").replaceChildren(
    ...world.users.map((user) =>
      el("option", { value: user.id, selected: user.id === ui.user }, `${user.name} (${user.role})`),
    ),
  );
}

function personRow(user) {
  return el(
    "label",
    { class: "person" },
    el("input", { type: "radio", name: "acting-as", value: user.id, onchange: () => actAs(user.id) }),
    el("span", { class: "avatar", "aria-hidden": "true" }, user.name.slice(0, 1)),
    el("span", { class: "person-words" }, el("span", {}, user.name), el("small", {}, user.role)),
  );
}

function actAs(id) {
  ui.user = id;
  remember("user", id);
  render();
}

function renderChannels() {
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
const unreadIn = (id) => inChannel(id).filter((message) => message.ts > (ui.read[id] ?? "")).length;

/** What is on screen is read; what was there before this page opened counts as read too. */
function markRead() {
  const isSeen = !document.hidden && getComputedStyle($("chat")).display !== "none";
  for (const { id } of world.channels) {
    const newest = inChannel(id).at(-1)?.ts ?? "";
    if (ui.read[id] === undefined || (id === ui.channel && isSeen)) ui.read[id] = newest;
  }
}

function openChannel(id) {
  ui.channel = id;
  $("jump").hidden = true;
  setText($("composer-error"), "");
  showTab("chat");
  render();
}

function showTab(tab) {
  $("app").dataset.tab = tab;
  $("tab-chat").setAttribute("aria-pressed", String(tab === "chat"));
  $("tab-production").setAttribute("aria-pressed", String(tab === "production"));
  if (world) render();
}

/* -------------------------------------------------------------------------------------------------------- guide */

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
  if (isBroken && offers("Confirm")) return "card";
  if (isBroken) return performance.now() - ui.askedAt < 8000 ? "asked" : "broken";
  const hasHistory = world.pointer?.deployments.some((deployment) => deployment.healthy === false);
  if (!hasHistory) return "calm";
  return world.pointer.auto_assign === true && !AFTERWARDS.some(offers) ? "done" : "proven";
}

/** The button with this label that is on offer to everybody in the working channel, if any. */
function offers(label) {
  const messages = (world.messages[workChannel()?.id] ?? []).filter((message) => message.bot && !message.ephemeral_for);
  return messages.some((message) =>
    (message.blocks ?? []).some((block) =>
      [...(block.elements ?? []), block.accessory].some((item) => item?.type === "button" && item.text?.text === label),
    ),
  );
}

const rollbackCommand = () =>
  world.commands.find((command) => command.command.endsWith("rollback"))?.command ?? "/rollback";

/** Words of the guide for each phase: `lead` is what is the case, `next` is what to do, `step` is the current step. */
const GUIDE = {
  broken: () => ({
    step: 0,
    lead: `Imagine it is 02:07. The newest deploy${deployName()} answers 500 on /checkout.`,
    next: typedRollback()
      ? ["Good. Now press Enter."]
      : ["Type ", fillButton(), ` in #${workChannel()?.name}, press Enter, then press Confirm on the card.`],
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

function renderGuide() {
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

/* --------------------------------------------------------------------------------------------------- error rate */

const SPAN_MS = 180_000;
const WINDOW_MS = 5_000;

/** The share of failures in the seconds up to each bucket. One second holds too few requests to be read alone. */
function rates() {
  const buckets = world.shop.buckets;
  return buckets.map((bucket, index) => {
    let requests = 0;
    let failures = 0;
    for (let back = index; back >= 0 && bucket.at - buckets[back].at < WINDOW_MS; back--) {
      requests += buckets[back].requests;
      failures += buckets[back].failures;
    }
    return { at: bucket.at, rate: requests ? failures / requests : null };
  });
}

/** Failing at 5 % and above, well below 1 %; between the two the last clear verdict stands, so that nothing flickers. */
function verdict(rate) {
  if (rate === null) return null;
  if (rate >= 0.05) return true;
  return rate < 0.01 ? false : ui.failing;
}

/** When failures stopped, if they did within the span and have stayed away for some seconds of traffic. */
function recoveredAt() {
  const buckets = world.shop.buckets;
  const last = buckets.findLastIndex((bucket) => bucket.failures > 0);
  if (last < 0 || ui.failing !== false) return null;
  const clean = buckets.slice(last + 1).filter((bucket) => bucket.requests > 0);
  return clean.length >= 3 ? clean[0].at : null;
}

const percent = (rate) => `${rate > 0 && rate < 0.01 ? "<1" : Math.round(rate * 100)}%`;

function renderRate() {
  const points = rates();
  const now = points.at(-1)?.rate ?? null;
  ui.failing = verdict(now);
  const state = ui.failing === null ? "unknown" : ui.failing ? "bad" : "good";
  setState($("health"), state, { bad: "Failing", good: "Healthy", unknown: "No traffic" }[state]);
  setText($("rate-now"), now === null ? "–" : percent(now));
  setText($("rate-words"), now === null ? "no requests to judge by" : "of requests answer 5xx");
  setText($("tab-rate"), now === null ? "" : percent(now));
  $("tab-rate").dataset.state = state;
  $("rate-now").dataset.state = state;
  drawChart(points, now);
  renderTitle(now);
}

function setState(node, state, words) {
  node.dataset.state = state;
  setText(node, words);
}

function renderTitle(rate) {
  const state = isStopped()
    ? "■ stopped"
    : rate === null || !world
      ? null
      : `${ui.failing ? "●" : "✓"} ${percent(rate)} errors`;
  document.title = state ? `${state} – Repoint demo` : "Repoint demo";
}

function drawChart(points, now) {
  const box = $("chart");
  const [width, height] = [box.clientWidth, box.clientHeight];
  if (!width || !height) return; // Hidden behind the other tab.
  const plot = { width, height, top: 8, bottom: height - 20, from: world.now - SPAN_MS };
  const recovered = recoveredAt();
  const words = `Share of 5xx answers over the last three minutes. Now ${now === null ? "no traffic" : percent(now)}.`;
  box.replaceChildren(
    svg(
      "svg",
      {
        viewBox: `0 0 ${width} ${height}`,
        role: "img",
        "aria-label": recovered ? `${words} Recovered at ${clockSeconds(recovered)}.` : words,
      },
      toneOfCurve(plot),
      gridLines(plot),
      curves(plot, points),
      recovered ? recoveryMark(plot, recovered) : null,
    ),
  );
}

/** The curve is red where something fails and green along the bottom line. */
function toneOfCurve(plot) {
  return svg(
    "linearGradient",
    { id: "tone", gradientUnits: "userSpaceOnUse", x1: 0, x2: 0, y1: yOf(plot, 0.06), y2: yOf(plot, 0.01) },
    svg("stop", { class: "tone-bad", offset: 0 }),
    svg("stop", { class: "tone-good", offset: 1 }),
  );
}

const xOf = (plot, at) => ((at - plot.from) / SPAN_MS) * plot.width;
const yOf = (plot, rate) => plot.bottom - rate * (plot.bottom - plot.top);

function gridLines(plot) {
  const level = (rate) => [
    svg("line", { class: "grid", x1: 0, x2: plot.width, y1: yOf(plot, rate), y2: yOf(plot, rate) }),
    svg("text", { class: "axis", x: 0, y: yOf(plot, rate) + (rate === 1 ? 13 : -5) }, `${rate * 100}%`),
  ];
  const edge = (x, anchor, words) =>
    svg("text", { class: "axis", x, y: plot.height - 4, "text-anchor": anchor }, words);
  return [level(1), level(0.5), level(0), edge(0, "start", "3 min ago"), edge(plot.width, "end", "now")];
}

/** Runs of seconds with traffic; silence leaves a gap instead of a line that would claim something. */
function curves(plot, points) {
  const runs = [[]];
  for (const point of points) {
    if (point.at < plot.from) continue;
    if (point.rate === null) runs.push([]);
    else runs.at(-1).push(`${xOf(plot, point.at).toFixed(1)},${yOf(plot, point.rate).toFixed(1)}`);
  }
  return runs
    .filter((run) => run.length > 1)
    .map((run) => [
      svg("polygon", {
        class: "area",
        points: [`${run[0].split(",")[0]},${plot.bottom}`, ...run, `${run.at(-1).split(",")[0]},${plot.bottom}`].join(
          " ",
        ),
      }),
      svg("polyline", { class: "curve", stroke: "url(#tone)", points: run.join(" ") }),
    ]);
}

function recoveryMark(plot, at) {
  const x = xOf(plot, at);
  const isLeft = x > plot.width * 0.55;
  // The chart is drawn anew each second; only the first time may the mark fade in.
  const isNew = ui.marked !== at;
  ui.marked = at;
  return svg(
    "g",
    { class: isNew ? "recovery new" : "recovery" },
    svg("line", { x1: x, x2: x, y1: plot.top, y2: plot.bottom }),
    svg("circle", { cx: x, cy: plot.bottom, r: 4 }),
    svg(
      "text",
      { x: x + (isLeft ? -8 : 8), y: plot.top + 28, "text-anchor": isLeft ? "end" : "start" },
      `recovered ${clockSeconds(at)}`,
    ),
  );
}

/* ------------------------------------------------------------------------------------------------- the pointer */

const ASSIGNMENT = new Map([
  [true, ["armed", "Armed", "New deploys go live by themselves."]],
  [false, ["pinned", "Pinned", "New deploys do not go live by themselves."]],
  [null, ["unknown", "Cannot tell", "Whether new deploys go live could not be read."]],
]);

const shortSha = (deployment) => (deployment.sha ?? "").slice(0, 7);

function renderPointer() {
  const pointer = world.pointer;
  if (!pointer) {
    setState($("assignment"), "unknown", "Not known");
    setText($("pointer-words"), "The hosting model has not answered yet.");
    return;
  }
  const [state, label, words] = ASSIGNMENT.get(pointer.auto_assign ?? null);
  setState($("assignment"), state, label);
  setText($("pointer-words"), pointer.moving ? movingWords(pointer) : words);
  const newestFirst = [...pointer.deployments].sort((one, other) => other.created_at - one.created_at);
  reconcile(
    $("deployments"),
    newestFirst,
    (deployment) => deployment.id,
    () => el("li"),
    drawDeployment,
  );
  placeMark();
}

function movingWords(pointer) {
  const target = pointer.deployments.find((deployment) => deployment.id === pointer.moving.to);
  return `Moving to ${target ? shortSha(target) || target.id : pointer.moving.to}: ${pointer.moving.status ?? "under way"}.`;
}

function drawDeployment(node, deployment) {
  const isTarget = world.pointer.moving?.to === deployment.id;
  const face = JSON.stringify([deployment, isTarget, ago(deployment.created_at), ui.utc]);
  node.classList.toggle("live", Boolean(deployment.live));
  node.classList.toggle("target", isTarget);
  if (views.get(node) === face) return;
  views.set(node, face);
  node.replaceChildren(
    el("p", { class: "deployment-title" }, deployment.message || deployment.id),
    el(
      "p",
      { class: "deployment-facts" },
      el("code", { title: deployment.id }, shortSha(deployment) || deployment.id),
      deployment.author ? ` · ${deployment.author}` : "",
      " · ",
      timeElement(deployment.created_at, ago(deployment.created_at)),
    ),
    el("p", { class: "tags" }, tagsOf(deployment, isTarget)),
  );
  node.title = deployment.host ?? "";
}

function tagsOf(deployment, isTarget) {
  const tag = (state, words) => el("span", { class: "state", dataset: { state } }, words);
  const isReady = deployment.state === "READY";
  return [
    deployment.live && tag("live", "Live"),
    isTarget && tag("moving", "Moving here"),
    !deployment.live && deployment.substate === "STAGED" && isReady && tag("plain", "Ready, not live"),
    !isReady && deployment.state && tag("plain", deployment.state.toLowerCase()),
    deployment.healthy === false && tag("bad", "Answers 500"),
    deployment.healthy === true && tag("good", "Healthy"),
  ];
}

/** The mark slides to the live row, so that the flip can be seen as what it is: one pointer that moves. */
function placeMark() {
  const row = $("deployments").querySelector(".live");
  const mark = $("pointer-mark");
  mark.toggleAttribute("hidden", !row);
  if (row) mark.style.transform = `translateY(${row.offsetTop + 12}px)`;
}

/* ------------------------------------------------------------------------------------------------------ the shop */

const PATHS = ["/", "/checkout"];
const shop = { face: null, asked: 0 };

function buildPaths() {
  $("paths").append(
    ...PATHS.map((path) =>
      el(
        "label",
        { class: "path" },
        el("input", {
          type: "radio",
          name: "path",
          value: path,
          checked: path === ui.path,
          onchange: () => {
            ui.path = path;
            renderShop();
          },
        }),
        el("span", {}, path),
      ),
    ),
  );
}

/** Loads the page anew whenever the pointer or the health has changed, or when asked. */
function renderShop() {
  if (!world) return;
  const base = webAddress(world.shop.url);
  const face = JSON.stringify([base, ui.path, liveDeployment()?.id, liveDeployment()?.healthy, ui.failing, shop.asked]);
  if (face === shop.face) return;
  shop.face = face;
  if (!base) return $("frame").replaceChildren(el("p", { class: "empty" }, "The shop has no address yet."));
  const address = new URL(ui.path, base).href;
  $("shop-link").href = address;
  swapFrame(address);
}

/** A fresh frame each time: it adds nothing to the browser's history, and the old page stays until the new one is there. */
function swapFrame(address) {
  const fresh = el("iframe", {
    src: address,
    title: `The shop, page ${ui.path}`,
    class: "loading",
    referrerpolicy: "no-referrer",
    sandbox: "allow-scripts allow-forms allow-same-origin",
  });
  fresh.addEventListener("load", () => {
    fresh.classList.remove("loading");
    let older = fresh.previousElementSibling;
    while (older) {
      older.remove();
      older = fresh.previousElementSibling;
    }
  });
  $("frame").append(fresh);
}

/* ----------------------------------------------------------------------------------------------- all of it */

function render() {
  renderBanner();
  if (!world) return;
  settleChoices();
  $("app").dataset.ready = "true";
  renderRate();
  renderPointer();
  renderShop();
  markRead();
  renderSidebar();
  renderLog();
  renderGuide();
}

/** Person and channel must exist in this world; after a restart of the demo they may be others. */
function settleChoices() {
  if (!world.users.some((user) => user.id === ui.user)) ui.user = world.users[0]?.id ?? null;
  if (!channelById(ui.channel)) ui.channel = workChannel()?.id ?? null;
}

function renderBanner() {
  const stopped = isStopped();
  $("banner").hidden = !stopped;
  setText(
    $("banner"),
    stopped ? "The demo has stopped. Start it again with “repoint demo”; this page then carries on by itself." : "",
  );
  document.body.classList.toggle("stopped", stopped);
  if (stopped) renderTitle(null);
}

function wireComposer() {
  const input = $("composer-input");
  input.addEventListener("input", () => {
    completion.active = 0;
    renderCompletions();
  });
  input.addEventListener("keydown", onComposerKey);
  input.addEventListener("focus", renderCompletions);
  input.addEventListener("blur", renderCompletions);
  $("composer").addEventListener("submit", send);
}

function wireChat() {
  const log = $("log");
  log.addEventListener("scroll", () => {
    ui.follows = isAtEnd(log);
    if (ui.follows) $("jump").hidden = true;
  });
  $("jump").addEventListener("click", () => {
    followEnd();
    log.focus({ preventScroll: true });
  });
  $("people-select").addEventListener("change", (event) => actAs(event.target.value));
  $("zone-toggle").addEventListener("click", () => {
    ui.utc = !ui.utc;
    remember("utc", ui.utc ? "yes" : "no");
    $("zone-toggle").setAttribute("aria-pressed", String(ui.utc));
    if (world) render();
  });
  $("zone-toggle").setAttribute("aria-pressed", String(ui.utc));
}

function wireRest() {
  $("guide-toggle").addEventListener("click", () => showGuide(!ui.guide));
  $("guide-close").addEventListener("click", () => {
    showGuide(false);
    $("guide-toggle").focus();
  });
  $("tab-chat").addEventListener("click", () => showTab("chat"));
  $("tab-production").addEventListener("click", () => showTab("production"));
  $("shop-reload").addEventListener("click", () => {
    shop.asked += 1;
    renderShop();
  });
  $("confirm-deny").addEventListener("click", () => $("confirm").close("deny"));
  $("confirm-accept").addEventListener("click", () => $("confirm").close("accept"));
  new ResizeObserver(() => world && (renderRate(), placeMark())).observe($("production"));
  // Cards grow, pictures arrive, the guide changes its height: who reads at the end stays at the end.
  const keeper = new ResizeObserver(() => ui.follows && followEnd());
  keeper.observe($("log"));
  keeper.observe($("messages"));
  document.addEventListener("visibilitychange", () => world && !document.hidden && render());
}

function start() {
  buildPaths();
  wireComposer();
  wireChat();
  wireRest();
  renderHint();
  refresh();
  listen();
  setInterval(heartbeat, 1000);
}

start();
