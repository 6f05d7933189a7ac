/** Sound in the browser, on the daemon's grid: nothing of it is needed where a synth is connected. */

import { Orchestra } from './orchestra.js';
import { Schedule } from './schedule.js';
import { MidiOut } from './webmidi.js';

const AHEAD = 130;
const TICK = 25;
const DRIFT = 0.00005;
const MOST_LATENCY = 0.08;
const CLOSING = 0.006;
const ROOM_SECONDS = 1.1;
const ROOM = 0.16;

export class Sound extends EventTarget {
  /** @type {AudioContext|null} */
  context = null;
  on = false;
  #volume = 0.7;
  #gate = null;
  #open = true;
  #master = null;
  #lead = -Infinity;
  #ticker = null;

  constructor(app) {
    super();
    this.app = app;
    const swing = () => [app.store.get('/swing')[0] ?? 0, Number(app.store.get('/swing/grid')[0] ?? 16)];
    this.schedule = new Schedule(app.clock, AHEAD, (note) => this.#give(note), swing);
    this.midi = new MidiOut(app, swing);
    addEventListener('pagehide', () => this.silence());
    app.store.watch('#model', () => this.on && this.#prepare());
  }

  /** A bar came. */
  plan(plan) {
    this.schedule.take(plan);
    this.midi.schedule.take(plan);
    this.tick();
  }

  forget() {
    this.silence();
    this.schedule.forget();
    this.midi.schedule.forget();
  }

  tick() {
    if (this.context) this.#follow();
    if (this.on && this.context.state === 'running') this.schedule.tick();
    this.midi.tick();
  }

  /** By a gesture of the user's: browsers let no page sound before. */
  async turn(on) {
    this.on = on;
    if (on) {
      this.context ??= this.#build();
      await this.context.resume();
      this.#lead = -Infinity;
      this.#prepare();
      this.keepTime();
    } else this.silence();
    this.dispatchEvent(new Event('change'));
  }

  get volume() {
    return this.#volume;
  }

  set volume(value) {
    this.#volume = value;
    this.#master?.gain.setTargetAtTime(value ** 2, this.context.currentTime, 0.02);
  }

  /** End every note, now. */
  silence() {
    this.schedule.silence();
    this.midi.silence();
    if (!this.context) return;
    this.orchestra.stop();
    this.#gate.gain.cancelScheduledValues(0);
    this.#gate.gain.setTargetAtTime(0, this.context.currentTime, CLOSING);
    this.#open = false;
  }

  /** How loud it is now, by its analyser: 0 to 1. */
  level() {
    if (!this.context) return 0;
    const wave = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(wave);
    return Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
  }

  keepTime() {
    if (this.#ticker) return;
    this.#ticker = new Worker(new URL('./ticker.js', import.meta.url));
    this.#ticker.onmessage = () => this.tick();
    this.#ticker.postMessage(TICK);
  }

  #build() {
    const context = new AudioContext({ latencyHint: 'interactive' });
    const bus = context.createGain();
    const wet = context.createGain();
    wet.gain.value = ROOM;
    const room = context.createConvolver();
    room.buffer = roomOf(context);
    this.#master = context.createGain();
    this.#master.gain.value = this.#volume ** 2;
    const limiter = new DynamicsCompressorNode(context, { threshold: -8, knee: 4, ratio: 20, attack: 0.002, release: 0.12 });
    this.#gate = context.createGain();
    this.analyser = new AnalyserNode(context, { fftSize: 2048 });
    bus.connect(this.#master);
    bus.connect(room).connect(wet).connect(this.#master);
    this.#master.connect(limiter).connect(this.#gate).connect(this.analyser).connect(context.destination);
    this.orchestra = new Orchestra(context, bus, (left) => {
      this.loading = left > 0;
      this.dispatchEvent(new Event('change'));
    });
    return context;
  }

  /** Load what the model's tracks need. */
  #prepare() {
    this.app.model.tracks.forEach((track, place) => this.orchestra.player(this.#name(track, place + 1)));
  }

  #name(track, number) {
    return this.orchestra.name(track, this.app.store.get(`/track/${number}/program`)[0] ?? 0);
  }

  /** How far the context's clock is before the page's: it goes in jumps, and the latest of them knows. */
  #follow() {
    const lead = this.context.currentTime - performance.now() / 1000;
    this.#lead = Math.max(lead, this.#lead - DRIFT);
    if (lead < this.#lead - 0.1) this.#lead = lead; // it was suspended
  }

  /** @param {import('./schedule.js').Due} note */
  #give(note) {
    const track = this.app.model.tracks[note.track - 1] ?? this.app.model.tracks[0];
    const early = Math.min(MOST_LATENCY, this.context.outputLatency || 0);
    const soonest = this.context.currentTime;
    const at = Math.max(soonest, note.at / 1000 + this.#lead - early);
    const until = at + (note.until - note.at) / 1000;
    if (!this.#open) {
      this.#gate.gain.cancelScheduledValues(0);
      this.#gate.gain.setValueAtTime(1, soonest);
      this.#open = true;
    }
    const stop = this.orchestra.play(this.#name(track, note.track), { ...note, at, until });
    return () => stop(this.context.currentTime);
  }
}

/** A small room: noise that dies away, another to each ear. */
function roomOf(context) {
  const length = Math.round(ROOM_SECONDS * context.sampleRate);
  const buffer = context.createBuffer(2, length, context.sampleRate);
  for (let channel = 0; channel < 2; channel += 1) {
    const wave = buffer.getChannelData(channel);
    let soft = 0;
    for (let at = 0; at < length; at += 1) {
      const share = at / length;
      soft += (0.75 - 0.55 * share) * (Math.random() * 2 - 1 - soft);
      wave[at] = soft * (1 - share) ** 3 * Math.min(1, at / 200);
    }
  }
  return buffer;
}
