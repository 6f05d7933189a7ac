/** A worker that makes samples, so that the page does not stand still meanwhile. */

import { samples } from './craft.js';

onmessage = ({ data: { name, rate } }) => {
  const made = samples(name, rate);
  postMessage({ name, made }, made.map(({ wave }) => wave.buffer));
};
