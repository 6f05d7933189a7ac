/** Knobs and faders: a number in a range. */

import { el, svg, write } from '../dom.js';
import { draw } from '../frame.js';
import { turn } from './turning.js';

const SWEEP = 270;
const RADIUS = 20;
const ROUND = 2 * Math.PI * RADIUS;
const ARC = (ROUND * SWEEP) / 360;

/** Where a value lies in its range, 0 to 1. */
const shareOf = (value, { low, high }) => (value - low) / (high - low);

/**
 * What a dial and a fader need of one number of a control.
 * @param {import('./binding.js').Binding} binding
 * @param {number} which of its values
 */
function number(binding, which) {
  const argument = binding.arguments[which];
  const whole = argument.kind === 'int';
  const middle = argument.low < 0 ? 0 : argument.low + (argument.high - argument.low) / 2;
  const get = () => binding.values[which] ?? (argument.optional ? middle : argument.low);
  const set = (value) => {
    if (value === binding.values[which]) return;
    const values = binding.arguments.map((_, place) => (place === which ? value : binding.values[place]));
    binding.set(values);
  };
  const clear = argument.optional ? () => binding.set([]) : undefined;
  return { argument, whole, get, set, clear, low: argument.low, high: argument.high };
}

/** Say to who can't see it what a slider is set to. */
function announce(node, binding, which, value) {
  const text = value === undefined ? "the model's own" : binding.shown(value, which);
  node.setAttribute('aria-valuenow', String(value ?? ''));
  node.setAttribute('aria-valuetext', text);
  if (value === undefined) node.removeAttribute('aria-valuenow');
  return text;
}

function slider(binding, { argument }, label, orientation) {
  const node = el('div', {
    role: 'slider', tabIndex: 0, 'aria-label': label, 'aria-valuemin': argument.low,
    'aria-valuemax': argument.high, 'aria-orientation': orientation,
  });
  return binding.mark(node, false);
}

/**
 * A dial with its name above and its value below.
 * @param {import('./binding.js').Binding} binding
 * @param {{which?: number, label?: string, small?: boolean}} [options]
 */
export function knob(binding, { which = 0, label = binding.label, small = false } = {}) {
  const one = number(binding, which);
  const { argument } = one;
  const arc = svg('circle', { class: 'arc', cx: 26, cy: 26, r: RADIUS, 'stroke-dasharray': `0 ${ROUND}` });
  const hand = svg('line', { class: 'hand', x1: 26, y1: 13.5, x2: 26, y2: 19 });
  const dial = svg('svg', { viewBox: '0 0 52 52', 'aria-hidden': 'true' },
    svg('circle', { class: 'groove', cx: 26, cy: 26, r: RADIUS, 'stroke-dasharray': `${ARC} ${ROUND}` }),
    arc, svg('circle', { class: 'cap', cx: 26, cy: 26, r: 14.5 }), hand);
  const node = slider(binding, one, label, 'vertical');
  node.classList.add('dial');
  node.append(dial);
  const shown = el('output', { class: 'value', 'aria-hidden': 'true' });
  const own = one.clear && el('button', {
    class: 'own', type: 'button', 'aria-label': `${label}: the model's own`, onclick: one.clear,
    title: "Leave it to the model",
  }, 'own');
  const box = el('div', { class: small ? 'knob small' : 'knob' },
    el('span', { class: 'name', 'aria-hidden': 'true' }, label), node, own ?? null, shown);
  const zero = argument.low < 0 ? shareOf(0, argument) : 0;

  const paint = () => {
    const value = binding.values[which];
    const share = value === undefined ? 0.5 : shareOf(value, argument);
    const from = Math.min(zero, share) * ARC;
    const long = value === undefined ? 0 : Math.max(0.01, Math.abs(share - zero) * ARC);
    arc.setAttribute('stroke-dasharray', `0 ${from} ${long} ${ROUND}`);
    hand.setAttribute('transform', `rotate(${share * SWEEP - SWEEP / 2} 26 26)`);
    box.classList.toggle('free', value === undefined);
    own?.setAttribute('aria-pressed', String(value === undefined));
    const text = announce(node, binding, which, value);
    write(shown, value === undefined ? 'own' : text);
  };
  turn(node, { ...one, reset: () => binding.reset() });
  binding.watch(() => draw(paint));
  paint();
  return box;
}

/**
 * A fader, upright or lying.
 * @param {import('./binding.js').Binding} binding
 * @param {{which?: number, label?: string, upright?: boolean, named?: boolean}} [options]
 */
export function fader(binding, { which = 0, label = binding.label, upright = true, named = true } = {}) {
  const one = number(binding, which);
  const { argument } = one;
  const node = slider(binding, one, label, upright ? 'vertical' : 'horizontal');
  const fill = el('i', { class: 'fill' });
  const grip = el('i', { class: 'grip' });
  node.classList.add('track');
  node.append(fill, grip);
  const shown = el('output', { class: 'value', 'aria-hidden': 'true' });
  const name = named ? el('span', { class: 'name', 'aria-hidden': 'true' }, label) : null;
  const box = el('div', { class: `fader ${upright ? 'upright' : 'lying'}` }, name, node, shown);
  const zero = argument.low < 0 ? shareOf(0, argument) : 0;

  const paint = () => {
    const value = binding.values[which];
    const share = value === undefined ? zero : Math.min(1, Math.max(0, shareOf(value, argument)));
    node.style.setProperty('--at', share.toFixed(4));
    node.style.setProperty('--from', Math.min(share, zero).toFixed(4));
    node.style.setProperty('--long', Math.abs(share - zero).toFixed(4));
    write(shown, announce(node, binding, which, value));
  };
  const room = () => (upright ? node.clientHeight : node.clientWidth) || 100;
  turn(node, {
    ...one, axis: upright ? 'y' : 'x', reset: () => binding.reset(),
    get travel() { return room(); },
  });
  binding.watch(() => draw(paint));
  paint();
  return box;
}
