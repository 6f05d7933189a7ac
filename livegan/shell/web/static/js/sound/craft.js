/**
 * Samples made by arithmetic, for all that was not recorded. Pure: numbers in, Float32Array out.
 *
 * Plucked strings are Karplus-Strong's (Computer Music Journal 7/2, 1983); what is held is Paul Nasca's
 * PADsynth: harmonics blurred over a whole spectrum, turned into a wave that goes round without a seam.
 */

const TAU = 2 * Math.PI;
const hertz = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

/** Noise that is the same every time. */
function* noise(seed) {
  let state = seed >>> 0 || 1;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2147483648 - 1;
  }
}

/** To the same loudness, with an end that does not click. */
function finished(wave, peak = 0.8, fade = 600) {
  const most = wave.reduce((so, value) => Math.max(so, Math.abs(value)), 1e-9);
  for (let at = 0; at < wave.length; at += 1) {
    const end = Math.min(1, (wave.length - 1 - at) / fade);
    wave[at] *= (peak / most) * end;
  }
  return wave;
}

/** A plucked string: noise in a loop that loses its brightness. */
export function plucked(pitch, rate, { seconds = 3, bright = 0.5, rings = 0.996, seed = 7 } = {}) {
  const period = rate / hertz(pitch);
  const whole = Math.floor(period - 0.5);
  const rest = period - 0.5 - whole;
  const line = new Float32Array(whole + 1);
  const random = noise(seed + pitch);
  let soft = 0;
  for (let at = 0; at < line.length; at += 1) {
    soft += bright * (random.next().value - soft);
    line[at] = soft;
  }
  const wave = new Float32Array(Math.round(seconds * rate));
  const loss = rings ** (110 / hertz(pitch) + 0.6);
  let before = 0;
  for (let at = 0; at < wave.length; at += 1) {
    const here = at % line.length;
    const next = line[(here + 1) % line.length];
    const value = line[here] * (1 - rest) + next * rest;
    wave[at] = value;
    line[here] = loss * 0.5 * (value + before);
    before = value;
  }
  return finished(wave);
}

/** Partials that fade, each at its own pace: [times the pitch, loudness, seconds to a third]. */
export function struck(pitch, rate, partials, seconds = 2.5, click = 0) {
  const wave = new Float32Array(Math.round(seconds * rate));
  for (const [times, loud, long] of partials) {
    const turn = (TAU * hertz(pitch) * times) / rate;
    if (turn > Math.PI * 0.9) continue;
    const twice = 2 * Math.cos(turn);
    const fade = Math.exp(-1 / (long * rate));
    let one = 0;
    let two = -Math.sin(turn);
    let level = loud;
    for (let at = 0; at < wave.length; at += 1) {
      wave[at] += level * one;
      [one, two] = [twice * one - two, one];
      level *= fade;
    }
  }
  const random = noise(pitch);
  for (let at = 0; at < rate * 0.004; at += 1) wave[at] += click * random.next().value * (1 - at / (rate * 0.004));
  return finished(wave);
}

/** In place: an inverse Fourier transform of a power of two. */
function backward(real, imaginary) {
  const size = real.length;
  for (let at = 1, to = 0; at < size; at += 1) {
    let bit = size >> 1;
    for (; to & bit; bit >>= 1) to ^= bit;
    to ^= bit;
    if (at < to) {
      [real[at], real[to]] = [real[to], real[at]];
      [imaginary[at], imaginary[to]] = [imaginary[to], imaginary[at]];
    }
  }
  for (let half = 1; half < size; half *= 2) {
    for (let place = 0; place < half; place += 1) {
      const angle = (Math.PI * place) / half;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      for (let at = place; at < size; at += 2 * half) {
        const to = at + half;
        const re = real[to] * cosine - imaginary[to] * sine;
        const im = real[to] * sine + imaginary[to] * cosine;
        real[to] = real[at] - re;
        imaginary[to] = imaginary[at] - im;
        real[at] += re;
        imaginary[at] += im;
      }
    }
  }
}

/**
 * A sound that is held: its attack, then a wave that goes round for ever.
 * @returns {{wave: Float32Array, from: number, to: number}} seconds between which it goes round
 */
export function held(pitch, rate, { harmonics, blur = 25, attack = 0.08, size = 65536 }) {
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  const random = noise(pitch * 31);
  const base = hertz(pitch);
  harmonics.forEach((loud, place) => {
    const frequency = base * (place + 1);
    if (!loud || frequency > rate * 0.45) return;
    const wide = Math.max(0.35, ((2 ** (blur / 1200) - 1) * frequency * size) / rate);
    const middle = (frequency * size) / rate;
    for (let bin = Math.max(1, Math.floor(middle - 3 * wide)); bin <= Math.min(size / 2 - 1, middle + 3 * wide); bin += 1) {
      const level = (loud / Math.sqrt(wide)) * Math.exp(-(((bin - middle) / wide) ** 2));
      const phase = random.next().value * Math.PI;
      real[bin] += level * Math.cos(phase);
      imaginary[bin] += level * Math.sin(phase);
    }
  });
  backward(real, imaginary);
  const most = real.reduce((so, value) => Math.max(so, Math.abs(value)), 1e-9);
  const begin = Math.round(attack * rate);
  const wave = new Float32Array(begin + size);
  for (let at = 0; at < wave.length; at += 1) {
    const rise = at < begin ? Math.sin((Math.PI / 2) * (at / begin)) ** 2 : 1;
    wave[at] = (0.6 / most) * rise * real[(at - begin + size * 2) % size];
  }
  return { wave, from: begin / rate, to: (begin + size) / rate };
}

/** A bass: a string's harmonics, the high ones gone soon. */
export function bass(pitch, rate, warm = 1) {
  const partials = Array.from({ length: 14 }, (_, place) => [place + 1, 1 / (place + 1) ** 1.1, 1.6 / (1 + place * 1.3 * warm)]);
  return struck(pitch, rate, partials, 3, 0.25);
}

/** A drum, by its General MIDI note. */
export function drum(note, rate) {
  const shape = KIT[note] ?? KIT[37];
  return finished(shape(rate, noise(note * 97)), 0.9, 200);
}

const made = (rate, seconds, value) => Float32Array.from({ length: Math.round(rate * seconds) }, (_, at) => value(at / rate));

/** A skin: a tone that falls, and what hits it. */
function skin(rate, random, { from, to, fall, long, hit = 0.2 }) {
  let phase = 0;
  return made(rate, long * 5, (time) => {
    phase += (TAU * (to + (from - to) * Math.exp(-time / fall))) / rate;
    return Math.sin(phase) * Math.exp(-time / long) + hit * random.next().value * Math.exp(-time / 0.006);
  });
}

/** Noise with its low end cut, and a tone under it. */
function hiss(rate, random, { long, low = 0, tone = 0, cut = 0.5, rattles = [0] }) {
  let slow = 0;
  return made(rate, long * 5, (time) => {
    const raw = random.next().value;
    slow += cut * (raw - slow);
    const burst = rattles.reduce((so, begin) => so + (time < begin ? 0 : Math.exp(-(time - begin) / (begin === rattles.at(-1) ? long : 0.008))), 0);
    return (raw - slow) * burst + low * Math.sin(TAU * tone * time) * Math.exp(-time / 0.06);
  });
}

/** Metal: squares that fit no scale, under noise. */
function metal(rate, random, { long, noisy = 0.6, base = 320 }) {
  const tones = [1, 1.342, 1.2312, 1.6532, 1.9523, 2.1523].map((times) => base * times * 8);
  let slow = 0;
  return made(rate, long * 4.5, (time) => {
    const ring = tones.reduce((so, tone) => so + Math.sign(Math.sin(TAU * tone * time)), 0) / tones.length;
    const raw = ring * (1 - noisy) + random.next().value * noisy;
    slow += 0.55 * (raw - slow);
    return (raw - slow) * Math.exp(-time / long);
  });
}

const kick = (rate, random) => skin(rate, random, { from: 170, to: 48, fall: 0.028, long: 0.13, hit: 0.25 });
const snare = (rate, random) => hiss(rate, random, { long: 0.09, low: 0.9, tone: 190, cut: 0.25 });
const clap = (rate, random) => hiss(rate, random, { long: 0.07, cut: 0.35, rattles: [0, 0.011, 0.022] });
const closed = (rate, random) => metal(rate, random, { long: 0.035 });
const open = (rate, random) => metal(rate, random, { long: 0.2 });
const crash = (rate, random) => metal(rate, random, { long: 0.55, noisy: 0.8, base: 280 });
const ride = (rate, random) => metal(rate, random, { long: 0.35, noisy: 0.25, base: 410 });
const wood = (tone) => (rate, random) => skin(rate, random, { from: tone, to: tone, fall: 1, long: 0.025, hit: 0.15 });
const tom = (to) => (rate, random) => skin(rate, random, { from: to * 1.7, to, fall: 0.05, long: 0.14, hit: 0.15 });

/** @type {Record<number, (rate: number, random: Generator<number>) => Float32Array>} */
export const KIT = {
  35: kick, 36: kick, 37: wood(820), 38: snare, 39: clap, 40: snare, 41: tom(75), 42: closed, 43: tom(90), 44: closed,
  45: tom(110), 46: open, 47: tom(130), 48: tom(155), 49: crash, 50: tom(180), 51: ride, 52: crash, 53: ride,
  54: open, 55: crash, 56: wood(560), 57: crash, 59: ride, 60: tom(260), 61: tom(200), 62: tom(280), 63: tom(240),
  64: tom(180), 69: closed, 70: closed, 75: wood(1900), 76: wood(1500), 77: wood(1050), 80: closed, 81: open,
};

const series = (count, loud) => Array.from({ length: count }, (_, place) => loud(place + 1));
const range = (low, high, every) => Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, place) => low + place * every);

/** By name: at which pitches, and how one is made there. */
const SOUNDS = {
  electric: [range(30, 96, 6), (pitch, rate) => ({ wave: struck(pitch, rate, [[1, 1, 0.9], [2, 0.25, 0.5], [3, 0.18, 0.25], [7, 0.08, 0.06], [14, 0.05, 0.03]], 2.6, 0.05) })],
  bells: [range(48, 96, 8), (pitch, rate) => ({ wave: struck(pitch, rate, [[1, 1, 0.8], [4, 0.35, 0.25], [10, 0.12, 0.08]], 2.4, 0.05) })],
  organ: [range(36, 90, 9), (pitch, rate) => held(pitch, rate, { harmonics: [0.8, 1, 0.5, 0.6, 0, 0.25, 0, 0.3], blur: 4, attack: 0.015 })],
  guitar: [range(38, 86, 4), (pitch, rate) => ({ wave: plucked(pitch, rate, { bright: 0.55, rings: 0.995 }) })],
  bass: [range(24, 60, 4), (pitch, rate) => ({ wave: bass(pitch, rate) })],
  strings: [range(36, 92, 8), (pitch, rate) => held(pitch, rate, { harmonics: series(40, (n) => 1 / n ** 1.25), blur: 34, attack: 0.11 })],
  brass: [range(36, 84, 8), (pitch, rate) => held(pitch, rate, { harmonics: series(24, (n) => (n < 6 ? 1 : 6 / n) / n ** 0.9), blur: 12, attack: 0.045 })],
  reed: [range(40, 88, 8), (pitch, rate) => held(pitch, rate, { harmonics: series(20, (n) => (n % 2 ? 1 : 0.25) / n), blur: 8, attack: 0.04 })],
  pipe: [range(48, 96, 8), (pitch, rate) => held(pitch, rate, { harmonics: [1, 0.22, 0.12, 0.04, 0.02], blur: 14, attack: 0.06 })],
  lead: [range(36, 92, 8), (pitch, rate) => held(pitch, rate, { harmonics: series(32, (n) => 1 / n), blur: 9, attack: 0.01 })],
  pad: [range(36, 88, 8), (pitch, rate) => held(pitch, rate, { harmonics: series(28, (n) => 1 / n ** 1.6), blur: 55, attack: 0.3 })],
  plucks: [range(42, 92, 5), (pitch, rate) => ({ wave: plucked(pitch, rate, { seconds: 2, bright: 0.85, rings: 0.99 }) })],
  drums: [Object.keys(KIT).map(Number), (note, rate) => ({ wave: drum(note, rate) })],
};

/** All the samples of a sound: by pitch a wave, and where it goes round, if it does. */
export function samples(name, rate) {
  const [pitches, make] = SOUNDS[name];
  return pitches.map((pitch) => ({ pitch, ...make(pitch, rate) }));
}
