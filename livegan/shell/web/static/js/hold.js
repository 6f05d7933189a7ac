/** Hold and remember: what is kept as it is, what comes again, what is written down, what is taken back. */

import { bind } from './controls/binding.js';
import { amount, button, segments, select, toggle } from './controls/simple.js';
import { el } from './dom.js';

const LOOPS = [0, 1, 2, 4, 8, 16];

export function hold(app, node) {
  const has = (name, make) => {
    const binding = bind(app, name);
    return binding ? make(binding) : null;
  };
  const press = (name, drawing, options = {}) => has(name, (binding) => button(binding, { drawing, ...options }));
  const row = (label, ...parts) => el('div', { class: 'row', role: 'group', 'aria-label': label }, ...parts);
  /** A button with how far or how many beside it. */
  const how = (name, drawing, which, choices, start, label) => has(name, (binding) => {
    const far = amount(binding.arguments[which], start, { label: `${binding.label}: ${label}`, choices });
    const go = button(binding, { drawing, values: () => [far.get()] });
    return el('span', { class: 'pair' }, go, far.node);
  });
  node.append(
    el('header', {}, el('h2', { id: 'hold-title' }, 'Hold'), has('quantum', (binding) => select(binding, {
      label: 'Moves wait for', named: false,
      options: binding.arguments[0].choices.map((one) => [one, /\d/.test(one) ? `on every ${one} bars` : `on the next ${one}`]),
    }))),
    el('div', { class: 'rows' },
      row('Hold', has('freeze', (one) => toggle(one, { drawing: 'freeze' })), has('loop', (one) => segments(one, { choices: LOOPS, texts: { 0: 'off' }, label: 'Loop' }))),
      row('Leap', press('dice', 'dice'), how('mutate', 'mutate', 0, [0.1, 0.25, 0.5, 1], 0.25, 'how far'), press('back', 'back')),
      row('Remember', how('again', 'again', 0, [1, 2, 4, 8, 16, 32], 1, 'bars ago'), how('keep', 'keep', 0, [4, 8, 16, 32, 64, 128, 256], 8, 'bars'),
        has('like', (one) => button(one, { drawing: 'like' })), has('record', (one) => toggle(one, { drawing: 'record', class: 'push toggle record' }))),
      row('Take back', press('undo', 'undo'), press('redo', 'redo'))),
  );
}
