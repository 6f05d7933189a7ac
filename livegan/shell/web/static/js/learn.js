/** MIDI learn: touch a control on the page, move a controller, and it is bound. */

import { bind } from './controls/binding.js';
import { el, write } from './dom.js';

export function learning(app) {
  const button = document.querySelector('#learn');
  const learn = bind(app, 'learn');
  if (!learn) {
    button.hidden = true;
    return;
  }
  const on = () => document.body.classList.contains('learning');
  const start = (yes) => {
    document.body.classList.toggle('learning', yes);
    button.setAttribute('aria-pressed', String(yes));
    if (!yes && learn.values[0]) learn.act();
    if (yes) app.say('Touch a control, then move your controller');
  };
  button.addEventListener('click', () => start(!on()));
  addEventListener('keydown', (event) => event.key === 'Escape' && on() && start(false));

  const take = (event) => {
    if (!on() || event.target.closest('#learn')) return;
    const node = event.target.closest('[data-address]');
    if (!node && !event.target.closest('button, select, input')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (node && (event.type === 'pointerdown' || (event.type === 'keydown' && event.key === 'Enter'))) {
      learn.act(node.dataset.address);
    }
  };
  for (const type of ['pointerdown', 'mousedown', 'click', 'dblclick', 'wheel']) addEventListener(type, take, { capture: true, passive: false });
  addEventListener('keydown', (event) => event.key === 'Enter' && take(event), { capture: true });

  const short = (address) => address.replace(/^\/livegan/, '');
  let waiting = '';
  learn.watch(([address = '']) => {
    for (const node of document.querySelectorAll('.awaits')) node.classList.remove('awaits');
    const name = short(address);
    if (name) {
      for (const node of document.querySelectorAll(`[data-address="${CSS.escape(name)}"]`)) node.classList.add('awaits');
      app.say(`Move a controller for ${name}`);
    } else if (waiting) app.say(`Learned, or let go: ${waiting}`);
    waiting = name;
  });
  bound(app, short);
}

/** What moves what, as the daemon tells it by /midi/bound: an address, and the controller that moves it. */
function bound(app, short) {
  const known = new Map();
  const paint = () => {
    const line = document.querySelector('#bound');
    if (!line) return;
    const forget = bind(app, 'forget');
    line.replaceChildren(...[...known].map(([address, by]) => el('button', {
      type: 'button', class: 'push bound', title: `Forget this controller (${address})`, onclick: () => forget?.act(address),
    }, `${by} → ${address} ×`)));
    for (const node of document.querySelectorAll('[data-bound]')) delete node.dataset.bound;
    for (const [address, by] of known) {
      for (const node of document.querySelectorAll(`[data-address="${CSS.escape(address)}"]`)) node.dataset.bound = by;
    }
  };
  app.store.watch('/midi/bound', ([address = '', by = '']) => {
    if (!address) known.clear();
    else if (by) known.set(short(address), by);
    else known.delete(short(address));
    paint();
  });
  write(document.querySelector('#bound') ?? el('p'), '');
}
