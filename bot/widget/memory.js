// What the browser keeps: the conversation for all tabs, unsent words for their own.

const KEPT = {
  conversation: ["localStorage", null], // {id, token}
  language: ["localStorage", null], // picked by hand
  seen: ["localStorage", null], // id of the last message shown
  ticked: ["localStorage", []], // papers the person has
  outbox: ["sessionStorage", []],
  draft: ["sessionStorage", ""],
  isOpen: ["sessionStorage", false],
};

/** Everything the widget stores, as properties, under one name for each desk. */
export class Memory {
  constructor(base) {
    const unstored = {}; // where the browser forbids storage
    for (const [key, [storage, none]] of Object.entries(KEPT)) {
      const name = `ieum ${base} ${key}`;
      const get = () => {
        try {
          return JSON.parse(window[storage].getItem(name)) ?? none;
        } catch {
          return unstored[key] ?? none;
        }
      };
      const set = (value) => {
        try {
          window[storage].setItem(name, JSON.stringify(value));
        } catch {
          unstored[key] = value;
        }
      };
      Object.defineProperty(this, key, { get, set });
    }
  }

  /** Forgets everything but the language. */
  forget() {
    for (const key of ["conversation", "seen", "ticked", "outbox", "draft"]) this[key] = KEPT[key][1];
  }
}
