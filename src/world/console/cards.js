// Owns: what a message says to the guide, whichever chat it is in: its headlines, and the labels of its buttons.

export const headlines = (message) => (message.blocks ?? []).map(headline).filter(Boolean);

function headline(block) {
  if (block.type === "header") return block.text?.text;
  return block.type === "embed" ? block.embed.title : null;
}

export const labels = (message) => (message.blocks ?? []).flatMap(buttons).filter(Boolean);

function buttons(block) {
  if (block.type === "row") return (block.row.components ?? []).map((button) => button.label);
  const elements = [...(block.elements ?? []), block.accessory];
  return elements.filter((item) => item?.type === "button").map((item) => item.text?.text);
}
