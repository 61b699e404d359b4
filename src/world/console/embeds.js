// Owns: how Discord's parts of a message are drawn: words, embeds, and rows of buttons.

import { el, webAddress } from "./dom.js";
import { markdownNodes } from "./markdown.js";
import { press, pressName } from "./presses.js";

export function wordsNodes(block) {
  if (block.loading) return [el("p", { class: "thinking" }, "Thinking")];
  return [el("div", { class: "markdown" }, markdownNodes(block.text))];
}

export function embedNodes({ embed }) {
  const box = el(
    "article",
    { class: "embed" },
    embed.author?.name && el("p", { class: "embed-small" }, embed.author.name),
    embed.title && el("h3", { class: "block-header" }, titleNodes(embed)),
    embed.description && el("div", { class: "markdown" }, markdownNodes(embed.description)),
    embed.fields?.length && el("dl", { class: "embed-fields" }, embed.fields.map(fieldNode)),
    embed.footer?.text && el("p", { class: "embed-small" }, embed.footer.text),
  );
  // Set by script: the page's policy allows no style in markup.
  if (Number.isInteger(embed.color)) {
    box.style.setProperty("--embed", `#${embed.color.toString(16).padStart(6, "0")}`);
  }
  return [box];
}

function titleNodes(embed) {
  const words = markdownNodes(embed.title);
  const address = embed.url && webAddress(embed.url);
  return address ? el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words) : words;
}

const fieldNode = (field) =>
  el(
    "div",
    { class: field.inline ? "embed-field" : "embed-field wide" },
    el("dt", {}, markdownNodes(field.name)),
    el("dd", { class: "markdown" }, markdownNodes(field.value)),
  );

/** Discord's numbers: 1 is the main thing to do, 4 is dangerous, 5 is a link. */
const STYLES = { 1: "primary", 3: "primary", 4: "danger" };

export function rowNodes(block, place) {
  return [el("div", { class: "block-actions" }, (block.row.components ?? []).map((item) => buttonNode(item, block, place)))];
}

function buttonNode(item, block, place) {
  if (item.type !== 2) return el("span", { class: "unknown" }, "(a control which this page does not draw)");
  const label = [item.emoji?.name, item.label].filter(Boolean).join(" ");
  const address = item.url && webAddress(item.url);
  if (address) {
    return el("a", { class: "button plain", href: address, target: "_blank", rel: "noopener noreferrer" }, label);
  }
  const target = {
    ...place,
    path: "/console/discord/press",
    room: block.room,
    custom_id: item.custom_id,
    block_id: "",
    action_id: item.custom_id,
    value: "",
  };
  return el(
    "button",
    {
      type: "button",
      class: `button ${STYLES[item.style] ?? "plain"}`,
      disabled: item.disabled === true,
      dataset: { press: pressName(target), focus: pressName(target), label: item.label ?? "" },
      onclick: () => press(target, null),
    },
    label,
  );
}
