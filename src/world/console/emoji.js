// Owns: the emoji: their short codes, the characters, and the few that are drawn here.

import { el, svg } from "./dom.js";

/** Short codes and what they stand for, in turn. */
const EMOJI = pairs(`
  ballot_box_with_check ☑️  heavy_multiplication_x ✖️  octagonal_sign 🛑  no_entry ⛔  no_entry_sign 🚫
  exclamation ❗  information_source ℹ️  arrow_left ⬅️  arrow_forward ▶️  rewind ⏪
  leftwards_arrow_with_hook ↩️  arrows_counterclockwise 🔄  double_vertical_bar ⏸️  stopwatch ⏱️  clock2 🕑
  alarm_clock ⏰  red_circle 🔴  large_green_circle 🟢  large_yellow_circle 🟡  large_blue_circle 🔵
  black_circle ⚫  black_large_square ⬛  white_medium_square ◻️  radio_button 🔘  pushpin 📌  round_pushpin 📍
  link 🔗  mag 🔍  eyes 👀  bell 🔔  no_bell 🔕  snowflake ❄️  ice_cube 🧊  fire 🔥  tada 🎉  rocket 🚀  package 📦
  memo 📝  wrench 🔧  hammer_and_wrench 🛠️  shield 🛡️  bulb 💡  speech_balloon 💬  mega 📣  loudspeaker 📢
  chart_with_upwards_trend 📈  chart_with_downwards_trend 📉  bar_chart 📊  robot_face 🤖
  triangular_flag_on_post 🚩  checkered_flag 🏁  key 🔑  hash #️⃣  one 1️⃣  two 2️⃣  three 3️⃣  four 4️⃣
  five 5️⃣  six 6️⃣  seven 7️⃣  +1 👍  thumbsup 👍  -1 👎  wave 👋  point_right 👉
`);

function pairs(table) {
  const words = table.trim().split(/\s+/);
  return new Map(words.flatMap((word, index) => (index % 2 ? [] : [[word, words[index + 1]]])));
}

/**
 * The marks that carry a state are drawn here: a machine without an emoji font would show empty boxes for just the
 * signs that matter. Each is a tone and a path in a 16 × 16 box.
 */
const DRAWN = {
  white_check_mark: [
    "good",
    "M4.2 2h7.6A2.2 2.2 0 0 1 14 4.2v7.6a2.2 2.2 0 0 1-2.2 2.2H4.2A2.2 2.2 0 0 1 2 11.8V4.2A2.2 2.2 0 0 1 4.2 2ZM5 8.2l2.1 2.1L11 5.9",
  ],
  heavy_check_mark: ["good", "m3 8.5 3.4 3.3L13 4.8"],
  x: ["bad", "m3.5 3.5 9 9m0-9-9 9"],
  warning: ["bad", "M8 2 1.8 13.5h12.4ZM8 6.5v3.2m0 1.9v.1"],
  rotating_light: ["bad", "M3 13.5h10M4.5 13.5V9a3.5 3.5 0 0 1 7 0v4.5M8 3V1.5m4.2 3 1-1m-9.4 1-1-1"],
  question: [
    "quiet",
    "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM6.3 6.4a1.8 1.8 0 1 1 2.4 1.8c-.5.2-.7.5-.7 1.1m0 2v.1",
  ],
  grey_question: [
    "quiet",
    "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM6.3 6.4a1.8 1.8 0 1 1 2.4 1.8c-.5.2-.7.5-.7 1.1m0 2v.1",
  ],
  white_circle: ["quiet", "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z"],
  white_large_square: [
    "quiet",
    "M4.2 2h7.6A2.2 2.2 0 0 1 14 4.2v7.6a2.2 2.2 0 0 1-2.2 2.2H4.2A2.2 2.2 0 0 1 2 11.8V4.2A2.2 2.2 0 0 1 4.2 2Z",
  ],
  hourglass_flowing_sand: ["accent", "M4 2h8M4 14h8M5 2v2.4L8 8l3-3.6V2M5 14v-2.4L8 8l3 3.6V14"],
  hourglass: ["accent", "M4 2h8M4 14h8M5 2v2.4L8 8l3-3.6V2M5 14v-2.4L8 8l3 3.6V14"],
  arrow_right: ["quiet", "M2.5 8h11M9.5 4l4 4-4 4"],
  lock: ["quiet", "M3.5 7.5h9v6h-9ZM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5"],
  unlock: ["quiet", "M3.5 7.5h9v6h-9ZM5.5 7.5V5a2.5 2.5 0 0 1 4.9-.7"],
};

/** The same marks as characters, which is how a sender may write them as well. */
const DRAWN_CHARACTERS = pairs(`
  ✅ white_check_mark  ✔ heavy_check_mark  ❌ x  ⚠ warning  ❓ question  ❔ grey_question
  ⬜ white_large_square  ⚪ white_circle  ⏳ hourglass_flowing_sand  ⌛ hourglass
`);

const isDrawn = (name) => Object.hasOwn(DRAWN, name);
export const isEmoji = (name) => isDrawn(name) || EMOJI.has(name);
export const drawnName = (character) => DRAWN_CHARACTERS.get(character);
export const drawnCharacters = () => [...DRAWN_CHARACTERS.keys()];

export function emojiNode(name) {
  const facts = { role: "img", "aria-label": name.replaceAll("_", " ") };
  if (!isDrawn(name)) return el("span", { class: "emoji", ...facts }, EMOJI.get(name));
  const [tone, path] = DRAWN[name];
  return svg("svg", { class: `drawn drawn-${tone}`, viewBox: "0 0 16 16", ...facts }, svg("path", { d: path }));
}
