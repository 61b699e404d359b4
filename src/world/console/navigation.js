// Owns: going somewhere: to a channel, or, on narrow screens, to the other tab.

import { $, setText } from "./dom.js";
import { redrawPage } from "./redraw.js";
import { ui, world } from "./state.js";

export function openChannel(id) {
  ui.channel = id;
  $("jump").hidden = true;
  setText($("composer-error"), "");
  showTab("chat");
  redrawPage();
}

function showTab(tab) {
  $("app").dataset.tab = tab;
  $("tab-chat").setAttribute("aria-pressed", String(tab === "chat"));
  $("tab-production").setAttribute("aria-pressed", String(tab === "production"));
  if (world) redrawPage();
}

export function wireTabs() {
  $("tab-chat").addEventListener("click", () => showTab("chat"));
  $("tab-production").addEventListener("click", () => showTab("production"));
}
