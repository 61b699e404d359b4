// Owns: what the guide says: of each phase one sentence on what is the case, and one on what is next. `step` is the
//       current step. What is next is a list of words and of buttons made by the guide's `make`.

import { liveDeployment, world } from "./state.js";

/** The whole way, as it stands under the guide's words. */
export const STEPS = ["Roll back", "Revert", "Checks", "Verify", "Promote", "Resolved"];

const WATCH_MS = 5 * 60_000;
const PROVING_MS = 60_000;

/** The words of a phase. `make` has the buttons: `fill` a command, `show` a label, `channel`, `skip` a wait. */
export function words(phase, make) {
  return (STORY[phase] ?? STORY.proven)(make);
}

/** What the words of a phase depend on besides the phase. */
export const wordsRestOn = () => [deployName(), minutesLeft(), openPull()?.number, world.channels];

const STORY = {
  broken: ({ fill, work }) => ({
    step: 0,
    lead: `Imagine it is 02:07. The newest deploy${deployName()} answers 500 on /checkout.`,
    next: ["Type ", fill("rollback"), ` in ${work}, press Enter, then press Confirm on the card.`],
  }),
  refused: ({ fill }) => ({
    step: 0,
    lead: "The bot said no, and why.",
    next: ["Read its answer below. A responder types ", fill("rollback"), " to begin."],
  }),
  again: ({ fill }) => ({
    step: 0,
    lead: "Production is still broken, and its card says why.",
    next: ["Type ", fill("rollback"), " to try again."],
  }),
  asked: () => ({ step: 0, lead: "The bot is reading the facts.", next: ["Its card comes in a moment."] }),
  card: ({ show }) => ({
    step: 0,
    lead: "The bot found the last deployment that served well.",
    next: ["Look at the target on the card, then press ", show("Confirm"), "."],
  }),
  trapped: ({ show }) => ({
    step: 0,
    lead: "A migration took away what the older version needs: one press is not enough.",
    next: ["Press ", show("Give a reason"), " and write why. Then somebody else presses Confirm."],
  }),
  moving: () => ({
    step: 0,
    lead: "Production is being pointed back.",
    next: ["Watch the error rate fall. No rebuild is needed."],
  }),
  proven: ({ fill, channel }) => ({
    step: 1,
    lead: "The shop answers again, and production is pinned. Main still holds the bad commit.",
    next: ["Read what ", channel(), " was told, then type ", fill("revert"), "."],
  }),
  without: ({ channel }) => ({
    step: 1,
    lead: "The shop answers again, and production is pinned. Without git there is no repository to mend here.",
    next: ["Read what ", channel(), " was told. With git installed the demo goes on to the end."],
  }),
  trying: () => ({
    step: 1,
    lead: "The bot tries the revert out in a copy of its own; nothing is sent.",
    next: ["Its card shows in a moment what would change."],
  }),
  planned: ({ show }) => ({
    step: 1,
    lead: "The revert was tried out, and the card shows what it would change. Nothing was sent yet.",
    next: ["Press ", show("Open revert"), "."],
  }),
  opening: () => ({
    step: 1,
    lead: "The bot asks GitHub for the pull request.",
    next: ["Its checks begin as soon as it is open."],
  }),
  conflict: () => ({
    step: 1,
    lead: "Somebody changed the same lines since, so the revert conflicts. Customers are safe meanwhile.",
    next: ["The card names the files and the branch that waits for a person, and what to type then."],
  }),
  gate: () => ({
    step: 2,
    lead: `The checks${ofPull()} run as for any other change; nobody goes around them.`,
    next: ["Watch them under Main branch. Merge appears on the card when all are green."],
  }),
  red: () => ({
    step: 2,
    lead: "A check is red, and the bot does not merge around it. Customers are safe meanwhile.",
    next: ["Read on the card which check it is, and who can help."],
  }),
  merge: ({ show }) => ({
    step: 2,
    lead: "Every check is green. The merge puts the fix on main, and production stays where it is.",
    next: ["Press ", show("Merge"), "."],
  }),
  building: () => ({
    step: 2,
    lead: "The fix is on its way to main; its production build follows.",
    next: ["There is nothing to press. The bot says when the build is ready."],
  }),
  ready: ({ fill }) => ({
    step: 3,
    lead: "Ready, not live: the fix is built, and customers do not see it because production is pinned.",
    next: ["Type ", fill("verify"), " to walk the shop's journeys on the build's own address."],
  }),
  verified: ({ fill }) => ({
    step: 4,
    lead: "The fix passed every journey on its own address. Customers still get the older version.",
    next: ["Type ", fill("promote"), ". It asks before anything moves."],
  }),
  promote: ({ show }) => ({
    step: 4,
    lead: "Confirm points production at the fix, and new deploys go live by themselves again.",
    next: ["Read what ships, then press ", show("Confirm"), "."],
  }),
  promoting: () => ({
    step: 4,
    lead: "Production is being pointed at the fix.",
    next: ["The bot looks at production itself before it says so."],
  }),
  watch: ({ skip }) => ({
    step: 5,
    lead: `Customers get the fix. The bot watches production for five minutes: ${minutesLeft()}.`,
    next: ["Wait, or ", skip("Skip to the end of the watch", WATCH_MS), "."],
  }),
  failing: ({ skip }) => ({
    step: 5,
    lead: "The fix passed on its own address, and answers 500 at the customers' one. The bot makes sure.",
    next: ["Then one press on the card brings the good version back. Wait, or ", skip("Skip a minute", PROVING_MS), "."],
  }),
  bad: ({ channel }) => ({
    step: 1,
    lead: "The shop answers again from the version before. The fix is marked bad, and production is pinned.",
    next: ["Read on the card how a better fix takes its place, and what ", channel(), " was told."],
  }),
  resolved: ({ channel }) => ({
    step: STEPS.length,
    lead: "Resolved: main is mended, the fix is live, and new deploys go live by themselves again.",
    next: ["Read the last post in ", channel(), ". Restart the demo to play it once more."],
  }),
  calm: () => ({
    step: 0,
    lead: "Production is healthy; nothing needs you.",
    next: ["Type / below to see what the bot can do."],
  }),
};

function deployName() {
  const message = liveDeployment()?.message;
  return message ? `, “${message}”,` : "";
}

function openPull() {
  const pull = world.code?.pull;
  return pull?.outcome === "open" ? pull : null;
}

const ofPull = () => (openPull() ? ` of #${openPull().number}` : "");

/** How long the watch goes on; it began when the fix was seen live. */
function minutesLeft() {
  const since = liveDeployment()?.promoted_at ?? world.now;
  const minutes = Math.ceil((since + WATCH_MS - world.now) / 60_000);
  return minutes > 1 ? `about ${minutes} minutes left` : "about a minute left";
}
