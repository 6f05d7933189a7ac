/** The button that lets the page sound, and how loud. */

import { turn } from '../controls/turning.js';
import { el, write } from '../dom.js';
import { draw } from '../frame.js';
import { icon } from '../icons.js';

export function soundButton(app) {
  const { sound } = app;
  const text = el('span', {});
  const button = el('button', { type: 'button', class: 'push sound-on', title: 'Hear the music in this browser', onclick: () => sound.turn(!sound.on).catch((error) => app.say(`No sound: ${error.message}`, true)) },
    icon('sound'), text);
  const level = el('div', {
    class: 'volume track', role: 'slider', tabIndex: 0, 'aria-label': 'Volume in this browser', 'aria-valuemin': 0, 'aria-valuemax': 100, title: 'Volume in this browser',
  }, el('i', { class: 'fill' }), el('i', { class: 'grip' }));
  const paint = () => {
    button.setAttribute('aria-pressed', String(sound.on));
    button.dataset.loading = String(Boolean(sound.on && sound.loading));
    write(text, sound.on ? (sound.loading ? 'Loading' : 'Sound') : 'Sound on');
    button.setAttribute('aria-label', sound.on ? 'Sound off' : 'Sound on');
    level.style.setProperty('--at', sound.volume);
    level.style.setProperty('--from', 0);
    level.style.setProperty('--long', sound.volume);
    level.setAttribute('aria-valuenow', String(Math.round(sound.volume * 100)));
    level.setAttribute('aria-valuetext', `${Math.round(sound.volume * 100)} %`);
  };
  turn(level, {
    low: 0, high: 1, whole: false, axis: 'x', get travel() { return level.clientWidth || 80; }, get: () => sound.volume,
    set: (value) => {
      sound.volume = value;
      draw(paint);
    },
    reset: () => {
      sound.volume = 0.7;
      draw(paint);
    },
  });
  sound.addEventListener('change', () => draw(paint));
  document.querySelector('#sound').append(button, el('div', { class: 'fader lying' }, level));
  paint();
}
