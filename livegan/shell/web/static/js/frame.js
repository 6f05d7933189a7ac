/**
 * One loop for all that is drawn: what changed asks once, and is drawn once, with the next frame.
 * In a background tab no frame comes, and nothing is drawn.
 */

/** @type {Set<(now: number) => void>} */
let asked = new Set();
let coming = false;

/** Draw this with the next frame, however often it is asked for. */
export function draw(what) {
  asked.add(what);
  if (coming) return;
  coming = true;
  requestAnimationFrame(run);
}

function run(now) {
  coming = false;
  const due = asked;
  asked = new Set();
  for (const what of due) what(now);
}

const still = matchMedia('(prefers-reduced-motion: reduce)');

/** Whether who looks has asked for as little motion as can be. */
export const calm = () => still.matches;
