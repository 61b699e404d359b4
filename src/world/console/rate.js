// Owns: the error rate: its figures, the verdict on them, and the panel's words.

import { drawChart } from "./chart.js";
import { $, setState, setText } from "./dom.js";
import { ui, world } from "./state.js";
import { renderTitle } from "./status.js";

const WINDOW_MS = 5_000;

/**
 * The share of failures in the seconds up to each bucket. One second holds too few requests to be read alone; the first
 * ones, which have too few before them, take the first full share.
 */
function rates() {
  const buckets = world.shop.buckets;
  const firstFull = buckets.findIndex((bucket) => bucket.at - buckets[0].at >= WINDOW_MS - 1000);
  return buckets.map((bucket, index) => {
    let requests = 0;
    let failures = 0;
    const end = Math.max(index, firstFull);
    for (let back = end; back >= 0 && buckets[end].at - buckets[back].at < WINDOW_MS; back--) {
      requests += buckets[back].requests;
      failures += buckets[back].failures;
    }
    return { at: bucket.at, rate: requests ? failures / requests : null };
  });
}

/** Failing at 5 % and above, well below 1 %; between the two the last clear verdict stands, so that nothing flickers. */
function verdict(rate) {
  if (rate === null) return null;
  if (rate >= 0.05) return true;
  return rate < 0.01 ? false : ui.failing;
}

/** When failures stopped, if they did within the span and have stayed away for some seconds of traffic. */
function recoveredAt() {
  const buckets = world.shop.buckets;
  const last = buckets.findLastIndex((bucket) => bucket.failures > 0);
  if (last < 0 || ui.failing !== false) return null;
  const clean = buckets.slice(last + 1).filter((bucket) => bucket.requests > 0);
  return clean.length >= 3 ? clean[0].at : null;
}

const percent = (rate) => `${rate > 0 && rate < 0.01 ? "<1" : Math.round(rate * 100)}%`;

export function renderRate() {
  const points = rates();
  const now = points.at(-1)?.rate ?? null;
  ui.failing = verdict(now);
  const state = ui.failing === null ? "unknown" : ui.failing ? "bad" : "good";
  setState($("health"), state, { bad: "Failing", good: "Healthy", unknown: "No traffic" }[state]);
  const share = now === null ? null : percent(now);
  setText($("rate-now"), share ?? "–");
  setText($("rate-words"), now === null ? "no requests to judge by" : "of requests answer 5xx");
  setText($("tab-rate"), share ?? "");
  $("tab-rate").dataset.state = state;
  $("rate-now").dataset.state = state;
  drawChart(points, share, recoveredAt());
  renderTitle(share);
}
