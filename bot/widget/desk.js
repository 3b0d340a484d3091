// <ieum-desk>: the button in the corner, the window it opens, and the messages in it.

import { besideCard, drawCard } from "./cards.js";
import { Conversation } from "./conversation.js";
import { element } from "./elements.js";
import { LANGUAGES, Words, loadWords, pickLanguage } from "./language.js";
import { Memory } from "./memory.js";
import { styles } from "./style.js";

const BASE = new URL(".", import.meta.url).href;
const TYPING_MS = 30000;
const PHRASES_AGAIN_MS = 3000;
const NARROW = matchMedia("(max-width: 40rem)"); // the window fills the screen: see style.js
const TOUCH = matchMedia("(pointer: coarse)");

/**
 * The desk on a page. Attribute `language`: one of the desk's languages, or "auto".
 * A link to `#ieum-desk` on the same page opens it, `#ieum-desk=vi` in that language.
 */
export class Desk extends HTMLElement {
  #memory = new Memory(BASE);
  #conversation = new Conversation(BASE, this.#memory);
  #words = new Words("en");
  #drawing = Promise.resolve(); // messages are drawn one after the other
  #ids = new Set(); // of messages that are drawn
  #own = new Map(); // key → bubble of what the person sent from here
  #day = null; // of the last drawn message
  #typing = 0; // the timer that ends the sign of it
  #refs = {}; // the elements that change

  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styles];
    root.append(...this.#frame());
    this.#listen();
    const wish = this.getAttribute("language");
    const wanted = wish && wish !== "auto" ? [wish] : navigator.languages;
    this.#useLanguage(this.#memory.language ?? pickLanguage(wanted));
    if (this.#memory.isOpen) this.#show({ reload: true });
    addEventListener("hashchange", () => this.#followHash());
    this.#followHash();
  }

  /** Shows the window, and begins or takes up the conversation. */
  open() {
    this.#show({ reload: false });
    this.#focusWriting();
  }

  close() {
    this.#refs.panel.close(); // "close" does the rest, as for Escape
  }

  // Everything that does not change with the conversation.
  #frame() {
    const refs = this.#refs;
    const button = (id, onclick, attributes = {}) =>
      element("button", { type: "button", "data-say": id, onclick, ...attributes });
    refs.launcher = button("open", () => this.open(), { class: "launcher" });
    refs.language = element(
      "select",
      { "data-name": "language", onchange: () => this.#chooseLanguage(refs.language.value) },
      ...Object.entries(LANGUAGES).map(([code, name]) =>
        element("option", { value: code, lang: code }, name),
      ),
    );
    refs.log = element("div", {
      class: "log",
      role: "log",
      "aria-live": "polite",
      "aria-relevant": "additions",
      "data-name": "log",
      tabindex: "0",
    });
    refs.typing = element("p", { class: "typing", hidden: true, "aria-hidden": "true" });
    refs.typing.append(element("i"), element("i"), element("i"));
    refs.state = element("p", { class: "state", role: "status" });
    refs.text = element("textarea", {
      rows: "1",
      dir: "auto",
      "data-name": "write",
      "data-hint": "write",
      oninput: () => (this.#memory.draft = refs.text.value),
      onkeydown: (event) => this.#onKey(event),
    });
    refs.text.value = this.#memory.draft;
    refs.confirm = element(
      "dialog",
      { class: "confirm", "data-name": "delete", onclose: () => this.#focusAgain() },
      (refs.question = element("p", { role: "status" })),
      element(
        "div",
        { class: "buttons" },
        button("delete_no", () => refs.confirm.close()),
        button("delete_yes", () => this.#erase(), { class: "danger" }),
      ),
    );
    const askToErase = () => {
      refs.question.textContent = this.#words.say("delete_ask");
      refs.confirm.showModal();
    };
    const askHuman = () => this.#send({ choice: "act:human", label: this.#words.say("human") });
    refs.panel = element(
      "dialog",
      { class: "panel", "data-name": "title", onclose: () => this.#closed() },
      element(
        "div",
        { class: "top" },
        element("h2", { "data-say": "title" }),
        refs.language,
        element("button", {
          type: "button",
          class: "close",
          "data-name": "close",
          onclick: () => this.close(),
        }),
      ),
      refs.log,
      refs.typing,
      refs.state,
      element(
        "form",
        {
          onsubmit: (event) => {
            event.preventDefault();
            this.#submit();
          },
        },
        refs.text,
        element("button", { class: "send", "data-say": "send" }),
      ),
      element("div", { class: "bottom" }, button("human", askHuman), button("delete", askToErase)),
    );
    refs.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) this.close();
    });
    return [refs.panel, refs.launcher, refs.confirm];
  }

  #listen() {
    const on = (type, act) =>
      this.#conversation.addEventListener(type, ({ detail }) => {
        this.#drawing = this.#drawing.then(() => act(detail)).catch(console.error);
      });
    on("state", (state) => {
      const said = { connecting: "connecting", offline: "offline" }[state];
      this.#refs.state.dataset.say = said ?? "";
      this.#label();
    });
    on("history", (messages) => this.#drawHistory(messages));
    on("message", (message) => this.#draw(message));
    on("typing", () => this.#showTyping());
    on("stored", (key) => this.#own.get(key)?.classList.remove("waiting"));
    on("refused", ({ key, text, title }) => {
      this.#own.get(key)?.remove();
      if (text && !this.#refs.text.value) this.#refs.text.value = this.#memory.draft = text;
      this.#remark(title);
    });
    on("gone", () => this.#remark(this.#words.say("gone")));
  }

  #show({ reload }) {
    const { panel } = this.#refs;
    if (!panel.open) {
      if (NARROW.matches) panel.showModal();
      else if (reload) panel.open = true; // show() would take the focus from the page
      else panel.show();
    }
    this.#memory.isOpen = true;
    this.#begin();
    this.#toLast();
  }

  #begin() {
    this.#conversation.open(this.lang, !this.#memory.language);
  }

  // Not on a touch screen, where a keyboard would come up and hide the answer.
  #focusWriting() {
    (TOUCH.matches ? this.#refs.log : this.#refs.text).focus();
  }

  // Where the question before erasing was, after it is answered.
  #focusAgain() {
    (this.#refs.log.querySelector(".begin") ?? this.#refs.text).focus();
  }

  #closed() {
    this.#memory.isOpen = false;
    this.#refs.launcher.focus();
  }

  #followHash() {
    const [, language] = /^#ieum-desk(?:=(\w+))?$/.exec(location.hash) ?? [null, null];
    if (language === null) return;
    history.replaceState(null, "", location.pathname + location.search); // so that it works again
    if (language in LANGUAGES) {
      this.#memory.language = language;
      this.#useLanguage(language).then(() => this.open());
    } else {
      this.open();
    }
  }

  // --- words

  async #useLanguage(language) {
    this.#refs.language.value = language;
    this.lang = language;
    try {
      this.#words = await loadWords(BASE, language);
    } catch {
      this.#words = this.#words.language === language ? this.#words : new Words(language);
      setTimeout(() => this.#useLanguage(this.lang), PHRASES_AGAIN_MS);
    }
    this.#label();
  }

  // Writes the words into everything that is marked with one.
  #label() {
    const marked = (name) => this.shadowRoot.querySelectorAll(`[data-${name}]`);
    for (const node of marked("say")) {
      node.textContent = node.dataset.say && this.#words.say(node.dataset.say);
    }
    for (const node of marked("name")) {
      node.setAttribute("aria-label", this.#words.say(node.dataset.name));
    }
    for (const node of marked("hint")) node.placeholder = this.#words.say(node.dataset.hint);
  }

  // The desk found out what is spoken here. English it also answers where it only
  // understands a language, so that says nothing.
  async #follow(language) {
    const settled = this.#memory.language || language === "en" || language === this.lang;
    if (!settled) await this.#useLanguage(language);
  }

  #chooseLanguage(language) {
    this.#memory.language = language;
    this.#useLanguage(language);
    this.#send({ choice: `language:${language}`, label: LANGUAGES[language] });
  }

  // --- sending

  #onKey(event) {
    // While an input method composes, Enter picks a word (229: Safari says it only so).
    const composes = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composes) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    const text = this.#refs.text.value.trim();
    if (!text) return;
    this.#refs.text.value = this.#memory.draft = "";
    this.#send({ text });
    this.#refs.text.focus();
  }

  #send(content) {
    const key = this.#conversation.send(content);
    this.#begin();
    this.#drawing = this.#drawing.then(() => this.#drawWaiting({ key, ...content }));
  }

  async #erase() {
    const { log, text, question, confirm } = this.#refs;
    try {
      await this.#conversation.erase();
    } catch {
      question.textContent = this.#words.say("delete_failed");
      return;
    }
    text.value = "";
    log.replaceChildren();
    this.#ids.clear();
    this.#own.clear();
    this.#day = null;
    this.#remark(this.#words.say("deleted"));
    const begin = element("button", { type: "button", class: "begin" }, this.#words.say("begin"));
    begin.addEventListener("click", () => {
      log.replaceChildren();
      this.open();
    });
    log.append(begin);
    confirm.close();
  }

  // --- drawing

  // Many messages at once are not read out.
  async #drawHistory(messages) {
    const { log } = this.#refs;
    log.querySelector(".begin")?.remove();
    const again = log.childElementCount > 0 || messages.length > 1;
    if (again) log.setAttribute("aria-live", "off");
    for (const message of messages) await this.#draw(message);
    for (const item of this.#conversation.outbox) this.#drawWaiting(item);
    this.#toLast();
    // The screen reader has to see the messages come while it was off.
    if (again) setTimeout(() => log.setAttribute("aria-live", "polite"), 500);
  }

  async #draw(message) {
    if (this.#ids.has(message.id)) return;
    this.#ids.add(message.id);
    if (message.role === "applicant") this.#markUsed(message.choice);
    const waiting = this.#own.get(message.key);
    if (waiting) {
      waiting.lang = message.language;
      waiting.classList.remove("waiting");
      return;
    }
    const words = await loadWords(BASE, message.language).catch(() => this.#words);
    if (message.role === "desk") await this.#follow(message.language);
    if (message.role !== "applicant") this.#hideTyping();
    this.#append(this.#bubble(message, words), message.created_at);
  }

  #drawWaiting({ key, text, choice, label }) {
    if (this.#own.has(key)) return;
    this.#markUsed(choice);
    const message = { role: "applicant", text: text ?? label };
    const bubble = this.#bubble(message, this.#words);
    bubble.classList.add("waiting");
    this.#own.set(key, bubble);
    this.#append(bubble, new Date().toISOString());
    this.#toLast();
  }

  #bubble(message, words) {
    const { role, text, card, language, choices, created_at: at } = message;
    const [before, after] = card ? besideCard(text, card) : [text, ""];
    const kinds = [role, card?.type, card?.level ?? card?.outcome];
    return element(
      "article",
      { class: kinds.filter(Boolean).join(" "), lang: language, dir: "auto" },
      element("p", { class: "who" }, words.say(role === "applicant" ? "you" : role)),
      element("p", { class: "text" }, emphasised(before, card?.headline)),
      card && drawCard(card, words, this.#hands),
      after && element("p", { class: "text after" }, after),
      choices?.length > 0 && this.#choices(choices),
      at && element("time", { class: "at", datetime: at }, words.time(at)),
    );
  }

  #choices(choices) {
    const buttons = choices.map(({ label, value }) =>
      element(
        "button",
        { type: "button", value, onclick: () => this.#choose(value, label) },
        label,
      ),
    );
    return element("div", { class: "choices", role: "group" }, ...buttons);
  }

  #choose(choice, label) {
    this.#send({ choice, label });
    this.#focusWriting();
  }

  // Marks the newest button with this value. An answer can still be changed by
  // another button of the same question; anything else is chosen once.
  #markUsed(choice) {
    const all = [...this.#refs.log.querySelectorAll(".choices button")];
    const used = choice && all.findLast((button) => button.value === choice);
    if (!used) return;
    for (const button of used.parentElement.children) {
      button.disabled = button === used || !choice.startsWith("fact:");
      button.setAttribute("aria-pressed", button === used);
    }
  }

  #append(node, at) {
    const { log } = this.#refs;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    const day = at && new Date(at).toDateString();
    if (day && day !== this.#day) {
      log.append(element("p", { class: "day" }, this.#words.day(at)));
      this.#day = day;
    }
    log.append(node);
    if (atEnd) this.#toLast();
  }

  #remark(text) {
    if (text) this.#append(element("p", { class: "remark" }, text));
  }

  // As far down as the last message allows with its beginning in sight.
  #toLast() {
    const { log } = this.#refs;
    log.scrollTop = (log.lastElementChild?.offsetTop ?? 0) - 8;
  }

  #showTyping() {
    this.#refs.typing.hidden = false;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#hideTyping(), TYPING_MS);
  }

  #hideTyping() {
    this.#refs.typing.hidden = true;
  }

  // What cards.js needs of the desk.
  get #hands() {
    const memory = this.#memory;
    const ticks = {
      has: (name) => memory.ticked.includes(name),
      set(name, ticked) {
        memory.ticked = memory.ticked.filter((other) => other !== name).concat(ticked ? name : []);
      },
    };
    return { ticks, choices: (choices) => this.#choices(choices) };
  }
}

function emphasised(text, part) {
  const [before, after] = part && text.includes(part) ? text.split(part) : [text];
  return after === undefined ? before : [before, element("strong", {}, part), after];
}
