// The face of the modelled chats: draws what GET /console/state says, and sends back what a person types and presses.
//
// Owns:        the order in which the page is drawn, and the wiring of it all at the start.
// Never:       decides anything about an incident, outlives its snapshot with knowledge of its own, or reads foreign
//              text as HTML. This holds for every module here.
// Look next:   state.js for what is known, server.js for how it comes, mrkdwn.js and
//              markdown.js for the only parsers, guild.js for how Discord is read.

import { markRead, renderChannels } from "./channels.js";
import { renderCode } from "./code.js";
import { wireCompletion } from "./completion.js";
import { wireComposer } from "./composer.js";
import { $ } from "./dom.js";
import { renderFaces, wireFaces } from "./faces.js";
import { renderForm, wireForm } from "./forms.js";
import { renderGuide, wireGuide } from "./guide.js";
import { renderLog, wireLog } from "./log.js";
import { wireTabs } from "./navigation.js";
import { renderPeople, wirePeople } from "./people.js";
import { placeMark, renderPointer } from "./pointer.js";
import { wireConfirm } from "./presses.js";
import { renderRate } from "./rate.js";
import { paintWith } from "./redraw.js";
import { connect } from "./server.js";
import { renderShop, wireShop } from "./shop.js";
import { channelById, ui, workChannel, world } from "./state.js";
import { renderBanner, renderBot } from "./status.js";
import { wireZone } from "./time.js";

function render() {
  renderBanner();
  if (!world) return;
  settleChoices();
  $("app").dataset.ready = "true";
  renderRate();
  renderPointer();
  renderCode();
  renderShop();
  renderFaces();
  markRead();
  renderBot();
  renderPeople();
  renderChannels();
  renderLog();
  renderGuide();
  renderForm();
}

/** Person and channel must exist in this world; after a restart of the demo they may be others. */
function settleChoices() {
  if (!world.users.some((user) => user.id === ui.user)) ui.user = world.users[0]?.id ?? null;
  if (!channelById(ui.channel)) ui.channel = workChannel()?.id ?? null;
}

function wire() {
  wireShop();
  wireCompletion();
  wireComposer();
  wireLog();
  wirePeople();
  wireZone();
  wireGuide();
  wireTabs();
  wireFaces();
  wireConfirm();
  wireForm();
  new ResizeObserver(() => world && (renderRate(), placeMark())).observe($("production"));
  document.addEventListener("visibilitychange", () => world && !document.hidden && render());
}

paintWith({ page: render, log: renderLog, guide: renderGuide });
wire();
connect();
