/** What the instrument told: values by address, and who wants to know. */

export class Store {
  /** @type {Map<string, any[]>} */
  #values = new Map();
  /** @type {Map<string, Set<(values: any[], address: string) => void>>} */
  #watchers = new Map();
  /** @type {Set<(values: any[], address: string) => void>} */
  #all = new Set();

  /** The values of an address, none if nothing was told yet. */
  get(address) {
    return this.#values.get(address) ?? [];
  }

  has(address) {
    return this.#values.has(address);
  }

  set(address, values) {
    this.#values.set(address, values);
    for (const tell of [...(this.#watchers.get(address) ?? []), ...this.#all]) tell(values, address);
  }

  /** Be told now, if there is something, and from now on. Returns what ends it. */
  watch(address, tell) {
    let watchers = this.#watchers.get(address);
    if (!watchers) this.#watchers.set(address, (watchers = new Set()));
    watchers.add(tell);
    if (this.#values.has(address)) tell(this.#values.get(address), address);
    return () => watchers.delete(tell);
  }

  watchAll(tell) {
    this.#all.add(tell);
    return () => this.#all.delete(tell);
  }
}
