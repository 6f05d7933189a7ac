/** From a row of the table to what it looks like: what has no place of its own on the page gets one. */

import { el } from '../dom.js';
import { Binding } from './binding.js';
import { knob } from './knob.js';
import { button, entry, form, segments, select, strip, toggle } from './simple.js';

const FEW = 4;
const MANY = 512;
const SHORT = 24;

/** @returns {HTMLElement[]} one for each of its numbers */
export function made(app, row, place) {
  if (row.index && place === undefined) return [indexed(app, row)].filter(Boolean);
  const binding = new Binding(app, row, place);
  const [first] = row.arguments;
  if (!first) return [button(binding)];
  if (!row.readable) return [form(binding)];
  if (first.many) return [];
  if (first.kind === 'bool') return [toggle(binding)];
  if (first.kind === 'text') return [text(binding, first)];
  return row.arguments.map((argument, which) => {
    const label = row.arguments.length > 1 ? `${binding.label.replace(' range', '')} ${argument.name}` : binding.label;
    if (argument.low === null || argument.high === null || argument.high - argument.low > MANY) {
      return entry(binding, { label, which });
    }
    return knob(binding, { label, which });
  });
}

function text(binding, argument) {
  if (!argument.choices.length) return entry(binding, { size: 14 });
  const short = argument.choices.length <= FEW && argument.choices.join('').length <= SHORT;
  return short ? segments(binding) : select(binding);
}

/** Switches with a number in their address, side by side. */
function indexed(app, row) {
  const { low, high } = row.index;
  if (row.arguments[0]?.kind !== 'bool' || high === null) return null;
  const places = Array.from({ length: high - low + 1 }, (_, place) => low + place);
  const label = row.name.replace(/_.*/, '');
  return strip(places.map((place) => new Binding(app, row, place)), label[0].toUpperCase() + label.slice(1));
}

/** All these rows, knobs together. */
export function group(app, title, rows) {
  const parts = rows.flatMap((row) => made(app, row));
  if (!parts.length) return null;
  parts.sort((one, other) => rank(one) - rank(other));
  return el('section', { class: 'group', 'aria-label': title },
    title ? el('h3', {}, title) : null,
    el('div', { class: 'knobs' }, ...parts));
}

/** Knobs first, what takes a line of its own last. */
const rank = ({ classList }) => (classList.contains('knob') ? 0 : classList.contains('wide') ? 2 : 1);
