/** Converse, time, controllers, and where the sound goes. */

import { group } from './controls/auto.js';
import { bind } from './controls/binding.js';
import { amount, button } from './controls/simple.js';
import { el, write } from './dom.js';
import { draw } from './frame.js';
import { midiOutputs } from './sound/webmidi.js';

/** Rows that have a place of their own elsewhere on the page, or none because they are for programs. */
const PLACED = new Set([
  'play', 'stop', 'panic', 'tempo', 'tap', 'nudge', 'metronome', 'quantum', 'capture', 'model',
  'learn', 'midi_map', 'midi_save', 'forget', 'subscribe', 'unsubscribe',
]);

export function more(app, node) {
  const left = (part) => app.table.part(part).filter((row) => !PLACED.has(row.name));
  const converse = group(app, 'Converse', left('converse'));
  converse?.querySelector('.knobs').append(...capture(app));
  node.append(...[converse, controllers(app, left('surfaces')), outputs(app), group(app, 'Time', left('transport'))].filter(Boolean));
}

function capture(app) {
  const binding = bind(app, 'capture');
  if (!binding) return [];
  const scene = amount(binding.arguments[0], 16, { label: 'Capture as scene', choices: Array.from({ length: 16 }, (_, place) => place + 1) });
  return [el('span', { class: 'pair' }, button(binding, { label: 'Capture', drawing: 'scenes', values: () => [scene.get()] }), scene.node)];
}

/** Maps of MIDI controllers, and what moves what. */
function controllers(app, rows) {
  const load = bind(app, 'midi_map');
  const save = bind(app, 'midi_save');
  const section = group(app, 'MIDI controllers', rows) ?? el('section', { class: 'group' }, el('h3', {}, 'MIDI controllers'));
  if (load) {
    const list = el('select', { 'aria-label': 'Map of controllers', onchange: () => list.value && load.act(list.value) });
    load.mark(list, false);
    const paint = () => {
      const now = load.values[0] ?? '';
      const all = [...new Set([...(app.lists?.maps ?? []), now].filter(Boolean))];
      list.replaceChildren(el('option', { value: '' }, '– no map –'), ...all.map((one) => el('option', { value: one }, one)));
      list.value = now;
    };
    app.store.watch('#lists', () => draw(paint));
    load.watch(() => draw(paint));
    section.append(el('div', { class: 'fields' }, el('div', { class: 'field' }, el('span', { class: 'name', 'aria-hidden': 'true' }, 'Map'), el('span', { class: 'select' }, list)), save && saving(save)));
  }
  section.append(el('p', { class: 'note', id: 'bound' }));
  return section;
}

function saving(save) {
  const name = el('input', { type: 'text', size: 12, maxLength: 40, placeholder: 'name', 'aria-label': 'Save the map under this name', spellcheck: false, autocomplete: 'off' });
  const submit = (event) => {
    event.preventDefault();
    if (!name.value.trim()) return name.focus();
    save.act(name.value.trim());
    name.value = '';
    return undefined;
  };
  return el('form', { class: 'form', onsubmit: submit }, name, save.mark(el('button', { type: 'submit', class: 'push' }, 'Save map')));
}

/** Web MIDI, where the browser has it. */
function outputs(app) {
  const list = el('select', { 'aria-label': 'MIDI output of this browser', onchange: () => app.sound.midi.choose(list.value) }, el('option', { value: '' }, 'none'));
  const note = el('p', { class: 'note' }, midiOutputs.possible ? 'The daemon has its own MIDI port. This is for a synth on the machine that shows this page.' : 'This browser has no Web MIDI. The daemon has its own MIDI port.');
  const fill = (outs) => {
    list.replaceChildren(el('option', { value: '' }, 'none'), ...outs.map(({ id, name }) => el('option', { value: id }, name)));
    list.value = app.sound.midi.chosen;
  };
  const ask = el('button', {
    type: 'button', class: 'push', disabled: !midiOutputs.possible,
    onclick: () => app.sound.midi.open(fill).catch((error) => write(note, `The browser gives no MIDI: ${error.message}`)),
  }, 'Look for outputs');
  return el('section', { class: 'group', 'aria-label': 'MIDI out of this browser' }, el('h3', {}, 'MIDI out of this browser'),
    el('div', { class: 'fields' }, ask, el('div', { class: 'field' }, el('span', { class: 'name', 'aria-hidden': 'true' }, 'Output'), el('span', { class: 'select' }, list))), note);
}
