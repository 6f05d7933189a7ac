/** Sixteen scenes: recall, morph to, store, name; and banks of them. */

import { hue } from './colours.js';
import { Binding, bind } from './controls/binding.js';
import { segments, stepper } from './controls/simple.js';
import { el, write } from './dom.js';
import { draw } from './frame.js';

const LONG_PRESS = 550;
const MODES = { recall: 'Recall', morph: 'Morph', store: 'Store', name: 'Name' };
const MOST_BARS = 64;
const SCENES = 16;
const LEAPS = new Set(['/xy', '/xy/z', '/dice', '/seed', '/mutate', '/back', '/bank']);

export function scenes(app, node) {
  const state = { mode: 'recall', bars: 4, last: 0, morph: null };
  const modes = modeChoice(state, () => cells.forEach((cell) => cell.paint()));
  const places = Array.from({ length: SCENES }, (_, place) => place + 1);
  const cells = places.map((scene) => cell(app, scene, state, modes));
  const grid = el('div', { class: 'scene-grid', role: 'group', 'aria-label': 'Scenes' }, ...cells.map(({ node: one }) => one));
  node.append(el('header', {}, el('h2', { id: 'scenes-title' }, 'Scenes'), modes.node), grid, morphing(app, state), banks(app));

  const paint = () => {
    if (state.morph && state.morph.done >= state.morph.bars) state.morph = null;
    cells.forEach((one) => one.paint());
  };
  app.store.watchAll((values, address) => follow(app, state, address, values) && draw(paint));
}

/** Whoever recalls, morphs or goes elsewhere: all pages show it. Returns whether there is anything new. */
function follow(app, state, address, values) {
  const recalled = /^\/scene\/(\d+)\/recall$/.exec(address);
  if (recalled) Object.assign(state, { last: Number(recalled[1]), morph: null });
  else if (address === '/morph') {
    const target = sceneNamed(app, String(values[0]));
    Object.assign(state, { last: target, morph: values[1] > 0 ? { target, bars: values[1], done: 0 } : null });
  } else if (address === '/bar' && state.morph) state.morph.done += 1;
  else if (LEAPS.has(address) && app.settled) Object.assign(state, { last: 0, morph: null });
  else return address.startsWith('/scene/');
  return true;
}

function sceneNamed(app, wanted) {
  for (let scene = 1; scene <= SCENES; scene += 1) {
    if (String(scene) === wanted || app.store.get(`/scene/${scene}/name`)[0] === wanted) return scene;
  }
  return 0;
}

function modeChoice(state, changed) {
  const buttons = Object.entries(MODES).map(([mode, label]) => el('button', {
    type: 'button', role: 'radio', data: { mode }, onclick: () => choose(mode),
  }, label));
  const node = el('div', { class: 'segments', role: 'radiogroup', 'aria-label': 'What touching a scene does' }, ...buttons);
  node.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = Object.keys(MODES);
    choose(all[(all.indexOf(state.mode) + step + all.length) % all.length]);
    buttons[all.indexOf(state.mode)].focus();
    event.preventDefault();
  });
  function choose(mode) {
    state.mode = mode;
    for (const button of buttons) {
      const on = button.dataset.mode === mode;
      button.ariaChecked = String(on);
      button.tabIndex = on ? 0 : -1;
    }
    changed();
  }
  buttons.forEach((button, place) => Object.assign(button, { ariaChecked: String(place === 0), tabIndex: place ? -1 : 0 }));
  return { node, choose };
}

/** One scene. A long press, or shift, stores. */
function cell(app, scene, state, modes) {
  const recall = new Binding(app, app.table.row('recall'), scene);
  const store = new Binding(app, app.table.row('store'), scene);
  const named = new Binding(app, app.table.row('scene_name'), scene);
  const name = el('span', { class: 'scene-name' });
  const rest = el('i', { class: 'progress' });
  const node = el('button', { type: 'button', class: 'scene', data: { scene: String(scene) } }, el('b', {}, String(scene)), name, rest);
  recall.mark(node, false);
  node.style.setProperty('--hue', hue(scene));

  const keep = () => {
    store.act();
    node.classList.remove('stored');
    requestAnimationFrame(() => node.classList.add('stored'));
    app.say?.(`Stored as scene ${scene}`);
    if (state.mode === 'store') modes.choose('recall');
  };
  const rename = () => {
    const input = el('input', { type: 'text', maxLength: 40, value: named.values[0] ?? '', 'aria-label': `Name of scene ${scene}` });
    let done = false;
    const end = (take) => {
      if (done) return;
      done = true;
      if (take && input.value !== (named.values[0] ?? '')) named.set([input.value], true);
      input.replaceWith(node);
      node.focus();
    };
    input.className = 'scene naming';
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') end(true);
      else if (event.key === 'Escape') end(false);
    });
    input.addEventListener('blur', () => end(true));
    node.replaceWith(input);
    input.select();
    if (state.mode === 'name') modes.choose('recall');
  };
  const use = (mode) => {
    if (mode === 'store') return keep();
    if (mode === 'name') return rename();
    if (mode === 'morph') {
      app.store.set('/morph', [String(scene), state.bars]);
      return app.link.move('/morph', [String(scene), state.bars]);
    }
    app.store.set(recall.address, []);
    return recall.act();
  };

  let pressed = 0;
  let long = false;
  node.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    long = false;
    clearTimeout(pressed);
    pressed = setTimeout(() => {
      long = true;
      keep();
    }, LONG_PRESS);
  });
  for (const end of ['pointerup', 'pointerleave', 'pointercancel']) node.addEventListener(end, () => clearTimeout(pressed));
  node.addEventListener('contextmenu', (event) => event.preventDefault());
  node.addEventListener('click', (event) => {
    if (long && event.detail) long = false;
    else use(event.shiftKey ? 'store' : state.mode);
  });
  node.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 4, ArrowUp: -4 }[event.key];
    if (event.key === 'F2') rename();
    else if (by) node.parentNode.children[scene - 1 + by]?.focus();
    else return;
    event.preventDefault();
  });

  const paint = () => {
    const title = named.values[0] ?? '';
    write(name, title);
    const morph = state.morph?.target === scene ? state.morph : null;
    node.setAttribute('aria-label', `${MODES[state.mode]} scene ${scene}${title ? `, ${title}` : ''}`);
    node.setAttribute('aria-current', String(state.last === scene));
    node.dataset.mode = state.mode;
    node.classList.toggle('morphing', Boolean(morph));
    rest.style.setProperty('--done', morph ? morph.done / morph.bars : 0);
  };
  paint();
  return { node, paint };
}

/** How long a morph takes, and its curve. */
function morphing(app, state) {
  const local = {
    arguments: [{ ...app.table.row('morph').arguments[1], low: 0, high: MOST_BARS }],
    values: [state.bars],
    label: 'Morph over',
    shown: (value) => (value === 1 ? '1 bar' : `${value} bars`),
    set: ([bars]) => {
      state.bars = bars;
      local.values = [bars];
      local.tell();
    },
    reset: () => local.set([4]),
    watch: (tell) => (local.tell = tell),
    mark: (node) => Object.assign(node, { title: 'How many bars a morph takes: touch Morph, then a scene (/morph)' }),
  };
  const curve = bind(app, 'morph_curve');
  return el('div', { class: 'morph' }, stepper(local), curve && segments(curve, { label: 'Curve' }));
}

/** Banks are files: load one at the next bar line, keep the sixteen scenes as one. */
function banks(app) {
  const load = bind(app, 'bank');
  const save = bind(app, 'bank_save');
  if (!load || !save) return null;
  const list = el('select', { 'aria-label': 'Bank', onchange: () => list.value && load.act(list.value) });
  load.mark(list, false);
  const name = el('input', { type: 'text', size: 10, maxLength: 40, placeholder: 'name', 'aria-label': 'Save the scenes as a bank of this name', spellcheck: false, autocomplete: 'off' });
  const keep = el('button', { type: 'submit', class: 'push' }, 'Save');
  const paint = () => {
    const now = load.values[0] ?? '';
    const all = [...new Set([...(app.lists?.banks ?? []), now].filter(Boolean))];
    list.replaceChildren(el('option', { value: '' }, all.length ? '– no bank –' : 'no bank yet'), ...all.map((one) => el('option', { value: one }, one)));
    list.value = now;
  };
  app.store.watch('#lists', () => draw(paint));
  load.watch(() => draw(paint));
  paint();
  const submit = (event) => {
    event.preventDefault();
    const text = name.value.trim() || load.values[0];
    if (!text) return name.focus();
    save.act(text);
    name.value = '';
    return undefined;
  };
  return el('form', { class: 'banks', onsubmit: submit }, el('span', { class: 'name', 'aria-hidden': 'true' }, 'Bank'),
    el('span', { class: 'select' }, list), name, save.mark(keep));
}
