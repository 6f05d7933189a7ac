/** The bar at the top: which model, play and stop, where the music is, how fast. */

import { bind } from './controls/binding.js';
import { button, toggle } from './controls/simple.js';
import { STEPS_PER_BEAT } from './clock.js';
import { turn } from './controls/turning.js';
import { el, write } from './dom.js';
import { draw } from './frame.js';
import { icon } from './icons.js';

const NUDGE_MS = 10;
/** A beat is told as it begins, and may be told a little early. */
const NEARLY = 0.05;

export function transport(app, node) {
  node.append(brand(app), motion(app), position(app), tempo(app), time(app),
    el('div', { id: 'meters', class: 'meters', role: 'group', 'aria-label': 'Health' }),
    el('div', { id: 'sound', class: 'sound', role: 'group', 'aria-label': 'Sound in this browser' }),
    ends(app));
}

/** Name, state of the line, model. */
function brand(app) {
  const models = el('select', { 'aria-label': 'Model', onchange: () => app.link.move('/model', [models.value]) });
  const model = bind(app, 'model');
  if (model) model.mark(models, false);
  const paint = () => {
    const names = [...new Set([...(app.lists?.models ?? []), app.model.name])];
    if (names.join() !== [...models.options].map((one) => one.value).join()) {
      models.replaceChildren(...names.map((name) => el('option', { value: name }, name)));
    }
    models.value = app.model.name;
  };
  app.store.watch('#model', () => draw(paint));
  app.store.watch('#lists', () => draw(paint));
  const state = el('span', { class: 'link', role: 'status' });
  const say = () => write(state, { open: 'live', closed: 'offline', connecting: 'looking…' }[document.body.dataset.link]);
  new MutationObserver(say).observe(document.body, { attributeFilter: ['data-link'] });
  say();
  return el('div', { class: 'brand' },
    el('h1', {}, 'livegan'), state, el('span', { class: 'select' }, models));
}

function motion(app) {
  const play = bind(app, 'play');
  const start = button(play, { label: 'Play', drawing: 'play', class: 'push big play' });
  const paint = () => start.setAttribute('aria-pressed', String(Boolean(play.values[0])));
  play.watch(() => draw(paint));
  const stop = button(bind(app, 'stop'), { label: 'Stop', drawing: 'stop', class: 'push big stop' });
  return el('div', { class: 'motion', role: 'group', 'aria-label': 'Play and stop' }, start, stop);
}

/** Bar and beat: four lamps and a number that is as wide as it will ever be. */
function position(app) {
  const number = el('output', { class: 'count', 'aria-label': 'Bar and beat', title: 'The bar and the beat that play' });
  const lamps = [1, 2, 3, 4].map(() => el('i'));
  const node = el('div', { class: 'position' }, number, el('span', { class: 'lamps', 'aria-hidden': 'true' }, ...lamps));
  const paint = () => {
    const playing = app.store.get('#playing')[0];
    const beats = Math.floor((app.clock.step() ?? 0) / STEPS_PER_BEAT + NEARLY);
    const bar = Math.floor(beats / 4) + 1;
    const beat = (beats & 3) + 1;
    const counted = bar > (app.clock.grid?.first_bar ?? 0) ? String(bar) : '–';
    write(number, playing ? `${counted.padStart(3, '\u2007')}.${beat}` : '\u2007\u2007–.–');
    lamps.forEach((lamp, place) => lamp.classList.toggle('lit', Boolean(playing) && place + 1 === beat));
  };
  for (const address of ['/beat', '#playing']) app.store.watch(address, () => draw(paint));
  paint();
  return node;
}

function tempo(app) {
  const binding = bind(app, 'tempo');
  const [{ low, high }] = binding.arguments;
  const input = el('input', {
    type: 'text', inputMode: 'decimal', size: 5, role: 'spinbutton', 'aria-valuemin': low, 'aria-valuemax': high,
    'aria-label': 'Tempo, in beats a minute', autocomplete: 'off', maxLength: 6,
  });
  const now = el('output', { class: 'now', title: 'The tempo that plays now (/tempo/now)' });
  const paint = () => {
    const [value = 120] = binding.values;
    const [plays = value] = app.store.get('/tempo/now');
    input.setAttribute('aria-valuenow', value.toFixed(1));
    if (document.activeElement !== input || !typing) input.value = value.toFixed(1);
    write(now, app.store.get('#playing')[0] && Math.abs(plays - value) > 0.05 ? `→ now ${plays.toFixed(1)}` : 'bpm');
  };
  let typing = false;
  const enter = () => {
    const value = Number(input.value.replace(',', '.'));
    typing = false;
    if (Number.isFinite(value) && input.value.trim() && value !== binding.values[0]) binding.set([Math.min(high, Math.max(low, value))], true);
    paint();
  };
  input.addEventListener('input', () => (typing = true));
  input.addEventListener('blur', () => typing && enter());
  input.addEventListener('focus', () => input.select());
  input.addEventListener('keydown', (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (event.key === 'Enter') enter();
    else if (event.key === 'Escape') typing = false;
    else if (by) binding.set([Math.min(high, Math.max(low, (binding.values[0] ?? 120) + by * (event.shiftKey ? 0.1 : 1)))]);
    else return;
    if (event.key !== 'Enter') event.preventDefault();
    paint();
  });
  const grip = el('span', { class: 'grip', 'aria-hidden': 'true' }, '↕');
  grip.style.touchAction = 'none';
  turn(grip, { get: () => binding.values[0] ?? 120, set: (value) => binding.set([Math.round(value * 10) / 10]), reset: () => binding.reset(), low, high, whole: false, travel: 900 });
  for (const address of [binding.address, '/tempo/now', '#playing']) app.store.watch(address, () => draw(paint));
  paint();
  binding.mark(input, false);
  const tap = button(bind(app, 'tap'), { label: 'Tap' });
  tap.addEventListener('pointerdown', (event) => { // a tap is the finger coming down, not going up
    event.preventDefault();
    tap.focus();
    app.link.move('/tap', []);
    tap.dataset.down = 'yes';
  });
  tap.addEventListener('click', (event) => {
    if (!tap.dataset.down) return;
    delete tap.dataset.down;
    event.stopImmediatePropagation();
  }, true);
  return el('div', { class: 'tempo', role: 'group', 'aria-label': 'Tempo' },
    el('div', { class: 'bpm' }, input, grip, now), tap);
}

/** Nudge, and a click. */
function time(app) {
  const nudge = bind(app, 'nudge');
  const push = (by, text, label) => {
    const one = button(nudge, { label, values: () => [by], class: 'push slim' });
    one.lastChild.textContent = text;
    return one;
  };
  const parts = [];
  if (nudge) parts.push(push(-NUDGE_MS, '‹', 'Nudge earlier by 10 ms'), push(NUDGE_MS, '›', 'Nudge later by 10 ms'));
  const click = bind(app, 'metronome');
  if (click) parts.push(toggle(click, { label: 'Metronome', short: '', drawing: 'metronome', class: 'push toggle slim' }));
  return el('div', { class: 'time', role: 'group', 'aria-label': 'Time' }, ...parts);
}

/** What is needed rarely, and then at once. */
function ends(app) {
  const learn = el('button', { type: 'button', class: 'push learn', id: 'learn', 'aria-pressed': 'false', title: 'MIDI learn: touch a control here, then move your controller' }, icon('learn'), el('span', {}, 'Learn'));
  const panic = button(bind(app, 'panic'), { label: 'Panic', drawing: 'panic', class: 'push panic' });
  panic.addEventListener('click', () => app.sound.silence());
  return el('div', { class: 'ends', role: 'group', 'aria-label': 'Learn and panic' }, learn, panic);
}
