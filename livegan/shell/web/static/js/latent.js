/** The latent space by hand: the model's own directions, its first coordinates, how it wanders. */

import { Binding, bind } from './controls/binding.js';
import { fader, knob } from './controls/knob.js';
import { button, entry } from './controls/simple.js';
import { el } from './dom.js';
import { draw } from './frame.js';

const COORDINATES = 16;

export function latent(app, node) {
  const moves = el('div', { class: 'knobs' });
  for (const name of ['drift', 'section', 'comeback', 'groove', 'critic']) {
    const binding = bind(app, name);
    if (binding) moves.append(knob(binding));
  }
  const seed = bind(app, 'seed');
  const dice = bind(app, 'dice');
  moves.append(el('div', { class: 'fields seed' }, seed && entry(seed, { size: 11 }), dice && button(dice, { drawing: 'dice' })));
  const directions = el('div', { class: 'faders lying' });
  const coordinates = el('div', { class: 'faders upright' });
  node.append(
    el('section', { class: 'group', 'aria-label': 'Wandering' }, el('h3', {}, 'How it wanders'), moves),
    el('section', { class: 'group', 'aria-label': 'Directions' }, el('h3', {}, "The model's own directions"), directions),
    el('section', { class: 'group', 'aria-label': 'Coordinates' }, el('h3', {}, 'First coordinates of the latent'), coordinates));
  let shown = '';
  const paint = () => {
    const now = JSON.stringify([app.model.directions, app.model.latent]);
    if (now === shown) return;
    shown = now;
    const way = app.table.row('direction');
    const named = app.model.directions.slice(0, way?.index.high ?? 0);
    directions.replaceChildren(...named.map((name, place) => fader(new Binding(app, way, place + 1), { label: name, upright: false })));
    directions.parentNode.hidden = !named.length;
    const coordinate = app.table.row('coordinate');
    const count = Math.min(COORDINATES, app.model.latent);
    coordinates.replaceChildren(...Array.from({ length: coordinate ? count : 0 }, (_, place) => fader(new Binding(app, coordinate, place), { label: `z${place}` })));
  };
  app.store.watch('#model', () => draw(paint));
}
