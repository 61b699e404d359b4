// Owns: how a moment is written, in which zone, and the choice of the zone.

import { $, el } from "./dom.js";
import { redrawPage } from "./redraw.js";
import { remember, ui, world } from "./state.js";

function inZone(ms, options, utc = ui.utc) {
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: utc ? "UTC" : undefined }).format(new Date(ms));
}

export const clock = (ms) => inZone(ms, { hour: "2-digit", minute: "2-digit" });
export const clockSeconds = (ms, utc) => inZone(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, utc);

/** The same instant in both zones, for the tooltip. */
function bothZones(ms) {
  const day = inZone(ms, { day: "numeric", month: "long", year: "numeric" });
  return `${day}, ${clockSeconds(ms, false)} local, ${clockSeconds(ms, true)} UTC`;
}

export function timeElement(ms, text) {
  return el("time", { datetime: new Date(ms).toISOString(), title: bothZones(ms) }, text);
}

export function ago(ms) {
  const seconds = Math.max(0, Math.round((world.now - ms) / 1000));
  if (seconds < 60) return "just now";
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}

/** Slack's date tokens. */
const DATE_TOKENS = {
  date_num: (ms) => inZone(ms, { year: "numeric", month: "2-digit", day: "2-digit" }).split("/").reverse().join("-"),
  date: (ms) => inZone(ms, { day: "numeric", month: "long", year: "numeric" }),
  date_short: (ms) => inZone(ms, { day: "numeric", month: "short", year: "numeric" }),
  date_long: (ms) => inZone(ms, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  time: clock,
  time_secs: (ms) => clockSeconds(ms),
  ago: (ms) => ago(ms),
};

export function formatDate(ms, format) {
  return format.replace(/\{(\w+)\}/g, (whole, name) => {
    const token = name.replace(/_pretty$/, "");
    return Object.hasOwn(DATE_TOKENS, token) ? DATE_TOKENS[token](ms) : whole;
  });
}

export function wireZone() {
  $("zone-toggle").addEventListener("click", () => {
    ui.utc = !ui.utc;
    remember("utc", ui.utc ? "yes" : "no");
    $("zone-toggle").setAttribute("aria-pressed", String(ui.utc));
    if (world) redrawPage();
  });
  $("zone-toggle").setAttribute("aria-pressed", String(ui.utc));
}
