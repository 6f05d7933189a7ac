/** The scrolling piano roll: what was played on the left, what is planned on the right of the line. */

import { STEPS_PER_BAR, STEPS_PER_BEAT, swung } from './clock.js';
import { el } from './dom.js';
import { calm, draw } from './frame.js';
import { colours } from './colours.js';

const BEHIND_BARS = 3;
const AHEAD_BARS = 2;
const FADING = 450;
const FRESH = 600;
const LEAST_PITCHES = 30;
const SILENCING = /^\/track\/\d+\/(mute|solo)$/;
/** Of notes on a channel that is no track's: an answer, an echo. */
const OTHERS = '#ffffff';

export function roll(app, node) {
  const canvas = el('canvas', { role: 'img', 'aria-label': 'Notes that were played, and those of the bar to come' });
  node.append(canvas, legend(app));
  const context = canvas.getContext('2d', { alpha: false });
  const view = { low: 36, high: 84, wide: 0, tall: 0, scale: 1 };
  let last = -1;
  let moving = false;
  let hidden = false;

  new ResizeObserver(([{ contentRect }]) => {
    view.scale = Math.min(2, devicePixelRatio || 1);
    view.wide = Math.round(contentRect.width);
    view.tall = Math.round(contentRect.height);
    canvas.width = view.wide * view.scale;
    canvas.height = view.tall * view.scale;
    last = -1;
    draw(paint);
  }).observe(node);
  new IntersectionObserver(([{ isIntersecting }]) => {
    hidden = !isIntersecting;
    draw(paint);
  }).observe(node);

  for (const address of ['#playing', '#model', '/swing', '/track/1/mute']) app.store.watch(address, () => draw(paint));
  app.link.addEventListener('plan', () => draw(paint));
  app.link.addEventListener('played', () => draw(paint));

  function paint(now) {
    const step = app.clock.step();
    moving = step !== null && !hidden;
    const here = step ?? 0;
    const at = calm() ? Math.floor(here / STEPS_PER_BEAT) * STEPS_PER_BEAT : here;
    const state = at + app.music.changes * 1e6 + app.music.ghosts.length * 1e3;
    if (state !== last || app.music.ghosts.length) {
      last = state;
      picture(context, view, app, step === null ? null : at, now);
    }
    if (moving || app.music.ghosts.length) draw(paint);
  }
}

/** Whose colour is whose. */
function legend(app) {
  const node = el('div', { class: 'legend', 'aria-hidden': 'true' });
  const paint = () => {
    const palette = colours(app.model);
    node.replaceChildren(...app.model.tracks.map(({ name }, place) => el('span', {
      style: `color: ${palette[place]}`, class: silenced(app, place + 1) ? 'off' : '',
    }, name.toLowerCase())));
  };
  app.store.watch('#model', () => draw(paint));
  app.store.watchAll((_, address) => SILENCING.test(address) && draw(paint));
  return node;
}

/** Widen the range of pitches at once, narrow it hardly ever: nothing jumps. */
function fit(view, notes) {
  let low = view.low;
  let high = view.high;
  for (const { pitch } of notes) {
    if (pitch < low) low = Math.max(0, pitch - 3);
    if (pitch > high) high = Math.min(127, pitch + 3);
  }
  if (high - low < LEAST_PITCHES) high = low + LEAST_PITCHES;
  view.low = low;
  view.high = high;
}

function picture(context, view, app, here, now) {
  const { wide, tall, scale } = view;
  if (!wide || !tall) return;
  const share = app.store.get('/swing')[0] ?? 0;
  const grid = Number(app.store.get('/swing/grid')[0] ?? 16);
  const step = here ?? 0;
  const notes = [...app.music.notes(step)];
  fit(view, notes);
  const perStep = wide / ((BEHIND_BARS + AHEAD_BARS) * STEPS_PER_BAR);
  const line = Math.round(BEHIND_BARS * STEPS_PER_BAR * perStep);
  const x = (place) => line + (place - step) * perStep;
  const row = tall / (view.high - view.low + 1);
  const y = (pitch) => tall - (pitch - view.low + 1) * row;

  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = '#0e1116';
  context.fillRect(0, 0, wide, tall);
  context.fillStyle = '#12161d';
  context.fillRect(line, 0, wide - line, tall);
  for (let c = Math.ceil(view.low / 12) * 12; c <= view.high; c += 12) {
    context.fillStyle = '#1b212b';
    context.fillRect(0, Math.round(y(c) + row), wide, 1);
  }
  const first = Math.floor((step - BEHIND_BARS * STEPS_PER_BAR) / STEPS_PER_BEAT);
  context.font = '500 11px Inter, system-ui, sans-serif';
  for (let beat = first; beat <= first + (BEHIND_BARS + AHEAD_BARS) * 4 + 1; beat += 1) {
    const at = Math.round(x(beat * STEPS_PER_BEAT));
    const bar = beat % 4 === 0;
    context.fillStyle = bar ? '#39424f' : '#1b212b';
    context.fillRect(at, 0, 1, tall);
    if (bar && beat >= 0) {
      context.fillStyle = '#8e98a8';
      context.fillText(String(beat / 4 + 1), at + 5, 13);
    }
  }

  const palette = colours(app.model);
  const thick = Math.max(2, row - 1);
  for (const note of notes) {
    const from = x(swung(note.start, share, grid));
    const to = x(swung(note.end, share, grid));
    if (to < 0 || from > wide) continue;
    const colour = palette[note.track - 1] ?? OTHERS;
    const long = Math.max(3, to - from - 1);
    const sounds = here !== null && note.start <= step && note.end > step;
    const planned = here === null || note.start > step;
    const silent = silenced(app, note.track);
    context.fillStyle = colour;
    context.globalAlpha = silent ? 0.15 : sounds ? 1 : planned ? 0.34 : 0.35 + 0.4 * (note.velocity / 127);
    context.fillRect(from, y(note.pitch), long, thick);
    if (sounds && !silent) {
      context.globalAlpha = 0.22;
      context.fillRect(from - 2, y(note.pitch) - 2, long + 4, thick + 4);
      context.globalAlpha = 0.9;
      context.fillStyle = '#fff';
      context.fillRect(Math.max(from, line - 2), y(note.pitch), 2, thick);
    } else if (planned && note.born && now - note.born < FRESH && !calm()) {
      context.globalAlpha = 0.6 * (1 - (now - note.born) / FRESH);
      context.fillStyle = '#fff';
      context.fillRect(from, y(note.pitch), long, thick);
    }
  }
  app.music.ghosts = app.music.ghosts.filter((ghost) => now - ghost.gone < FADING);
  context.lineWidth = 1;
  for (const ghost of app.music.ghosts) {
    context.globalAlpha = 0.6 * (1 - (now - ghost.gone) / FADING);
    context.strokeStyle = palette[ghost.track - 1] ?? OTHERS;
    context.strokeRect(x(ghost.start) + 0.5, y(ghost.pitch) + 0.5, Math.max(2, (ghost.end - ghost.start) * perStep - 2), Math.max(1, thick - 1));
  }
  context.globalAlpha = 1;
  context.fillStyle = here === null ? '#4a5463' : '#ffb454';
  context.fillRect(line - 1, 0, 2, tall);
}

/** Whether a track is heard at all, as its switches and the others' solos say. */
export function silenced(app, track) {
  if (app.store.get(`/track/${track}/mute`)[0]) return true;
  const solos = app.model.tracks.some((_, place) => app.store.get(`/track/${place + 1}/solo`)[0]);
  return solos && !app.store.get(`/track/${track}/solo`)[0];
}
