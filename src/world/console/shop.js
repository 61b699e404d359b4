// Owns: the frame that shows the shop, and the choice of its page.

import { $, el, webAddress } from "./dom.js";
import { liveDeployment, ui, world } from "./state.js";

const PATHS = ["/", "/checkout"];
const shop = { path: "/checkout", face: null, asked: 0 };

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
          checked: path === shop.path,
          onchange: () => {
            shop.path = path;
            renderShop();
          },
        }),
        el("span", {}, path),
      ),
    ),
  );
}

/** Loads the page anew whenever the pointer or the health has changed, or when asked. */
export function renderShop() {
  if (!world) return;
  const base = webAddress(world.shop.url);
  const face = JSON.stringify([
    base,
    shop.path,
    liveDeployment()?.id,
    liveDeployment()?.healthy,
    ui.failing,
    shop.asked,
  ]);
  if (face === shop.face) return;
  shop.face = face;
  if (!base) return $("frame").replaceChildren(el("p", { class: "empty" }, "The shop has no address yet."));
  const address = new URL(shop.path, base).href;
  $("shop-link").href = address;
  swapFrame(address);
}

/** A fresh frame each time: it adds nothing to the browser's history, and the old page stays until the new one is there. */
function swapFrame(address) {
  const fresh = el("iframe", {
    src: address,
    title: `The shop, page ${shop.path}`,
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

export function wireShop() {
  buildPaths();
  $("shop-reload").addEventListener("click", () => {
    shop.asked += 1;
    renderShop();
  });
}
