/** The same notes to a synth on the machine that shows the page, where the browser has Web MIDI. */

import { Schedule } from './schedule.js';

const AHEAD = 50;
const NOTE_OFF = 0x80;
const NOTE_ON = 0x90;
const CONTROL = 0xb0;
const PROGRAM = 0xc0;
const SILENCE = [123, 120];

export const midiOutputs = { possible: typeof navigator !== 'undefined' && 'requestMIDIAccess' in navigator };

export class MidiOut {
  chosen = '';
  #access = null;
  #output = null;
  #channels = new Set();

  constructor(app, swing) {
    this.app = app;
    this.schedule = new Schedule(app.clock, AHEAD, (note) => this.#give(note), swing);
  }

  /** Ask the browser; `fill` is told the outputs now and whenever they change. */
  async open(fill) {
    this.#access ??= await navigator.requestMIDIAccess();
    const tell = () => fill([...this.#access.outputs.values()]);
    this.#access.onstatechange = () => {
      if (this.#output?.state === 'disconnected') this.choose('');
      tell();
    };
    tell();
  }

  choose(id) {
    this.silence();
    this.#output = this.#access?.outputs.get(id) ?? null;
    this.chosen = this.#output ? id : '';
    if (!this.#output) return;
    for (const { program, drums, channel } of this.app.model.tracks) if (!drums) this.#output.send([PROGRAM | channel, program]);
    this.app.sound.keepTime();
  }

  tick() {
    if (this.#output) this.schedule.tick();
  }

  silence() {
    this.#output?.clear?.();
    this.schedule.silence();
    for (const channel of this.#channels) for (const control of SILENCE) this.#output?.send([CONTROL | channel, control, 0]);
    this.#channels.clear();
  }

  #give({ at, until, pitch, velocity, channel }) {
    const output = this.#output;
    this.#channels.add(channel);
    output.send([NOTE_ON | channel, pitch, velocity], at);
    output.send([NOTE_OFF | channel, pitch, 0], until);
    return () => {
      if (performance.now() < until) output.send([NOTE_OFF | channel, pitch, 0], Math.max(performance.now(), at + 1));
    };
  }
}
