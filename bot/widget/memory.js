// What the browser keeps. The conversation is shared by all tabs of the site;
// unsent words belong to the tab they were written in.

/** Everything the widget stores, under one name for each desk. */
export class Memory {
  #name;

  constructor(base) {
    this.#name = `ieum ${base}`;
  }

  /** {id, token} or null. */
  get conversation() {
    return this.#read("localStorage", "conversation") ?? null;
  }

  set conversation(value) {
    this.#write("localStorage", "conversation", value);
  }

  /** The language the person picked by hand, or null. */
  get language() {
    return this.#read("localStorage", "language") ?? null;
  }

  set language(value) {
    this.#write("localStorage", "language", value);
  }

  /** Papers ticked as "I have it": their names. */
  get ticked() {
    return this.#read("localStorage", "ticked") ?? [];
  }

  set ticked(value) {
    this.#write("localStorage", "ticked", value);
  }

  /** Messages the desk does not have yet. */
  get outbox() {
    return this.#read("sessionStorage", "outbox") ?? [];
  }

  set outbox(value) {
    this.#write("sessionStorage", "outbox", value);
  }

  /** Text that was typed and not sent. */
  get draft() {
    return this.#read("sessionStorage", "draft") ?? "";
  }

  set draft(value) {
    this.#write("sessionStorage", "draft", value);
  }

  get isOpen() {
    return this.#read("sessionStorage", "open") ?? false;
  }

  set isOpen(value) {
    this.#write("sessionStorage", "open", value);
  }

  /** Forgets everything but the language. */
  forget() {
    this.conversation = null;
    this.ticked = [];
    this.outbox = [];
    this.draft = "";
  }

  #unstored = new Map(); // where the browser forbids storage, this page's life has to do

  #read(storage, key) {
    try {
      return JSON.parse(window[storage].getItem(`${this.#name} ${key}`));
    } catch {
      return this.#unstored.get(key);
    }
  }

  #write(storage, key, value) {
    try {
      window[storage].setItem(`${this.#name} ${key}`, JSON.stringify(value));
    } catch {
      this.#unstored.set(key, value);
    }
  }
}
