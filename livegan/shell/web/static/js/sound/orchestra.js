/**
 * The instruments: a recorded piano, and made samples for the other General MIDI families. Each is loaded
 * when the model first asks for it, and played by smplr's Sampler.
 */

import { Sampler } from '../../vendor/smplr.js';

const FAMILIES = [
  'piano', 'bells', 'organ', 'guitar', 'bass', 'strings', 'strings', 'brass', 'reed', 'pipe', 'lead', 'pad', 'pad',
  'plucks', 'plucks', 'plucks',
];
const RELEASE = { drums: 0.05, bass: 0.09, guitar: 0.16, plucks: 0.16, bells: 0.5, strings: 0.3, pad: 0.6, piano: 0.22, electric: 0.2 };
const LOUD = { piano: 1, drums: 0.85, bass: 0.75, guitar: 0.6, strings: 0.38, pad: 0.36, organ: 0.34, brass: 0.4, reed: 0.4, pipe: 0.45, lead: 0.3, bells: 0.5, plucks: 0.55, electric: 0.6 };
const LONGEST = 7;
const FADE = 1.2;
const TOP = 108;
const HATS = new Set([42, 44, 46]);

/** The recorded piano: every minor third from A0 to C8. */
const RECORDED = [];
for (let pitch = 21; pitch <= TOP; pitch += 3) {
  const name = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A'][pitch % 12];
  RECORDED.push({ pitch, url: `/samples/${encodeURIComponent(`${name}${Math.floor(pitch / 12) - 1}v10.ogg`)}` });
}

/** A preset of smplr's, with each sample played up to half way to its neighbours. */
function preset(name, parts) {
  const sorted = [...parts].sort((one, other) => one.pitch - other.pitch);
  const half = (place) => (place < 0 ? 0 : place >= sorted.length - 1 ? 127 : Math.floor((sorted[place].pitch + sorted[place + 1].pitch) / 2));
  const regions = sorted.map(({ pitch, from, to }, place) => ({
    sample: String(pitch),
    pitch,
    keyRange: name === 'drums' ? [pitch, pitch] : [place ? half(place - 1) + 1 : 0, half(place)],
    ...(to ? { loop: true, loopStart: from, loopEnd: to } : {}),
    ...(name === 'drums' && HATS.has(pitch) ? { group: 1, offBy: 1 } : {}),
  }));
  return { samples: { baseUrl: '', formats: [] }, groups: [{ regions }], defaults: { ampRelease: RELEASE[name] ?? 0.12 } };
}

/** The first seconds of a recording: whole ones of all strings would be 150 MB. */
function shortened(context, buffer) {
  const length = Math.min(buffer.length, Math.round(LONGEST * buffer.sampleRate));
  const kept = context.createBuffer(buffer.numberOfChannels, length, buffer.sampleRate);
  const fade = Math.min(length, Math.round(FADE * buffer.sampleRate));
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    const wave = buffer.getChannelData(channel).slice(0, length);
    for (let at = 0; at < fade; at += 1) wave[length - 1 - at] *= at / fade;
    kept.copyToChannel(wave, channel);
  }
  return kept;
}

export class Orchestra {
  /** @type {Map<string, {sampler: any, ready: Promise<void>}>} */
  #players = new Map();
  #workshop = null;
  /** @type {Map<string, (made: any[]) => void>} */
  #ordered = new Map();
  #count = 0;

  /**
   * @param {BaseAudioContext} context
   * @param {AudioNode} output
   * @param {(left: number) => void} [loading] how many instruments are still to come
   */
  constructor(context, output, loading = () => {}) {
    Object.assign(this, { context, output, loading });
    this.left = 0;
  }

  /** Who plays a track of this program. */
  name(track, program) {
    if (track.drums) return 'drums';
    return FAMILIES[(program ? program - 1 : track.program) >> 3] ?? 'piano';
  }

  /** The player of this name, made when it is asked for first. */
  player(name) {
    let player = this.#players.get(name);
    if (!player) {
      const gain = this.context.createGain();
      gain.gain.value = LOUD[name] ?? 0.5;
      gain.connect(this.output);
      const sampler = Sampler(this.context, { destination: gain, volume: 127, buffers: {} });
      player = { sampler, ready: sampler.ready };
      this.#players.set(name, player);
      this.loading((this.left += 1));
      player.ready = player.ready
        .then(() => (name === 'piano' ? this.#recorded(sampler) : this.#made(sampler, name)))
        .finally(() => this.loading((this.left -= 1)));
    }
    return player;
  }

  /** Play a note at these times of the context; returns what ends it at once. */
  play(name, { pitch, velocity, at, until }) {
    const { sampler } = this.player(name);
    this.#count += 1;
    const duration = name === 'drums' ? undefined : Math.max(0.02, until - at);
    return sampler.start({ note: pitch, velocity, time: at, duration, stopId: `n${this.#count}` });
  }

  stop() {
    for (const { sampler } of this.#players.values()) sampler.stop();
  }

  async #recorded(sampler) {
    const buffers = new Map();
    const load = async (parts) => {
      await Promise.all(parts.map(async ({ pitch, url }) => {
        const answer = await fetch(url);
        if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
        const buffer = await this.context.decodeAudioData(await answer.arrayBuffer());
        buffers.set(String(pitch), shortened(this.context, buffer));
      }));
      const there = RECORDED.filter(({ pitch }) => buffers.has(String(pitch)));
      await sampler.loadInstrument(preset('piano', there), new Map(buffers));
    };
    try { // every octave first: it plays within a moment, and better a moment later
      const first = RECORDED.filter(({ pitch }) => pitch % 12 === 0);
      await load(first);
      for (const key of [6, 3, 9]) await load(RECORDED.filter(({ pitch }) => pitch % 12 === key));
    } catch (error) { // no OGG here, or no samples: a piano of our own
      console.warn(`the recorded piano can't be played here (${error.message})`);
      await this.#made(sampler, 'electric');
    }
  }

  async #made(sampler, name) {
    this.#workshop ??= this.#open();
    const made = await new Promise((resolve) => {
      this.#ordered.set(name, resolve);
      this.#workshop.postMessage({ name, rate: this.context.sampleRate });
    });
    const buffers = new Map(made.map(({ pitch, wave }) => {
      const buffer = this.context.createBuffer(1, wave.length, this.context.sampleRate);
      buffer.copyToChannel(wave, 0);
      return [String(pitch), buffer];
    }));
    await sampler.loadInstrument(preset(name, made), buffers);
  }

  #open() {
    const workshop = new Worker(new URL('./workshop.js', import.meta.url), { type: 'module' });
    workshop.onmessage = ({ data: { name, made } }) => {
      this.#ordered.get(name)?.(made);
      this.#ordered.delete(name);
    };
    return workshop;
  }
}
