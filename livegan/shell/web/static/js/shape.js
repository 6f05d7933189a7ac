/** Shaping, made from the table: what the model is asked, and what becomes of its notes. */

import { group } from './controls/auto.js';

export function shape(app, node) {
  const rows = app.table.part('shape');
  const asked = rows.filter((row) => row.arguments[0]?.optional || row.name === 'key');
  const rest = rows.filter((row) => !asked.includes(row) && row.name !== 'rhythm');
  const is = (row, ...words) => words.some((word) => row.address.startsWith(word));
  const pitch = rest.filter((row) => is(row, '/range', '/transpose', '/scale'));
  const notes = rest.filter((row) => !pitch.includes(row));
  for (const [title, some] of [['Ask the model', asked], ['How notes are played', notes], ['Which pitches', pitch]]) {
    const made = group(app, title, some);
    if (made) node.append(made);
  }
}
