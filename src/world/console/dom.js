// Owns: the making and changing of elements, whatever they show.

export const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

/** Makes an element. Children that are null or false are left out; strings become text, never markup. */
export function el(tag, props = {}, ...children) {
  return dress(document.createElement(tag), props, children);
}

export function svg(tag, props = {}, ...children) {
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
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setState(node, state, words) {
  node.dataset.state = state;
  setText(node, words);
}

/**
 * Makes the children of `parent` match `items` by key, reusing nodes. Reuse is what keeps focus, scroll position and
 * half-typed replies alive when the bot edits a card.
 */
export function reconcile(parent, items, keyOf, create, update) {
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
export function keepFocus(container, change) {
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
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}
