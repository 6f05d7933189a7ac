/**
 * Where the music is: the daemon's grid, on this page's clock. Times are ms; `performance.now()` here,
 * the daemon's own there.
 */

export const STEPS_PER_BEAT = 24;
export const STEPS_PER_BAR = 96;
const PINGS = 16;

/** @typedef {{ms: number, step: number, bpm: number, end_step: number, end_bpm: number, first_bar: number}} Grid */

const msPerStep = (bpm) => 60000 / (bpm * STEPS_PER_BEAT);

/** ms that so many steps of a grid's ramp take; the tempo goes evenly from step to step. */
function gliding(grid, steps) {
  const straight = steps * msPerStep(grid.bpm);
  if (grid.end_bpm === grid.bpm || steps === 0) return straight;
  const grown = ((grid.end_bpm / grid.bpm - 1) * steps) / (grid.end_step - grid.step);
  return grown ? (straight * Math.log1p(grown)) / grown : straight;
}

/** When a step falls due, in the daemon's ms. */
export function timeAt(grid, step) {
  if (step <= grid.step) return grid.ms + (step - grid.step) * msPerStep(grid.bpm);
  if (step < grid.end_step) return grid.ms + gliding(grid, step - grid.step);
  const end = grid.ms + gliding(grid, Math.max(0, grid.end_step - grid.step));
  return end + (step - Math.max(grid.step, grid.end_step)) * msPerStep(grid.end_bpm);
}

/** Where the music is; turns `timeAt` round. */
export function stepAt(grid, ms) {
  const straight = (ms - grid.ms) / msPerStep(grid.bpm);
  if (ms <= grid.ms) return grid.step + straight;
  const glide = grid.end_step - grid.step;
  if (glide > 0 && grid.end_bpm !== grid.bpm) {
    const end = grid.ms + gliding(grid, glide);
    if (ms < end) {
      const grown = ((grid.end_bpm / grid.bpm - 1) / glide) * straight;
      return grid.step + (grown ? (straight * Math.expm1(grown)) / grown : straight);
    }
    return grid.end_step + (ms - end) / msPerStep(grid.end_bpm);
  }
  return grid.step + straight;
}

/** Where a written step is heard: the second of each pair comes late (as core/swing.py does it). */
export function swung(step, share, grid) {
  if (!share) return step;
  const half = STEPS_PER_BAR / grid;
  const late = (share * half) / 2;
  const inside = ((step % (2 * half)) + 2 * half) % (2 * half);
  const pair = step - inside;
  if (inside < half) return pair + (inside * (half + late)) / half;
  return pair + half + late + ((inside - half) * (half - late)) / half;
}

export class Clock {
  /** @type {Grid|null} */
  grid = null;
  #pongs = [];
  /** The daemon's ms at `performance.now()` 0. */
  offset = 0;

  /** An answer to a ping: the one that was quickest knows best. */
  pong([sent, there], now = performance.now()) {
    const trip = now - sent;
    this.#pongs = [...this.#pongs, { trip, offset: there - (sent + now) / 2 }].slice(-PINGS);
    this.offset = this.#pongs.reduce((best, one) => (one.trip < best.trip ? one : best)).offset;
  }

  /** Another daemon has another clock. */
  forget() {
    this.#pongs = [];
    this.grid = null;
  }

  get knows() {
    return this.#pongs.length > 0;
  }

  /** The step that plays now, or null. */
  step(now = performance.now()) {
    return this.grid && this.knows ? stepAt(this.grid, now + this.offset) : null;
  }

  /** When a step falls due, by `performance.now()`. */
  when(step) {
    return timeAt(this.grid, step) - this.offset;
  }
}
