// Owns: what is known here: the last snapshot as the chosen face sees it, what this page alone has chosen, and the look-ups
//       in both.

import { throughDiscord } from "./guild.js";

/** The last snapshot of the demo as the chosen face sees it, or null before the first one. */
export let world = null;

/** The last snapshot as it came. */
let latest = null;

/** Takes a fresh snapshot; only server.js does this. */
export function setWorld(snapshot) {
  latest = snapshot;
  wearFace();
}

/** Looks at the last snapshot with the chosen face, or with the only one that there is. */
export function wearFace() {
  if (!latest.faces[ui.face]) ui.face = latest.faces.slack ? "slack" : "discord";
  world = ui.face === "discord" ? throughDiscord(latest) : latest;
}

/** What this page alone knows and more than one module needs. Nothing here outlives the tab. */
export const ui = {
  face: remembered("face") === "discord" ? "discord" : "slack",
  user: remembered("user"),
  channel: null,
  utc: remembered("utc") === "yes",
  guide: remembered("guide") !== "hidden",
  problems: new Map(), // message key → why a press or reply failed
  failing: null, // last clear verdict on the error rate; see `verdict` in rate.js
  askedAt: -Infinity, // when the rollback command was sent from here
};

function remembered(name) {
  try {
    return sessionStorage.getItem(`repoint.${name}`);
  } catch {
    return null; // Storage may be switched off; the page works without.
  }
}

export function remember(name, value) {
  try {
    sessionStorage.setItem(`repoint.${name}`, value);
  } catch {
    // As above.
  }
}

export const personById = (id) =>
  world.users.find((user) => user.id === id) ?? (world.bot.id === id ? world.bot : null);
export const channelById = (id) => world.channels.find((channel) => channel.id === id) ?? null;
export const roleById = (id) => world.discord?.roles.find((role) => role.id === id) ?? null;
export const workChannel = () => world.channels.find((channel) => channel.name === "incidents") ?? world.channels[0];
export const liveDeployment = () => world.pointer?.deployments.find((deployment) => deployment.live) ?? null;

/** A command as it is typed here: a workspace may have it behind a prefix. */
export const commandNamed = (name) =>
  world.commands.find((command) => command.command.endsWith(name))?.command ?? `/${name}`;

export const messageKey = (channel, ts) => `${channel}/${ts}`;
export const isVisible = (message) => !message.ephemeral_for || message.ephemeral_for === ui.user;
