/**
 * Which notes to give to a synth by when: bars as they come, their revisions, their swing. What it was
 * given and has not begun is taken back where a revision wants it otherwise.
 */

import { STEPS_PER_BAR, STEPS_PER_BEAT, swung } from '../clock.js';

const QUANTA = { step: 1, beat: STEPS_PER_BEAT, bar: STEPS_PER_BAR };
const TOO_LATE = 60;
const SHORTEST = 20;

/**
 * @typedef {{at: number, until: number, pitch: number, velocity: number, channel: number, track: number}} Due
 *   times by `performance.now()`
 * @typedef {(note: Due) => (() => void)} Give gives a note, and returns what ends it or takes it back
 * @typedef {{step: number, key: string, note: any[]}} Waiting
 * @typedef {{at: number, until: number, step: number, end: () => void}} Given
 */

export class Schedule {
  /** @type {Map<number, {revision: number, notes: Waiting[]}>} by bar */
  #plans = new Map();
  /** @type {Map<string, Given>} by step, channel and pitch */
  #given = new Map();

  /**
   * @param {import('../clock.js').Clock} clock
   * @param {number} ahead how many ms before it sounds a note is given
   * @param {Give} give
   * @param {() => [number, number]} swing share and grid
   */
  constructor(clock, ahead, give, swing) {
    Object.assign(this, { clock, ahead, give, swing });
  }

  /** A bar to come, or a newer revision of one. Of the bar that plays the rest is replaced, from the
   * next step, beat or bar line on. */
  take({ bar, revision, notes, quantum }, now = performance.now()) {
    const known = this.#plans.get(bar);
    if (known && known.revision > revision) return;
    const line = bar * STEPS_PER_BAR;
    const here = this.clock.step(now);
    const inside = here === null ? -1 : here - line;
    const unit = QUANTA[quantum] ?? STEPS_PER_BAR;
    const cut = inside < 0 ? 0 : Math.ceil((Math.floor(inside) + 1) / unit) * unit;
    const fresh = notes.filter((note) => note[0] >= cut || !known).map((note) => waiting(note, line));
    const kept = known ? known.notes.filter(({ step }) => step < line + cut) : [];
    const all = [...kept, ...fresh];
    const wanted = new Set(all.map(({ key }) => key));
    for (const [key, given] of this.#given) {
      const replaced = given.step >= line + cut && given.step < line + STEPS_PER_BAR;
      if (replaced && given.at > now && !wanted.has(key)) {
        given.end();
        this.#given.delete(key);
      }
    }
    this.#plans.set(bar, { revision, notes: all });
    for (const other of this.#plans.keys()) if (other < bar - 2 || other > bar + 1) this.#plans.delete(other);
  }

  /** Give what falls due soon. */
  tick(now = performance.now()) {
    if (!this.clock.grid || !this.clock.knows) return;
    const [share, grid] = this.swing();
    const until = now + this.ahead;
    for (const { notes } of this.#plans.values()) {
      for (const { step, key, note } of notes) {
        if (this.#given.has(key)) continue;
        const [, length, pitch, velocity, channel, offset = 0, place = 0] = note;
        const at = this.clock.when(swung(step + offset, share, grid));
        if (at > until || at < now - TOO_LATE) continue;
        const end = this.clock.when(swung(step + offset + length, share, grid));
        const due = { at: Math.max(at, now), until: Math.max(end, at + SHORTEST), pitch, velocity, channel, track: place + 1 };
        this.#given.set(key, { at: due.at, until: due.until, step, end: this.give(due) });
      }
    }
    for (const [key, given] of this.#given) if (given.until < now - 4000) this.#given.delete(key);
  }

  /** Another daemon, or the same one begun anew: it counts its revisions from the start. */
  forget() {
    this.silence();
    this.#plans.clear();
  }

  /** End what sounds, and take back what waits. */
  silence() {
    for (const { end } of this.#given.values()) end();
    this.#given.clear();
  }
}

/** @returns {Waiting} */
function waiting(note, line) {
  const step = line + note[0];
  return { step, key: `${step} ${note[4]} ${note[2]}`, note };
}
