// Owns: the words on the demo as a whole: whether the bot is connected, whether the demo has stopped, the title.

import { $, setText } from "./dom.js";
import { isStopped } from "./server.js";
import { ui, world } from "./state.js";

export function renderBot() {
  const isConnected = world.bot.connected && !isStopped(); // What was known before the demo stopped is not known now.
  $("bot-status").dataset.state = isConnected ? "good" : "bad";
  setText($("bot-status"), `${world.bot.name} is ${isConnected ? "connected" : "not connected"}`);
  const words = `The bot ${world.bot.name} is not connected to this workspace. Commands are not answered until it is.`;
  const isQuiet = isConnected || isStopped(); // The banner speaks for a demo that has stopped.
  $("bot-notice").hidden = isQuiet;
  setText($("bot-notice"), isQuiet ? "" : words);
}

export function renderBanner() {
  const stopped = isStopped();
  $("banner").hidden = !stopped;
  setText(
    $("banner"),
    stopped ? "The demo has stopped. Start it again with “repoint demo”; this page then carries on by itself." : "",
  );
  document.body.classList.toggle("stopped", stopped);
  if (stopped) renderTitle(null);
}

/** `share` is the share of failures in words, or null when there is nothing to say about it. */
export function renderTitle(share) {
  const state = isStopped() ? "■ stopped" : share === null ? null : `${ui.failing ? "●" : "✓"} ${share} errors`;
  document.title = state ? `${state} – Repoint demo` : "Repoint demo";
}
