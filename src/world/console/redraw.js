// Owns: asking for a part of the page to be drawn anew. Whoever changes something need not know who draws it, which
//       keeps the imports free of circles.

const painters = { page: null, log: null, guide: null };

/** Tells who draws what. Called once, before anything is drawn. */
export function paintWith(chosen) {
  Object.assign(painters, chosen);
}

export const redrawPage = () => painters.page();
export const redrawLog = () => painters.log();
export const redrawGuide = () => painters.guide();
