/** Buttons, switches, choices, numbers and texts. */

import { el, write } from '../dom.js';
import { draw } from '../frame.js';
import { icon } from '../icons.js';
import { pitchName } from '../table.js';

/** Something to press. */
export function button(binding, { label = binding.label, drawing, values = () => [], ...rest } = {}) {
  const node = el('button', { type: 'button', class: 'push', onclick: () => binding.act(...values()), ...rest },
    drawing ? icon(drawing) : null, el('span', {}, label));
  node.setAttribute('aria-label', label);
  return binding.mark(node);
}

/** On or off. */
export function toggle(binding, { label = binding.label, drawing, short, ...rest } = {}) {
  const node = el('button', {
    type: 'button', class: 'push toggle', 'aria-label': label,
    onclick: () => binding.set([!binding.values[0]], true),
    ondblclick: (event) => event.preventDefault(), ...rest,
  }, drawing ? icon(drawing) : null, el('span', {}, short ?? label));
  const paint = () => node.setAttribute('aria-pressed', String(Boolean(binding.values[0])));
  binding.watch(() => draw(paint));
  paint();
  return binding.mark(node);
}

/** A few choices side by side. */
export function segments(binding, { label = binding.label, choices, texts = {}, named = true } = {}) {
  const argument = binding.arguments[0];
  const all = choices ?? argument.choices;
  const choose = (value) => binding.set([value], true);
  const parts = all.map((value) => el('button', {
    type: 'button', role: 'radio', data: { value: String(value) }, onclick: () => choose(value),
  }, texts[value] ?? String(value)));
  const group = el('div', { class: 'segments', role: 'radiogroup', 'aria-label': label }, ...parts);
  group.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const now = parts.findIndex((part) => part.ariaChecked === 'true');
    const next = (now + step + parts.length) % parts.length;
    choose(all[next]);
    parts[next].focus();
    event.preventDefault();
  });
  group.addEventListener('dblclick', () => binding.reset());
  const paint = () => {
    const value = String(binding.values[0]);
    const known = parts.some((part) => part.dataset.value === value);
    parts.forEach((part, place) => {
      const on = part.dataset.value === value;
      part.ariaChecked = String(on);
      part.tabIndex = on || (!known && place === 0) ? 0 : -1;
    });
  };
  binding.watch(() => draw(paint));
  paint();
  binding.mark(group);
  return named ? el('div', { class: 'field' }, el('span', { class: 'name', 'aria-hidden': 'true' }, label), group) : group;
}

/** One of many. `options` are [value, text] pairs. */
export function select(binding, { label = binding.label, options, named = true, act = false } = {}) {
  const pairs = options ?? binding.arguments[0].choices.map((choice) => [choice, choice]);
  const node = el('select', {
    onchange: () => {
      const [value] = pairs[node.selectedIndex] ?? [];
      if (act) binding.act(value);
      else binding.set([value], true);
    },
  }, ...pairs.map(([value, text]) => el('option', { value: String(value) }, text)));
  node.setAttribute('aria-label', label);
  node.addEventListener('dblclick', () => binding.reset());
  const paint = () => {
    const value = binding.values[0];
    if (value !== undefined) node.value = String(value);
  };
  binding.watch(() => draw(paint));
  paint();
  binding.mark(node);
  const box = el('span', { class: 'select' }, node);
  return named ? el('div', { class: 'field' }, el('span', { class: 'name', 'aria-hidden': 'true' }, label), box) : box;
}

/** A whole number with a step down and a step up. */
export function stepper(binding, { label = binding.label, which = 0, text = (value) => binding.shown(value, which), named = true } = {}) {
  const { low, high } = binding.arguments[which];
  const shown = el('output', { class: 'value' });
  const put = (value) => {
    const values = binding.arguments.map((_, place) => (place === which ? value : binding.values[place]));
    binding.set(values, true);
  };
  const step = (by) => put(Math.min(high, Math.max(low, (binding.values[which] ?? low) + by)));
  const node = el('div', {
    class: 'stepper', role: 'spinbutton', tabIndex: 0, 'aria-label': label, 'aria-valuemin': low,
    'aria-valuemax': high,
    onkeydown: (event) => {
      const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 4, PageDown: -4 }[event.key];
      if (by) step(by);
      else if (event.key === 'Home') put(low);
      else if (event.key === 'End') put(high);
      else if (event.key === 'Enter') binding.reset();
      else return;
      event.preventDefault();
    },
    ondblclick: () => binding.reset(),
  },
  el('button', { type: 'button', tabIndex: -1, 'aria-label': `${label} down`, onclick: () => step(-1) }, '−'),
  shown,
  el('button', { type: 'button', tabIndex: -1, 'aria-label': `${label} up`, onclick: () => step(1) }, '+'));
  const paint = () => {
    const value = binding.values[which];
    write(shown, value === undefined ? '–' : text(value));
    node.setAttribute('aria-valuenow', String(value ?? low));
    node.setAttribute('aria-valuetext', shown.textContent);
  };
  binding.watch(() => draw(paint));
  paint();
  binding.mark(node);
  return named ? el('div', { class: 'field' }, el('span', { class: 'name', 'aria-hidden': 'true' }, label), node) : node;
}

/** A number of the page's own, that goes with a button: how far, how many bars. */
export function amount(argument, value, { label = argument.name, choices } = {}) {
  const options = (choices ?? []).map((choice) => el('option', { value: String(choice), selected: choice === value }, String(choice)));
  const node = el('select', { 'aria-label': label }, ...options);
  return { node: el('span', { class: 'select bare' }, node), get: () => Number(node.value) };
}

/** A number or a text that is typed. */
export function entry(binding, { label = binding.label, which = 0, named = true, size = 8 } = {}) {
  const argument = binding.arguments[which];
  const digits = argument.kind !== 'text';
  const node = el('input', {
    type: 'text', inputMode: digits ? 'decimal' : 'text', size, spellcheck: false, autocomplete: 'off',
    'aria-label': label,
    onchange: () => {
      const value = digits ? Number(node.value.replace(',', '.')) : node.value;
      if (digits && !Number.isFinite(value)) return paint();
      binding.set(binding.arguments.map((_, place) => (place === which ? value : binding.values[place])), true);
      return undefined;
    },
    onkeydown: (event) => event.key === 'Escape' && (paint(), node.blur()),
  });
  const paint = () => {
    if (document.activeElement === node) return;
    const value = binding.values[which];
    node.value = value === undefined ? '' : argument.kind === 'float' ? Number(value).toFixed(1) : String(value);
  };
  binding.watch(() => draw(paint));
  node.addEventListener('blur', paint);
  paint();
  binding.mark(node);
  return named ? el('label', { class: 'field' }, el('span', { class: 'name' }, label), node) : node;
}

/** A control that does something with values that are typed first. */
export function form(binding, { label = binding.label } = {}) {
  const inputs = binding.arguments.map((argument) => el('input', {
    type: 'text', size: argument.kind === 'text' ? 10 : 5, 'aria-label': `${label}: ${argument.name}`,
    placeholder: argument.unit || argument.name, inputMode: argument.kind === 'text' ? 'text' : 'decimal', autocomplete: 'off', spellcheck: false,
  }));
  const submit = (event) => {
    event.preventDefault();
    const given = inputs.map((input, place) => (binding.arguments[place].kind === 'text' ? input.value : Number(input.value)));
    const short = inputs.findIndex((input) => input.value.trim() === '');
    if (short >= 0 && !binding.arguments[short].optional) return inputs[short].focus();
    binding.act(...(short < 0 ? given : given.slice(0, short)));
    return undefined;
  };
  const go = el('button', { type: 'submit', class: 'push' }, label);
  return el('form', { class: 'form', onsubmit: submit }, ...inputs, binding.mark(go));
}

/** The switches of a bar, such as a rhythm's sixteenths. */
export function strip(bindings, label) {
  const parts = bindings.map((binding) => {
    const node = toggle(binding, { label: `${label} ${binding.place}`, short: '' });
    node.classList.replace('push', 'cell');
    return node;
  });
  return el('div', { class: 'field wide' }, el('span', { class: 'name', 'aria-hidden': 'true' }, label),
    el('div', { class: 'strip', role: 'group', 'aria-label': label }, ...parts));
}

export { pitchName };
