// Owns: how each kind of Block Kit block and element is drawn. Discord's parts of a message are in embeds.js.

import { el, webAddress } from "./dom.js";
import { embedNodes, rowNodes, wordsNodes } from "./embeds.js";
import { textNodes } from "./mrkdwn.js";
import { press, pressName } from "./presses.js";

/** One block; `place` says which message it is in, for its buttons. */
export function blockNodes(block, place) {
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
    case "words":
      return wordsNodes(block);
    case "embed":
      return embedNodes(block);
    case "row":
      return rowNodes(block, place);
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
