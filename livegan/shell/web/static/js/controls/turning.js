/**
 * What knobs, faders and number boxes have in common: a value in a range that is dragged, wheeled,
 * typed with arrow keys, and goes back by a double click.
 */

const FINE = 0.1;
const KEYS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };
const SCROLLED = 250;
let scrolled = 0;
addEventListener('scroll', () => (scrolled = performance.now()), { capture: true, passive: true });

/**
 * @typedef {object} Turned
 * @property {() => number} get the value now
 * @property {(value: number) => void} set within the range already
 * @property {() => void} reset
 * @property {() => void} [clear] leave it to the model
 * @property {number} low
 * @property {number} high
 * @property {boolean} whole
 * @property {number} [travel] pixels for the whole range
 * @property {(event: PointerEvent) => number} [place] where on it a finger is, 0 to 1: it jumps there
 * @property {'both'|'x'|'y'} [axis]
 */

/**
 * @param {HTMLElement} node
 * @param {Turned} turned
 */
export function turn(node, turned) {
  const { low, high, whole, axis = 'both' } = turned;
  const range = high - low;
  const travel = turned.travel ?? (whole ? Math.max(120, Math.min(260, range * 9)) : 200);
  const small = whole ? 1 : range / 100;
  let held = null;

  const put = (value) => {
    const within = Math.min(high, Math.max(low, value));
    turned.set(whole ? Math.round(within) : within);
  };

  node.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || node.ariaDisabled === 'true') return;
    node.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
    if (turned.place) put(low + range * turned.place(event));
    held = { id: event.pointerId, x: event.clientX, y: event.clientY, value: turned.get(), moved: false };
    node.classList.add('held');
    event.preventDefault();
  });
  node.addEventListener('pointermove', (event) => {
    if (held?.id !== event.pointerId) return;
    const right = axis === 'y' ? 0 : event.clientX - held.x;
    const up = axis === 'x' ? 0 : held.y - event.clientY;
    if (!right && !up) return;
    held.x = event.clientX;
    held.y = event.clientY;
    const far = ((right + up) / travel) * range * (event.shiftKey ? FINE : 1);
    held.value = Math.min(high, Math.max(low, held.value + far));
    put(held.value);
  });
  const release = (event) => {
    if (held?.id !== event.pointerId) return;
    held = null;
    node.classList.remove('held');
  };
  node.addEventListener('pointerup', release);
  node.addEventListener('pointercancel', release);
  node.addEventListener('dblclick', () => turned.reset());

  let rest = 0;
  node.addEventListener('wheel', (event) => {
    if (performance.now() - scrolled < SCROLLED && document.activeElement !== node) return;
    event.preventDefault();
    const notches = -Math.sign(event.deltaY || -event.deltaX) * Math.min(1, Math.abs(event.deltaY || event.deltaX) / 50);
    rest += notches * (event.shiftKey ? FINE : 1);
    const far = whole ? Math.trunc(rest) : rest * 2;
    rest = whole ? rest - far : 0;
    if (far) put(turned.get() + far * small);
  }, { passive: false });

  node.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const steps = KEYS[event.key];
    if (steps) put(turned.get() + steps * small * (event.shiftKey && !whole ? FINE : 1));
    else if (event.key === 'Home') put(low);
    else if (event.key === 'End') put(high);
    else if (event.key === 'Enter' && !turned.enter) turned.reset();
    else if ((event.key === 'Delete' || event.key === 'Backspace') && turned.clear) turned.clear();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
