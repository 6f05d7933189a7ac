/** Pages of the narrow screen and of the deck, and the line that says what one points at. */

import { el, write } from './dom.js';
import { icon } from './icons.js';

const PAGES = { pad: 'Pad', scenes: 'Scenes', shape: 'Shape', tracks: 'Tracks', latent: 'Latent', more: 'More' };
const ALWAYS = new Set(['pad', 'scenes']);
const wide = matchMedia('(min-width: 700px)');

/** Tabs: on a wide screen pad and scenes are always there, and the others share the deck. */
export function tabs(node) {
  const list = el('div', { role: 'tablist', 'aria-label': 'Pages' });
  const buttons = Object.entries(PAGES).map(([page, label]) => el('button', {
    type: 'button', role: 'tab', id: `tab-${page}`, data: { page }, 'aria-controls': page,
    onclick: () => show(page),
  }, icon(page), el('span', {}, label)));
  list.append(...buttons);
  node.append(list);
  list.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const seen = buttons.filter((button) => button.offsetParent);
    const next = seen[(seen.indexOf(document.activeElement) + step + seen.length) % seen.length];
    next.focus();
    show(next.dataset.page);
  });

  function show(page) {
    document.body.dataset.tab = page;
    for (const button of buttons) {
      const on = button.dataset.page === page;
      button.ariaSelected = String(on);
      button.tabIndex = on ? 0 : -1;
    }
    try {
      sessionStorage.setItem('page', page);
    } catch { /* a browser that keeps nothing */ }
  }

  const fit = () => {
    const now = document.body.dataset.tab;
    show(wide.matches && ALWAYS.has(now) ? 'shape' : now);
  };
  let kept = null;
  try {
    kept = sessionStorage.getItem('page');
  } catch { /* a browser that keeps nothing */ }
  document.body.dataset.tab = kept in PAGES ? kept : 'pad';
  wide.addEventListener('change', fit);
  fit();
}

/** What the pointer or the focus is on, in one quiet line that takes no room from anything. */
export function helping() {
  const line = document.querySelector('#help');
  const tell = ({ target }) => write(line, target.closest?.('[title]')?.title ?? '');
  document.addEventListener('pointerover', tell);
  document.addEventListener('focusin', tell);
}
