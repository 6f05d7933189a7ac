/** The model's tracks, each with its colour. */

import { colours } from './colours.js';
import { bind } from './controls/binding.js';
import { knob } from './controls/knob.js';
import { select, stepper, toggle } from './controls/simple.js';
import { el } from './dom.js';
import { draw } from './frame.js';
import { FAMILIES, INSTRUMENTS } from './instruments.js';

export function tracks(app, node) {
  let shown = '';
  const paint = () => {
    const now = JSON.stringify(app.model.tracks);
    if (now === shown) return;
    shown = now;
    const palette = colours(app.model);
    node.replaceChildren(...app.model.tracks.map((track, place) => one(app, track, place + 1, palette[place])));
  };
  app.store.watch('#model', () => draw(paint));
  lights(app, node);
}

function one(app, track, number, colour) {
  const make = (name, draws) => {
    const binding = bind(app, name, number);
    return binding ? draws(binding) : null;
  };
  const letter = (name, label, short) => make(name, (binding) => toggle(binding, { label: `${label} ${track.name}`, short, class: `push toggle square ${name}` }));
  const programs = [[0, track.drums ? 'kit' : `own: ${INSTRUMENTS[track.program] ?? ''}`], ...INSTRUMENTS.map((name, place) => [place + 1, `${place + 1} ${name}`])];
  return el('article', { class: 'track-row', style: `--track: ${colour}`, data: { track: String(number) }, 'aria-label': `Track ${track.name}` },
    el('div', { class: 'track-name' }, el('i', { class: 'lamp' }), el('b', {}, track.name), el('span', { class: 'family' }, track.drums ? 'drums' : FAMILIES[track.program >> 3])),
    el('div', { class: 'track-keys' }, letter('mute', 'Mute', 'M'), letter('solo', 'Solo', 'S'), letter('lock', 'Lock', 'Lock')),
    make('track_velocity', (binding) => knob(binding, { label: 'Loudness', small: true })),
    make('track_density', (binding) => knob(binding, { label: 'Density', small: true })),
    el('div', { class: 'track-fields' },
      track.drums ? null : make('octave', (binding) => stepper(binding, { label: 'Octave', named: false, text: (value) => `oct ${value > 0 ? `+${value}` : String(value).replace('-', '−')}` })),
      make('track_channel', (binding) => stepper(binding, { label: 'Channel', named: false, text: (value) => `ch ${value || `own ${track.channel + 1}`}` })),
      make('track_program', (binding) => select(binding, { label: 'Program', named: false, options: programs }))));
}

/** A lamp lights while its track sounds. */
function lights(app, node) {
  let sounding = new Set();
  const look = () => {
    const step = app.clock.step();
    const now = new Set();
    if (step !== null) for (const note of app.music.notes(step)) if (note.start <= step && note.end > step) now.add(String(note.track));
    if (now.size !== sounding.size || [...now].some((track) => !sounding.has(track))) {
      for (const row of node.children) row.classList.toggle('sounds', now.has(row.dataset.track));
      sounding = now;
    }
    if (step === null) {
      clearInterval(timer);
      timer = 0;
    }
  };
  let timer = 0;
  app.store.watch('#playing', ([playing]) => {
    if (playing && !timer) timer = setInterval(() => node.offsetParent && look(), 60);
  });
}
