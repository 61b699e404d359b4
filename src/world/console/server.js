// Owns: the talk with the server: fetching the snapshot, the stream of changes, polling, and posting.

import { redrawPage } from "./redraw.js";
import { setWorld } from "./state.js";

const line = { busy: false, again: false, streaming: false, failures: 0, fetchedAt: 0 };

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Fetches the snapshot: one request at a time, at most about ten a second, and never loses the last change. */
async function refresh() {
  line.again = true;
  if (line.busy) return;
  line.busy = true;
  try {
    while (line.again) {
      line.again = false;
      await fetchState();
      await pause(100);
    }
  } finally {
    line.busy = false; // A mistake in drawing must not stop the next snapshot.
  }
}

async function fetchState() {
  try {
    const response = await fetch("/console/state", { cache: "no-store", signal: AbortSignal.timeout(8000) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    setWorld(tidy(await response.json()));
    line.failures = 0;
  } catch {
    line.failures += 1;
  }
  line.fetchedAt = performance.now();
  redrawPage();
}

/** Fills what may be missing while the demo starts, so that drawing needs no checks. */
function tidy(state) {
  return {
    ...state,
    users: state.users ?? [],
    channels: state.channels ?? [],
    messages: state.messages ?? {},
    modals: state.modals ?? {},
    commands: state.commands ?? [],
    bot: state.bot ?? { id: "", name: "repoint", connected: false },
    faces: state.faces ?? { slack: true, discord: false },
    discord: state.discord ?? null,
    code: state.code ?? null,
    pointer: state.pointer ? { ...state.pointer, deployments: state.pointer.deployments ?? [] } : null,
    shop: { url: state.shop?.url ?? "", buckets: state.shop?.buckets ?? [] },
  };
}

function listen() {
  const stream = new EventSource("/console/events");
  stream.addEventListener("open", () => {
    line.streaming = true;
    refresh();
  });
  stream.addEventListener("change", () => refresh());
  stream.addEventListener("error", () => {
    line.streaming = false;
    // The browser gives up for good after some errors; a fresh stream is then ours to open.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  });
}

/** Each second: poll when the stream is lost (more slowly once the demo is gone), and keep the chart moving. */
function heartbeat() {
  const age = performance.now() - line.fetchedAt;
  const patience = isStopped() ? 3000 : line.streaming ? 1900 : 900;
  if (age >= patience) refresh();
}

export const isStopped = () => line.failures >= 2;

/** Posts JSON and answers `{ok, error}` in every case, with words a person can read, and with whatever else came. */
export async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15000),
    });
    const answer = await response.json().catch(() => null);
    if (answer?.ok) return answer;
    return { ok: false, error: answer?.error ?? `The demo could not do that (HTTP ${response.status}).` };
  } catch {
    return { ok: false, error: "The demo does not answer. Is it still running?" };
  } finally {
    refresh();
  }
}

/** Starts all of it: the first snapshot, the stream of changes, and the polling beside it. */
export function connect() {
  refresh();
  listen();
  setInterval(heartbeat, 1000);
}
