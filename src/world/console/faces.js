// Owns: the switch between the faces of the same world. The person and the channel stay, by their names.

import { $, setText } from "./dom.js";
import { redrawPage } from "./redraw.js";
import { channelById, personById, remember, ui, wearFace, world } from "./state.js";

const FACES = ["slack", "discord"];

export function renderFaces() {
  const isChoice = FACES.every((face) => world.faces[face]);
  $("faces").hidden = !isChoice;
  $("app").dataset.face = ui.face;
  for (const face of FACES) $(`face-${face}`).checked = ui.face === face;
}

function show(face) {
  const person = personById(ui.user)?.name;
  const channel = channelById(ui.channel)?.name;
  ui.face = face;
  remember("face", face);
  wearFace();
  ui.user = world.users.find((user) => user.name === person)?.id ?? null;
  ui.channel = world.channels.find((one) => one.name === channel)?.id ?? null;
  remember("user", ui.user ?? "");
  $("composer-input").value = "";
  setText($("composer-error"), "");
  redrawPage();
}

export function wireFaces() {
  for (const face of FACES) $(`face-${face}`).addEventListener("change", () => show(face));
}
