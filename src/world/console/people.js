// Owns: the choice of the person one acts as.

import { $, el, reconcile } from "./dom.js";
import { redrawPage } from "./redraw.js";
import { remember, ui, world } from "./state.js";

export function renderPeople() {
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
  redrawPage();
}

export function wirePeople() {
  $("people-select").addEventListener("change", (event) => actAs(event.target.value));
}
