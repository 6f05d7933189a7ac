/** One colour a track, bright enough on the stage's dark to be read as text. */

const TRACKS = ['#ffb454', '#5ad1c8', '#b79cff', '#ff8fa3', '#9bdb6c', '#6db8ff', '#f79a62', '#e8d85a'];
const DRUMS = '#aeb9c9';

/** @param {import('./main.js').Model} model */
export function colours(model) {
  let place = 0;
  return model.tracks.map((track) => (track.drums ? DRUMS : TRACKS[place++ % TRACKS.length]));
}

/** A scene's own hue, in degrees. */
export const hue = (scene) => (40 + (scene - 1) * 67.5) % 360;
