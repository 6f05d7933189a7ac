/** How late events are, and how long the model takes: two needles that don't jump. */

import { el, write } from './dom.js';
import { draw } from './frame.js';

/** On a scale from 0.01 ms to so much. */
const share = (ms, most) => Math.min(1, Math.max(0, Math.log10(Math.max(ms, 0.01) / 0.01) / Math.log10(most / 0.01)));

function meter(app, { address, label, help, most, good, bad, text, which = 0 }) {
  const fill = el('i', { class: 'fill' });
  const peak = el('i', { class: 'peak' });
  const shown = el('output', { class: 'value' });
  const node = el('div', { class: 'meter', role: 'meter', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': most, title: help, data: { meter: address } },
    el('span', { class: 'name' }, label), shown, el('span', { class: 'scale' }, fill, peak));
  const paint = () => {
    const values = app.store.get(address);
    const ms = values[which] ?? 0;
    const worst = values[1] ?? ms;
    node.style.setProperty('--at', share(ms, most));
    node.style.setProperty('--peak', share(worst, most));
    node.dataset.state = worst > bad ? 'bad' : worst > good ? 'fair' : 'good';
    node.setAttribute('aria-valuenow', ms.toFixed(2));
    write(shown, values.length ? text(values) : '–');
    node.setAttribute('aria-valuetext', shown.textContent);
  };
  app.store.watch(address, () => draw(paint));
  paint();
  return node;
}

const brief = (ms) => (ms < 10 ? ms.toFixed(2) : ms.toFixed(1));

export function meters(app) {
  document.querySelector('#meters').append(
    meter(app, {
      address: '/lateness', label: 'late', most: 100, good: 3, bad: 15,
      help: 'How late the last bar was sent: median and worst, in ms (/lateness)',
      text: ([median, worst]) => `${brief(median)} · ${brief(worst)} ms`,
    }),
    meter(app, {
      address: '/inference', label: 'model', most: 1000, good: 100, bad: 400,
      help: 'How long the model took for the last bar, in ms (/inference)',
      text: ([ms]) => `${brief(ms)} ms`,
    }),
  );
}
