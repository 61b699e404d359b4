// Owns: the list of deployments, and the mark that shows where the production pointer is.

import { $, el, reconcile, setState, setText } from "./dom.js";
import { ui, world } from "./state.js";
import { ago, timeElement } from "./time.js";

/** What each drawn row shows, by its element. */
const faces = new WeakMap();

const ASSIGNMENT = new Map([
  [true, ["armed", "Armed", "New deploys go live by themselves."]],
  [false, ["pinned", "Pinned", "New deploys do not go live by themselves."]],
  [null, ["unknown", "Cannot tell", "Whether new deploys go live could not be read."]],
]);

/** How many deployments are shown; beside a pull request there is less room. */
const rowsShown = () => (world.code?.pull ? 3 : 4);

const shortSha = (deployment) => (deployment.sha ?? "").slice(0, 7);

export function renderPointer() {
  const pointer = world.pointer;
  if (!pointer) {
    setState($("assignment"), "unknown", "Not known");
    setText($("pointer-words"), "The hosting model has not answered yet.");
    return;
  }
  const [state, label, words] = ASSIGNMENT.get(pointer.auto_assign ?? null);
  setState($("assignment"), state, label);
  setText($("pointer-words"), pointer.moving ? movingWords(pointer) : words);
  reconcile(
    $("deployments"),
    shownRows(pointer.deployments),
    (deployment) => deployment.id,
    () => el("li"),
    drawDeployment,
  );
  placeMark();
}

/** The newest ones, newest first. Where there are too many, previews are left out first; the live one never. */
function shownRows(deployments) {
  const newestFirst = [...deployments].sort((one, other) => other.created_at - one.created_at);
  const leavesFirst = [
    ...newestFirst.filter((one) => one.target === null).reverse(),
    ...newestFirst.filter((one) => one.target !== null).reverse(),
  ].filter((one) => !one.live);
  const left = new Set(leavesFirst.slice(0, Math.max(0, newestFirst.length - rowsShown())));
  return newestFirst.filter((one) => !left.has(one));
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
  if (faces.get(node) === face) return;
  faces.set(node, face);
  node.replaceChildren(
    row(el("p", { class: "deployment-title" }, deployment.message || deployment.id), placeTags(deployment, isTarget)),
    row(
      el(
        "p",
        { class: "deployment-facts" },
        el("code", { title: deployment.id }, shortSha(deployment) || deployment.id),
        deployment.author && el("span", { class: "author" }, ` · ${deployment.author}`),
        " · ",
        timeElement(deployment.created_at, ago(deployment.created_at)),
      ),
      healthTags(deployment),
    ),
  );
  node.title = deployment.host ?? "";
}

const row = (words, tags) => el("div", { class: "deployment-row" }, words, el("p", { class: "tags" }, tags));
const tag = (state, words) => el("span", { class: "state", dataset: { state } }, words);

/** Where a deployment stands. */
function placeTags(deployment, isTarget) {
  const isReady = deployment.state === "READY";
  return [
    deployment.live && tag("live", "Live"),
    isTarget && tag("moving", "Moving here"),
    !deployment.live && deployment.substate === "STAGED" && isReady && tag("plain", "Ready, not live"),
    !isReady && deployment.state && tag("plain", deployment.state.toLowerCase()),
    deployment.target === null && tag("plain", "Preview"),
  ];
}

/** How its checkout answers. */
function healthTags(deployment) {
  if (deployment.state !== "READY") return [];
  return [
    deployment.healthy === false && tag("bad", "Answers 500"),
    deployment.healthy === true && tag("good", "Healthy"),
  ];
}

/** The mark slides to the live row, so that the flip can be seen as what it is: one pointer that moves. */
export function placeMark() {
  const row = $("deployments").querySelector(".live");
  const mark = $("pointer-mark");
  mark.toggleAttribute("hidden", !row);
  if (row) mark.style.transform = `translateY(${row.offsetTop + 12}px)`;
}
