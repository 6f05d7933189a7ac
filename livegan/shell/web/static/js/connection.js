/**
 * The line to the daemon: it comes back by itself, sends faders no oftener than they are followed, and
 * notices when nobody answers.
 */

const FIRST_WAIT = 250;
const LONGEST_WAIT = 4000;
const PING_EVERY = 2000;
const SILENT_FOR = 6000;
const TOGETHER = 12;

/** Events: `open`, `closed` (detail: ms until the next try), and one by the name of each message. */
export class Connection extends EventTarget {
  #socket = null;
  #wait = FIRST_WAIT;
  #retry = 0;
  #heard = 0;
  /** @type {Map<string, any[]>} */
  #moves = new Map();
  #sending = 0;

  constructor(url) {
    super();
    this.url = url;
    setInterval(() => this.#look(), PING_EVERY);
    addEventListener('online', () => this.#again());
    document.addEventListener('visibilitychange', () => document.hidden || this.#again());
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    clearTimeout(this.#retry);
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    this.#heard = performance.now();
    socket.onopen = () => {
      this.#wait = FIRST_WAIT;
      this.dispatchEvent(new Event('open'));
    };
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = () => socket === this.#socket && this.#lost();
  }

  /** Set a control, or press a button. Of a control that is set again and again the last value counts. */
  move(address, values = [], atOnce = true) {
    if (atOnce) {
      this.#flush();
      this.#send({ move: [address, values] });
      return;
    }
    this.#moves.delete(address);
    this.#moves.set(address, values);
    this.#sending ||= setTimeout(() => this.#flush(), TOGETHER);
  }

  ping() {
    this.#send({ ping: performance.now() });
  }

  #flush() {
    clearTimeout(this.#sending);
    this.#sending = 0;
    for (const [address, values] of this.#moves) this.#send({ move: [address, values] });
    this.#moves.clear();
  }

  #send(message) {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  #take(data) {
    this.#heard = performance.now();
    for (const [name, detail] of Object.entries(JSON.parse(data))) {
      this.dispatchEvent(new CustomEvent(name, { detail }));
    }
  }

  #look() {
    if (!this.isOpen) return;
    if (performance.now() - this.#heard > SILENT_FOR) this.#drop();
    else this.ping();
  }

  /** Nobody answers: a socket may take minutes to say so by itself. */
  #drop() {
    const socket = this.#socket;
    socket.onclose = null;
    socket.close();
    this.#lost();
  }

  #lost() {
    this.#moves.clear();
    const wait = this.#wait * (0.8 + 0.4 * Math.random());
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 1.7);
    this.#retry = setTimeout(() => this.open(), wait);
    this.dispatchEvent(new CustomEvent('closed', { detail: wait }));
  }

  /** Somebody is back at the page: no need to wait. */
  #again() {
    if (this.#socket?.readyState === WebSocket.CLOSED) this.open();
  }
}

/** Where the daemon speaks, with the token that this page was opened with. */
export function address(location) {
  const token = new URLSearchParams(location.search).get('token');
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const query = token ? `?token=${encodeURIComponent(token)}` : '';
  return `${scheme}://${location.host}/ws${query}`;
}
