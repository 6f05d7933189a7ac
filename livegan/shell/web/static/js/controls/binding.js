/** A control of the table, at one address: what it is, what it is set to, and how to set it. */

import { at, called, shown } from '../table.js';

export class Binding {
  /**
   * @param {import('../main.js').App} app
   * @param {import('../table.js').Row} row
   * @param {number} [place] the number in its address, where it has one
   */
  constructor(app, row, place) {
    this.app = app;
    this.row = row;
    this.place = place;
    this.address = row.index ? at(row, place) : row.address;
    this.arguments = row.arguments;
  }

  get label() {
    return called(this.row);
  }

  get values() {
    return this.app.store.get(this.address);
  }

  /** What people read when they point at it. */
  get help() {
    return `${this.row.help} (${this.address})`;
  }

  /** Set it: here at once, there as soon as the line takes it. */
  set(values, atOnce = false) {
    if (this.row.readable) this.app.store.set(this.address, values);
    this.app.link.move(this.address, values, atOnce);
  }

  /** Press it, or do what it does with these values. */
  act(...values) {
    this.app.link.move(this.address, values);
  }

  /** What it is at first. */
  reset() {
    this.app.link.move('/default', [this.address]);
  }

  watch(tell) {
    return this.app.store.watch(this.address, tell);
  }

  /** One of its values in its unit. */
  shown(value, which = 0) {
    return shown(this.arguments[which], value, this.row);
  }

  /** Mark what moves it on the page: for learning, for its help, for tests. */
  mark(node, named = true) {
    node.dataset.address = this.address;
    node.title = this.help;
    if (named && !node.hasAttribute('aria-label')) node.setAttribute('aria-label', this.label);
    return node;
  }
}

/** Bind a row by its name, or nothing where this daemon lacks it. */
export function bind(app, name, place) {
  const row = app.table.row(name);
  return row ? new Binding(app, row, place) : null;
}
