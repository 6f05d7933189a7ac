/** What went wrong, and what was done, in one quiet line that goes by itself. */

import { write } from './dom.js';

const SECONDS = 6;

export function toasts(app) {
  const line = document.querySelector('#toast');
  let going = 0;
  const say = (text, bad = false) => {
    write(line, text);
    line.dataset.kind = bad ? 'bad' : 'good';
    line.classList.add('shown');
    clearTimeout(going);
    going = setTimeout(() => line.classList.remove('shown'), SECONDS * 1000);
  };
  app.say = say;
  const told = (address, text, bad) => app.store.watch(address, (values) => app.settled && say(text(values), bad));
  told('/error', ([what, why]) => (what ? `${what.replace('/livegan', '')}: ${why}` : why), true);
  told('/kept', ([file]) => `Kept as ${file}`);
  told('/liked', ([bar]) => `Bar ${bar} is marked`);
  told('/captured', (values) => `Captured: scene ${values[0]}`);
  told('/port', ([port, there]) => (there ? `MIDI port ${port} is back` : `MIDI port ${port} is gone`));
  let link = 'open';
  new MutationObserver(() => {
    const now = document.body.dataset.link;
    if (now !== link && now === 'open') say('Back in step with livegan');
    link = now;
  }).observe(document.body, { attributeFilter: ['data-link'] });
}
