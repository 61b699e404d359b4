// What a person can see and reach on the page. Each function answers one question of a test; none changes anything.

const squeezed = (text) => text.replace(/\s+/g, " ").trim();

function isShown(node) {
  const { width, height } = node.getBoundingClientRect();
  return width > 1 && height > 1 && node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
}

const nameOf = (node) =>
  squeezed(node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? (node.textContent || node.title || ""));

/** All words on the page, as they are laid out. */
const seen = () => squeezed(document.body.innerText);

/** The newest thing with this name that can be pressed. */
const pressable = (name) =>
  [...document.querySelectorAll("button, a[href]")].filter((node) => isShown(node) && nameOf(node) === name).at(-1);

/** The option of an open list that begins with these words. */
const option = (words) =>
  [...document.querySelectorAll("[role=option]")].find((node) => isShown(node) && nameOf(node).startsWith(words));

/** The row of a choice, by one of its lines. */
const choice = (words) =>
  [...document.querySelectorAll("label")].find((node) => isShown(node) && node.innerText.split("\n").includes(words));

/** The newest thread that can be opened, by what it says of itself. */
const thread = (words) =>
  [...document.querySelectorAll(".thread-toggle")].filter((node) => isShown(node) && nameOf(node).includes(words)).at(-1);

/** A half of a narrow page; its name goes on with the error rate, which changes. */
const tab = (words) =>
  [...document.querySelectorAll(".tabs button")].find((node) => isShown(node) && nameOf(node).startsWith(words));

/** Where messages are typed. */
const messageBox = () => document.getElementById("composer-input");

/** What makes the page draw the list of completions anew. */
const drawsTheListAnew = () => messageBox().dispatchEvent(new Event("focus"));

/** The newest card of an incident, by its headline. */
const card = () =>
  [...document.querySelectorAll("#messages .block-header")].filter(isShown).at(-1)?.closest(".message");

/** Scrolls something to the top of what it is in, if it is there. */
function comesToTheTop(node) {
  node?.scrollIntoView({ block: "start", behavior: "instant" });
  return Boolean(node);
}

/** Brings something under the finger, if it is there and nothing covers it. Whether it is met then, `isMet` tells. */
function comesUnderTheFinger(node) {
  node?.scrollIntoView({ block: "nearest", behavior: "instant" });
  if (!node || !isUncovered(node)) return false;
  window.isMissed = true;
  node.addEventListener("click", () => (window.isMissed = false), { once: true, capture: true });
  return true;
}

/** Whether the last press came to what it was meant for; what led to another page has met it. */
const isMet = () => !window.isMissed;

/** Whether the newest words of the channel are before the reader. */
function showsTheNewest() {
  const log = document.getElementById("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 4;
}

/** Whether everything that moves for a moment has come to rest. */
const isStill = () =>
  document
    .getAnimations()
    .every((one) => one.playState !== "running" || one.effect.getComputedTiming().iterations === Infinity);

/* ------------------------------------------------------------------------------------------------------ colours */

const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Any colour that CSS can name, as red, green, blue and opacity. */
function rgba(color) {
  brush.clearRect(0, 0, 1, 1);
  brush.fillStyle = color;
  brush.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}

const over = (front, back, alpha) => [0, 1, 2].map((part) => front[part] * alpha + back[part] * (1 - alpha));

/** The colour behind an element's words: the backgrounds of all that it stands in, laid over each other. */
function backdrop(node) {
  const layers = [];
  for (let at = node; at; at = at.parentElement) {
    const layer = rgba(getComputedStyle(at).backgroundColor);
    layers.push(layer);
    if (layer[3] === 1) break;
  }
  return layers.reverse().reduce((back, layer) => over(layer, back, layer[3]), rgba("canvas"));
}

function luminance(color) {
  const [red, green, blue] = color.slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function opacityOf(node) {
  let opacity = 1;
  for (let at = node; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
  return opacity;
}

/** Words that are too faint to be read, by WCAG's figures; what waits (`aria-disabled`) may be faint. Null while something
 * moves: what just arrives is faint for a moment. */
function faint() {
  if (!isStill()) return null;
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const words = squeezed(walker.currentNode.data);
    if (!words || !isShown(node) || node.closest("[aria-disabled=true], option, noscript")) continue;
    const style = getComputedStyle(node);
    const back = backdrop(node);
    const ink = rgba(node.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const ratio = contrast(over(ink, back, ink[3] * opacityOf(node)), back);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) found.push(`${words}: ${ratio.toFixed(2)}`);
  }
  return found;
}

/* -------------------------------------------------------------------------------------------------------- focus */

function hasRing(node) {
  const isHidden = getComputedStyle(node).opacity === "0";
  const places = [node, node.closest("label"), isHidden && node.nextElementSibling].filter(Boolean);
  return places.some((place) => {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(place);
    if (outlineStyle === "auto") return true;
    if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) return false;
    return contrast(rgba(outlineColor), backdrop(place.parentElement)) >= 3;
  });
}

/** Whether the middle of what can be seen of an element is not covered by something else. */
function isUncovered(node) {
  const box = node.getBoundingClientRect();
  const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
  const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
  if (right - left < 1 || bottom - top < 1) return false;
  const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return Boolean(hit) && (node.contains(hit) || hit.contains(node) || node.closest("label")?.contains(hit));
}

/** Where the keyboard is. */
function focused() {
  const node = document.activeElement ?? document.body;
  return {
    tag: node.tagName.toLowerCase(),
    id: node.id,
    name: node === document.body ? "" : nameOf(node).slice(0, 60),
    is_ringed: node !== document.body && hasRing(node),
    is_uncovered: node === document.body || isUncovered(node),
  };
}

/* ------------------------------------------------------------------------------------------------------ fingers */

/** How far the page is wider than the screen. */
const overhang = () => document.scrollingElement.scrollWidth - innerWidth;

/** What a finger can hardly hit: under 24 pixels, or under 44 where the story needs it. Links in a sentence are exempt. */
function smallTargets() {
  const controls = document.querySelectorAll("button, a[href], input, select, [role=option]");
  return [...controls]
    .filter((node) => isShown(node.closest("label") ?? node) && !node.matches(".skip, p > a"))
    .map((node) => [node, (node.closest("label") ?? node).getBoundingClientRect()])
    .filter(([node, { width, height }]) => {
      const isMain = node.matches(".button, .tabs button, .channels button, .composer input, select, [role=option]");
      return Math.min(width, height) < (isMain ? 44 : 24) - 0.5;
    })
    .map(([node, { width, height }]) => `${nameOf(node) || node.id}: ${Math.round(width)}x${Math.round(height)}`);
}
