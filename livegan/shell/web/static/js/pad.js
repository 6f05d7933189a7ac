/**
 * The pad between four scenes. The ring is where hands have put it; the dot is where the music is now,
 * as drift, morphs and others move it.
 */

import { hue } from './colours.js';
import { bind } from './controls/binding.js';
import { fader } from './controls/knob.js';
import { el, write } from './dom.js';
import { calm, draw } from './frame.js';

const TRAIL = 14;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const CORNERS = ['bottom left', 'bottom right', 'top left', 'top right'];
const within = (value) => Math.min(1, Math.max(0, value));

export function pad(app, node) {
  const xy = bind(app, 'xy');
  const ring = el('i', { class: 'ring' });
  const dot = el('i', { class: 'dot' });
  const trail = el('canvas', { 'aria-hidden': 'true' });
  const field = el('div', {
    class: 'field-xy', role: 'slider', tabIndex: 0, 'aria-label': 'Place between four scenes',
    'aria-roledescription': 'two-way slider', 'aria-valuemin': 0, 'aria-valuemax': 100,
  }, trail, el('i', { class: 'cross x' }), el('i', { class: 'cross y' }), dot, ring);
  xy.mark(field, false);
  const shown = el('output', { class: 'value', 'aria-hidden': 'true' });
  const depth = bind(app, 'depth');
  node.append(
    el('header', {}, el('h2', { id: 'pad-title' }, 'Pad'), shown),
    el('div', { class: 'pad-body' },
      el('div', { class: 'pad-square' }, field, ...corners(app, field)),
      el('div', { class: 'pad-depth' }, above(app), fader(depth, { label: 'Z' }))));

  const paint = () => {
    const [x = 0, y = 0] = xy.values;
    field.style.setProperty('--x', x);
    field.style.setProperty('--y', y);
    const text = `x ${Math.round(x * 100)} %, y ${Math.round(y * 100)} %`;
    write(shown, text);
    field.setAttribute('aria-valuenow', Math.round(x * 100));
    field.setAttribute('aria-valuetext', text);
  };
  xy.watch(() => draw(paint));
  hands(field, xy);
  sounding(app, field, dot, trail, xy);
  paint();
}

/** Finger, mouse and keys. */
function hands(field, xy) {
  let held = null;
  const put = (x, y) => xy.set([within(x), within(y)]);
  const place = (event) => {
    const box = field.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
  };
  field.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    field.setPointerCapture(event.pointerId);
    field.focus({ preventScroll: true });
    held = { id: event.pointerId, at: place(event), value: place(event) };
    if (event.shiftKey) held.value = [...xy.values];
    else put(...held.value);
    field.classList.add('held');
    event.preventDefault();
  });
  field.addEventListener('pointermove', (event) => {
    if (held?.id !== event.pointerId) return;
    const at = place(event);
    const fine = event.shiftKey ? 0.1 : 1;
    held.value = held.value.map((value, axis) => value + (at[axis] - held.at[axis]) * fine);
    held.at = at;
    put(...held.value);
  });
  const release = (event) => {
    if (held?.id !== event.pointerId) return;
    held = null;
    field.classList.remove('held');
  };
  field.addEventListener('pointerup', release);
  field.addEventListener('pointercancel', release);
  field.addEventListener('dblclick', () => xy.reset());
  field.addEventListener('keydown', (event) => {
    const way = KEYS[event.key];
    const [x, y] = xy.values;
    const far = event.shiftKey ? 0.005 : 0.05;
    if (way) put(x + way[0] * far, y + way[1] * far);
    else if (event.key === 'Home') put(0, y);
    else if (event.key === 'End') put(1, y);
    else if (event.key === 'PageUp') put(x, 1);
    else if (event.key === 'PageDown') put(x, 0);
    else if (event.key === 'Enter') xy.reset();
    else return;
    event.preventDefault();
  });
  field.addEventListener('wheel', (event) => {
    event.preventDefault();
    const [x, y] = xy.values;
    put(x + event.deltaX / 3000, y - event.deltaY / 3000);
  }, { passive: false });
}

/** Where the music is, as the daemon tells it by /xy/now (else where hands put it), with its trail. */
function sounding(app, field, dot, canvas, xy) {
  let places = [];
  const context = canvas.getContext('2d');
  const size = () => {
    const scale = Math.min(2, devicePixelRatio || 1);
    canvas.width = field.clientWidth * scale;
    canvas.height = field.clientHeight * scale;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    draw(paint);
  };
  new ResizeObserver(size).observe(field);
  const now = () => {
    const told = app.store.get('/xy/now');
    return told.length ? told : [...xy.values, 1];
  };
  const move = () => {
    const [x, y, near = 1] = now();
    const last = places.at(-1);
    if (x === undefined || (last && last[0] === x && last[1] === y)) return;
    places = [...places, [x, y, near]].slice(-TRAIL);
    draw(paint);
  };
  function paint() {
    const [x = 0, y = 0, near = 1] = now();
    dot.style.setProperty('--x', x);
    dot.style.setProperty('--y', y);
    dot.style.setProperty('--near', near);
    const { clientWidth: wide, clientHeight: tall } = field;
    context.clearRect(0, 0, wide, tall);
    if (places.length < 2 || calm()) return;
    context.lineCap = 'round';
    for (let place = 1; place < places.length; place += 1) {
      const [[x0, y0, near0], [x1, y1, near1]] = [places[place - 1], places[place]];
      const age = place / places.length;
      context.lineWidth = 1 + 2 * age;
      context.strokeStyle = `rgb(255 214 160 / ${age * 0.6 * Math.min(near0, near1)})`;
      context.beginPath();
      context.moveTo(x0 * wide, (1 - y0) * tall);
      context.lineTo(x1 * wide, (1 - y1) * tall);
      context.stroke();
    }
  }
  app.store.watch('/xy/now', move);
  xy.watch(() => app.store.has('/xy/now') || move());
}

/** Which scenes lie at the corners: their names, which are also how to change them. */
function corners(app, field) {
  const binding = bind(app, 'corners');
  if (!binding) return [];
  return CORNERS.map((corner, which) => sceneChoice(app, `Scene at the ${corner}`, `corner ${corner.replace(' ', '-')}`, binding, which, (scene) => {
    field.style.setProperty(`--hue${which}`, hue(scene));
  }));
}

function above(app) {
  const binding = bind(app, 'above');
  return binding && sceneChoice(app, 'Scene above the pad', 'corner over', binding, 0, () => {});
}

function sceneChoice(app, label, classes, binding, which, chosen) {
  const node = el('select', {
    'aria-label': label,
    onchange: () => binding.set(binding.values.map((value, place) => (place === which ? Number(node.value) : value)), true),
  }, ...Array.from({ length: 16 }, (_, place) => el('option', { value: place + 1 }, String(place + 1))));
  const text = el('span', { 'aria-hidden': 'true' });
  const box = el('span', { class: classes }, text, node);
  binding.mark(node, false);
  const paint = () => {
    const scene = binding.values[which] ?? which + 1;
    node.value = String(scene);
    for (const option of node.options) {
      const name = app.store.get(`/scene/${option.value}/name`)[0];
      write(option, name ? `${option.value} ${name}` : option.value);
    }
    const short = classes.endsWith('over') ? String(scene) : `scene ${scene}`;
    write(text, (short.length > 2 && app.store.get(`/scene/${scene}/name`)[0]) || short);
    box.style.setProperty('--hue', hue(scene));
    chosen(scene);
  };
  binding.watch(() => draw(paint));
  for (let scene = 1; scene <= 16; scene += 1) app.store.watch(`/scene/${scene}/name`, () => draw(paint));
  paint();
  return box;
}
