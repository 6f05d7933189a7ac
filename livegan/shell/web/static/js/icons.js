/** Line drawings on a grid of 24, as paths. */

import { svg } from './dom.js';

const PATHS = {
  play: 'M7 4.5v15l12.5-7.5z',
  stop: 'M6 6h12v12H6z',
  panic: 'M12 3 22 20H2zM12 10v5M12 17.6v.2',
  undo: 'M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-4',
  redo: 'm16 5 4 4-4 4M20 9H10a5.5 5.5 0 0 0 0 11h4',
  dice: 'M4 4h16v16H4zM8.5 8.5v.1M15.5 8.5v.1M12 12v.1M8.5 15.5v.1M15.5 15.5v.1',
  mutate: 'M4 18c4 0 4-12 8-12s4 12 8 12M4 6c1.500 0 2.500 1 3.500 2.500M20 6c-1.500 0-2.500 1-3.500 2.500',
  back: 'M19 12H6M11 6l-6 6 6 6',
  freeze: 'M12 2v20M3.500 7l17 10M20.500 7l-17 10M9 3.500l3 2.500 3-2.500M9 20.500l3-2.500 3 2.500',
  loop: 'M17 3l4 4-4 4M21 7H8a5 5 0 0 0-5 5M7 21l-4-4 4-4M3 17h13a5 5 0 0 0 5-5',
  again: 'M4 12a8 8 0 1 0 2.500-5.800M4 4v5h5',
  like: 'M12 20.500C5 16 3 12.500 3 9.200 3 6.500 5 4.500 7.500 4.500c1.900 0 3.500 1 4.500 2.800 1-1.800 2.600-2.800 4.500-2.800 2.500 0 4.500 2 4.500 4.700 0 3.300-2 6.800-9 11.300z',
  keep: 'M12 3v12M7 10l5 5 5-5M4 20h16',
  record: 'M12 6a6 6 0 1 0 0 12 6 6 0 0 0 0-12z',
  metronome: 'M9 3h6l4 18H5zM12 16l6-9M6.500 15h11',
  sound: 'M4 9v6h4l5 4V5L8 9zM16.500 8.500a5 5 0 0 1 0 7M19 6a8.500 8.500 0 0 1 0 12',
  silent: 'M4 9v6h4l5 4V5L8 9zM17 9.500l5 5M22 9.500l-5 5',
  learn: 'M4 8h16v9H4zM8 8v5M12 8v5M16 8v5M12 4v2',
  pad: 'M4 4h16v16H4zM15 9.500a1.500 1.500 0 1 0 0 .1M4 14h7M11 20V4',
  scenes: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z',
  shape: 'M6 4v16M12 4v16M18 4v16M3.500 9h5M9.500 15h5M15.500 8h5',
  tracks: 'M4 6h10M4 12h16M4 18h7M18 6h2M15 18h5',
  latent: 'M12 12m-8.500 0a8.500 8.500 0 1 0 17 0 8.500 8.500 0 1 0-17 0M3.500 12c4 3.500 13 3.500 17 0M12 3.500c-4 4-4 13 0 17',
  more: 'M5 12v.1M12 12v.1M19 12v.1',
};
const FILLED = new Set(['play', 'stop', 'record']);

/** @param {string} name */
export function icon(name) {
  const style = FILLED.has(name) ? { fill: 'currentColor', stroke: 'none' } : {};
  const path = svg('path', { d: PATHS[name], ...style });
  return svg('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' }, path);
}
