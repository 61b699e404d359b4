// Owns: the panel of the repository: the pull request at its gate, and the newest commits of the main branch.

import { $, el, setState, setText } from "./dom.js";
import { world } from "./state.js";

const OUTCOMES = new Map([
  ["open", ["moving", "Open"]],
  ["merged", ["good", "Merged"]],
  ["closed", ["plain", "Closed"]],
]);

/** How far a check is: its mark's kind, and the word beside its name. A skipped check is not a green one here. */
const CHECKS = new Map([
  ["queued", ["wait", "waits"]],
  ["in_progress", ["run", "runs"]],
  ["success", ["good", "passed"]],
  ["missing", ["wait", "is not there"]],
]);

export function renderCode() {
  const code = world.code;
  const face = JSON.stringify([code, world.pointer?.live]);
  if ($("code").dataset.face === face) return;
  $("code").dataset.face = face;
  if (!code || code.absent) {
    setState($("main-state"), "unknown", "Not there");
    setText($("code-words"), code?.absent ?? "The modelled GitHub has not answered yet.");
    $("pull").replaceChildren();
    $("commits").replaceChildren();
    return;
  }
  renderHead(code.main[0]);
  $("pull").replaceChildren(...(code.pull ? pullNodes(code.pull) : []));
  $("commits").replaceChildren(...code.main.map(commitNode));
}

const buildOf = (commit) =>
  world.pointer?.deployments.find((one) => one.sha === commit.sha && one.target === "production");

/** Whether the newest commit would break the shop again, as far as its build tells. */
function renderHead(head) {
  const isHealthy = head && buildOf(head)?.healthy;
  if (isHealthy === undefined) return setState($("main-state"), "unknown", "Not known");
  const [state, label] = isHealthy ? ["good", "Mended"] : ["bad", "Holds a bad commit"];
  setState($("main-state"), state, label);
  setText($("code-words"), "");
}

function pullNodes(pull) {
  const [state, label] = OUTCOMES.get(pull.outcome) ?? ["plain", pull.outcome];
  return [
    el(
      "p",
      { class: "code-row" },
      el("span", { class: "code-title" }, el("b", {}, `#${pull.number}`), ` ${pull.title}`),
      el("span", { class: "state", dataset: { state } }, label),
    ),
    pull.checks.length > 0 && el("ul", { class: "checks", "aria-label": "Checks" }, pull.checks.map(checkNode)),
  ].filter(Boolean);
}

function checkNode(check) {
  const [kind, word] = CHECKS.get(check.state) ?? ["bad", check.state];
  return el("li", { class: "check", dataset: { kind } }, el("code", {}, check.name), ` ${word}`);
}

function commitNode(commit) {
  const isLive = buildOf(commit)?.live;
  return el(
    "li",
    { class: "code-row" },
    el("span", { class: "code-title" }, el("code", {}, commit.sha.slice(0, 7)), ` ${commit.subject}`),
    isLive && el("span", { class: "state", dataset: { state: "live" } }, "Live"),
  );
}
