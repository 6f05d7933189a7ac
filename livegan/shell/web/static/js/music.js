/**
 * The notes that were played and those that are planned, in steps since bar 0. A revision replaces the
 * plan of its bar; what it took away is kept for a moment, to be seen going.
 */

import { STEPS_PER_BAR } from './clock.js';

const KEPT_BARS = 10;

/**
 * @typedef {{start: number, end: number, pitch: number, velocity: number, track: number,
 *   born: number, gone: number}} Seen
 */

/** @returns {Seen} of [start, length, pitch, velocity, channel, offset, track from 0], from this step on */
function seen([start, length, pitch, velocity, , offset = 0, place = 0], from = 0) {
  const at = from + start + offset;
  return { start: at, end: at + Math.max(1, length), pitch, velocity, track: place + 1, born: 0, gone: 0 };
}

const key = (note) => `${Math.round(note.start * 4)} ${note.pitch} ${note.track}`;

export class Music {
  /** @type {Map<number, {revision: number, notes: Seen[]}>} by bar */
  #plans = new Map();
  /** @type {Seen[]} in the order of their ends */
  #past = [];
  /** @type {Seen[]} what a revision took away */
  ghosts = [];
  /** Counts up with every change. */
  changes = 0;

  plan({ bar, revision, notes }, here = null) {
    const before = this.#plans.get(bar);
    if (before && before.revision > revision) return;
    const now = performance.now();
    const fresh = notes.map((note) => seen(note, bar * STEPS_PER_BAR));
    if (before) {
      const stay = new Map(before.notes.map((note) => [key(note), note]));
      for (const note of fresh) {
        const known = stay.get(key(note));
        note.born = known ? known.born : now;
        stay.delete(key(note));
      }
      for (const note of stay.values()) {
        if (here === null || note.start > here) this.ghosts.push({ ...note, gone: now });
        else fresh.push(note); // it sounds already
      }
    }
    this.#plans.set(bar, { revision, notes: fresh });
    for (const old of this.#plans.keys()) if (old < bar - KEPT_BARS || old > bar + 1) this.#plans.delete(old);
    this.changes += 1;
  }

  played(notes) {
    const came = notes.map((note) => seen(note));
    this.#past.push(...came);
    const last = came.reduce((most, note) => Math.max(most, note.end), 0);
    const first = last - KEPT_BARS * STEPS_PER_BAR;
    this.#past = this.#past.filter((note) => note.end > first && note.start <= last + STEPS_PER_BAR);
    this.changes += 1;
  }

  /** What to draw at this step: what was played, then the plan from the bar before the present one on. */
  *notes(here) {
    const bar = Math.floor(here / STEPS_PER_BAR);
    const told = new Set();
    const line = (bar - 1) * STEPS_PER_BAR;
    for (const note of this.#past) {
      if (note.start >= line) told.add(`${Math.round(note.start)} ${note.pitch} ${note.track}`);
      yield note;
    }
    for (const [number, { notes }] of this.#plans) {
      if (number < bar - 1) continue;
      for (const note of notes) {
        if (!told.has(`${Math.round(note.start)} ${note.pitch} ${note.track}`)) yield note;
      }
    }
  }

  /** The music begins, or was stopped: steps are counted anew, and what was planned for them stands. */
  begin() {
    this.#past = [];
    this.ghosts = [];
    this.changes += 1;
  }

  clear() {
    this.#plans.clear();
    this.#past = [];
    this.ghosts = [];
    this.changes += 1;
  }
}
