/** The daemon's table of controls, as this page needs it. */

/**
 * @typedef {{name: string, kind: 'float'|'int'|'bool'|'text', low: number|null, high: number|null,
 *   choices: string[], unit: string, optional: boolean, many: boolean}} Argument
 * @typedef {{name: string, address: string, part: string, help: string, arguments: Argument[],
 *   index: null|{name: string, low: number|null, high: number|null}, trigger: boolean,
 *   default: any[]|null, readable: boolean}} Row
 */

const UNITS = {
  semitones: 'st', octaves: 'oct', 'quarter notes a minute': 'bpm', 'standard deviations': 'σ',
};
const PITCH = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B'];
const SHARES = new Set(['share', 'probability', 'x', 'y', 'z', 'far']);

export class Table {
  /** @param {Row[]} rows */
  constructor(rows) {
    this.rows = rows;
    this.byName = new Map(rows.map((row) => [row.name, row]));
  }

  /** @param {string} name */
  row(name) {
    return this.byName.get(name);
  }

  has(name) {
    return this.byName.has(name);
  }

  part(part) {
    return this.rows.filter((row) => row.part === part);
  }
}

/** A row's address, with its number in it if it has one. */
export const at = (row, place) => row.address.replace(/\{\w+\}/, String(place));

/** Where a row's name would puzzle. */
const NAMES = {
  countin: 'Count-in', fit: 'Others are', if_hung: 'If it hangs', keyed: 'Transposed by', metronome_channel: 'Click channel',
  midi_feedback: 'MIDI feedback', sync: 'Time from', sync_lost: 'If time is lost', voices: 'Most voices', chance: 'Probability',
  accent: 'Accents', listen: 'Listen', keyboard: 'Keys are', ramp: 'Ramp tempo',
};

/** What a control is called on the page. */
export const called = (row) => {
  if (NAMES[row.name]) return NAMES[row.name];
  const name = row.name.replace(/_/g, ' ');
  return name[0].toUpperCase() + name.slice(1);
};

export const pitchName = (pitch) => `${PITCH[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

/**
 * A value in its unit, as short as can be read.
 * @param {Argument} argument
 * @param {any} value
 * @param {Row} [row]
 */
export function shown(argument, value, row) {
  if (value === undefined) return '';
  if (typeof value !== 'number') return String(value);
  if (row?.name === 'pitch_range') return pitchName(value);
  if (row?.name === 'voices' && value === 0) return 'no limit';
  if (SHARES.has(argument.name) && argument.high === 1) return `${Math.round(value * 100)} %`;
  if (argument.name === 'times') return `×${value.toFixed(2)}`;
  const unit = UNITS[argument.unit] ?? argument.unit;
  const signed = argument.low < 0 && value > 0 ? '+' : '';
  const digits = argument.kind === 'int' ? 0 : argument.unit === 'ms' || argument.high > 50 ? 1 : 2;
  const number = (value < 0 ? '−' : signed) + Math.abs(value).toFixed(digits);
  return unit ? `${number} ${value === 1 ? unit.replace(/s$/, '') : unit}` : number;
}
