/**
 * The panel: what the daemon's table says can be moved, drawn, and kept in step.
 *
 * @typedef {object} Model
 * @property {string} name
 * @property {string} device
 * @property {number} latent
 * @property {{name: string, drums: boolean, program: number, channel: number}[]} tracks
 * @property {string[]} directions
 *
 * @typedef {object} App
 * @property {Connection} link
 * @property {Store} store
 * @property {Clock} clock
 * @property {Table} table
 * @property {Model} model
 * @property {Music} music
 * @property {{models: string[], banks: string[], maps: string[], version: string}} lists
 */

import { Clock } from './clock.js';
import { Connection, address } from './connection.js';
import { hold } from './hold.js';
import { latent } from './latent.js';
import { helping, tabs } from './layout.js';
import { learning } from './learn.js';
import { meters } from './meters.js';
import { more } from './more.js';
import { Music } from './music.js';
import { pad } from './pad.js';
import { roll } from './roll.js';
import { scenes } from './scenes.js';
import { shape } from './shape.js';
import { Sound } from './sound/sound.js';
import { soundButton } from './sound/switch.js';
import { Store } from './store.js';
import { Table } from './table.js';
import { toasts } from './toast.js';
import { tracks } from './tracks.js';
import { transport } from './transport.js';

const QUICK_PINGS = 5;
const SETTLING = 500;

/** @type {App} */
const app = {
  link: new Connection(address(location)),
  store: new Store(),
  clock: new Clock(),
  music: new Music(),
};
app.sound = new Sound(app);
globalThis.livegan = app; // for whoever looks behind the page, as its tests do

let drawn = '';

app.link.addEventListener('hello', ({ detail }) => {
  const { table, model, version, models, banks, maps } = detail;
  app.model = model;
  app.lists = { models, banks, maps, version };
  const now = JSON.stringify(table);
  if (drawn && drawn !== now) return location.reload();
  if (!drawn) {
    app.table = new Table(table);
    drawn = now;
    build();
  }
  app.music.clear();
  app.sound.forget();
  app.store.set('#lists', [app.lists]);
  app.store.set('#model', [model]);
  document.body.dataset.link = 'open';
  app.settled = false; // what was told before we came is no news
  setTimeout(() => (app.settled = true), SETTLING);
  return undefined;
});

app.link.addEventListener('open', () => {
  app.clock.forget();
  for (let ping = 0; ping < QUICK_PINGS; ping += 1) setTimeout(() => app.link.ping(), ping * 80);
});
app.link.addEventListener('closed', () => {
  document.body.dataset.link = 'closed';
  app.clock.forget();
  app.music.begin();
  app.sound.silence();
  app.store.set('#playing', [false]);
});
app.link.addEventListener('pong', ({ detail }) => app.clock.pong(detail));
app.link.addEventListener('grid', ({ detail }) => {
  if (!app.clock.grid) app.music.begin();
  app.clock.grid = detail;
  app.store.set('#playing', [true]);
});
app.link.addEventListener('stopped', () => {
  app.clock.grid = null;
  app.music.begin();
  app.sound.silence();
  app.store.set('#playing', [false]);
});
app.link.addEventListener('plan', ({ detail }) => {
  app.music.plan(detail, app.clock.step());
  app.sound.plan(detail);
});
app.link.addEventListener('played', ({ detail }) => app.music.played(detail.notes));
app.link.addEventListener('values', ({ detail }) => {
  for (const [address, values] of detail) app.store.set(address, values);
});
app.link.addEventListener('model', ({ detail }) => {
  app.model = detail;
  app.store.set('#model', [detail]);
});
for (const name of ['banks', 'maps']) {
  app.link.addEventListener(name, ({ detail }) => {
    app.lists = { ...app.lists, [name]: detail };
    app.store.set('#lists', [app.lists]);
  });
}

function build() {
  transport(app, document.querySelector('#bar'));
  for (const [name, make] of Object.entries({ roll, pad, scenes, hold, shape, tracks, latent, more })) {
    make(app, document.querySelector(`#${name}`));
  }
  meters(app);
  soundButton(app);
  learning(app);
  helping();
  toasts(app);
}

tabs(document.querySelector('#tabs'));
app.link.open();
