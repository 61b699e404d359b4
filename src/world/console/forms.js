// Owns: the modals of both chats: the form that the person of this page has before them, and the sending and closing of it.

import { $, el, setText } from "./dom.js";
import { textNodes } from "./mrkdwn.js";
import { post } from "./server.js";
import { ui, world } from "./state.js";

/** The form that is drawn: whose it is, and which. */
let drawn = null;

const open = () => world?.modals[ui.user] ?? null;
const nameOf = (modal) => (modal ? `${ui.user}/${modal.id}` : null);

export function renderForm() {
  const modal = open();
  const dialog = $("modal");
  if (nameOf(modal) !== drawn) {
    drawn = nameOf(modal);
    if (dialog.open) dialog.close();
    if (modal) draw(modal);
  }
  if (modal) showProblems(modal);
}

function draw({ view }) {
  $("modal-title").replaceChildren(...textNodes(view.title));
  $("modal-submit").replaceChildren(...textNodes(view.submit ?? { type: "plain_text", text: "Submit" }));
  $("modal-close").replaceChildren(...textNodes(view.close ?? { type: "plain_text", text: "Cancel" }));
  $("modal-submit").disabled = false;
  const inputs = view.blocks.filter((block) => block.type === "input");
  $("modal-fields").replaceChildren(...inputs.map(field));
  $("modal").showModal();
  $("modal-fields").querySelector("input, textarea")?.focus();
}

/** One question: a label, what to type, a hint, and room for what is wrong with the answer. */
function field(block) {
  const [id, hintId, problemId] = ["input", "hint", "problem"].map((part) => `modal-${part}-${block.block_id}`);
  const { element } = block;
  const input = el(element.multiline ? "textarea" : "input", {
    id,
    name: block.block_id,
    autocomplete: "off",
    maxlength: element.max_length,
    placeholder: element.placeholder?.text,
    "aria-describedby": `${hintId} ${problemId}`,
    "aria-required": block.optional ? "false" : "true",
  });
  input.value = element.initial_value ?? "";
  return el(
    "div",
    { class: "field", dataset: { block: block.block_id } },
    el("label", { for: id }, textNodes(block.label)),
    input,
    el("p", { class: "field-hint", id: hintId }, block.hint ? textNodes(block.hint) : []),
    el("p", { class: "problem", id: problemId, role: "alert" }),
  );
}

/** What the bot finds wrong stands beside its field; what went wrong on the way, below them all. */
function showProblems(modal) {
  for (const node of $("modal-fields").children) {
    const words = modal.errors[node.dataset.block] ?? "";
    setText(node.lastElementChild, words);
    node.querySelector("input, textarea").setAttribute("aria-invalid", words ? "true" : "false");
  }
  if (modal.trouble) setText($("modal-problem"), modal.trouble);
}

async function send() {
  const modal = open();
  if (!modal || $("modal-submit").disabled) return;
  $("modal-submit").disabled = true;
  setText($("modal-problem"), "");
  const values = Object.fromEntries(new FormData($("modal-form")));
  const answer = await post(modal.send_to ?? "/console/form", { user: ui.user, form: modal.id, values });
  $("modal-submit").disabled = false;
  if (!answer.ok) setText($("modal-problem"), answer.error);
}

function close() {
  const modal = open();
  if (modal) post(modal.close_at ?? "/console/form/close", { user: ui.user, form: modal.id });
}

export function wireForm() {
  $("modal-form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  $("modal-close").addEventListener("click", close);
  // Escape: the server closes the form, and the page follows what it says.
  $("modal").addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
}
