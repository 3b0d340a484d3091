// <ieum-desk>: the button in the corner, and the window it opens. A website adds one line:
//   <script type="module" src="https://desk.example/widget.js" data-language="auto"></script>

import { besideCard, drawCard, outcome } from "./cards.js";
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

// A link to `#ieum-desk` on the same page opens it, `#ieum-desk=vi` in that language.
class Desk extends HTMLElement {
  #memory = new Memory(BASE);
  #conversation = new Conversation(BASE, this.#memory);
  #language = "en"; // the person's; this.lang is the one the window is written in
  #words = new Words("en");
  #drawing = Promise.resolve(); // one message after the other
  #ids = new Set(); // of messages that are drawn
  #own = new Map(); // key → bubble of what was sent from here
  #day = null; // of the last message
  #last = null; // its id
  #asked = null; // the fact whose question stands last
  #answered = null; // {fact, bubble, text} that probably answers it
  #unread = 0; // while the window was closed
  #typing = 0;
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
    else this.#conversation.resume(this.#language); // somebody may have answered meanwhile
    addEventListener("hashchange", () => this.#followHash());
    addEventListener("storage", ({ key }) => key?.endsWith(" seen") && this.#markRead());
    this.#followHash();
  }

  open() {
    this.#show({ reload: false });
    this.#focusWriting();
  }

  close() {
    this.#refs.panel.close();
  }

  #frame() {
    const refs = this.#refs;
    const button = (id, onclick, attributes = {}) =>
      element("button", { type: "button", "data-say": id, onclick, ...attributes });
    refs.launcher = button(null, () => this.open(), { class: "launcher", "aria-describedby": "news" });
    refs.unread = element("b", { class: "unread", "aria-hidden": "true", hidden: true });
    refs.launcher.append(element("span", { "data-say": "open" }), refs.unread);
    refs.news = element("p", { class: "unseen", role: "status", id: "news" });
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
    const dots = [1, 2, 3].map(() => element("i"));
    refs.typing = element("p", { class: "typing", hidden: true, "aria-hidden": "true" }, ...dots);
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
      { class: "confirm", "data-name": "delete", onclose: () => (refs.log.querySelector(".begin") ?? refs.text).focus() },
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
    const closed = () => {
      this.#memory.isOpen = false;
      refs.launcher.focus();
    };
    refs.panel = element(
      "dialog",
      { class: "panel", "data-name": "title", onclose: closed },
      element(
        "div",
        { class: "top" },
        element("h2", { "data-say": "title" }),
        refs.language,
        button(null, () => this.close(), { class: "close", "data-name": "close" }),
      ),
      refs.log,
      refs.typing,
      refs.state,
      element(
        "form",
        {},
        refs.text,
        button("send", () => this.#submit(), { class: "send" }),
      ),
      element("div", { class: "bottom" }, button("human", askHuman), button("delete", askToErase)),
    );
    refs.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) this.close();
    });
    return [refs.panel, refs.launcher, refs.news, refs.confirm];
  }

  #listen() {
    const on = (type, act) =>
      this.#conversation.addEventListener(type, ({ detail }) => {
        this.#drawing = this.#drawing.then(() => act(detail)).catch(console.error);
      });
    on("state", (state) => {
      this.#refs.state.dataset.say = state === "online" ? "" : state;
      this.#label();
    });
    on("history", (messages) => this.#drawHistory(messages));
    on("message", (message) => this.#draw(message));
    on("typing", () => {
      this.#refs.typing.hidden = false;
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#hideTyping(), TYPING_MS);
    });
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
    this.#markSeen();
    this.#begin();
    this.#toLast();
  }

  #begin() {
    this.#conversation.open(this.#language, !this.#memory.language);
  }

  // Not on a touch screen, where a keyboard would come up and hide the answer.
  #focusWriting() {
    (TOUCH.matches ? this.#refs.log : this.#refs.text).focus();
  }

  #followHash() {
    const [, language] = /^#ieum-desk(?:=(\w+))?$/.exec(location.hash) ?? [null, null];
    if (language === null) return;
    history.replaceState(null, "", location.pathname + location.search);
    if (language in LANGUAGES) {
      this.#memory.language = language;
      this.#useLanguage(language).then(() => this.open());
    } else {
      this.open();
    }
  }

  async #useLanguage(language) {
    this.#refs.language.value = this.#language = language;
    try {
      this.#words = await loadWords(BASE, language);
    } catch {
      setTimeout(() => this.#useLanguage(this.#language), PHRASES_AGAIN_MS);
    }
    this.lang = this.#words.language;
    this.#label();
  }

  #label() {
    const marked = (name) => this.shadowRoot.querySelectorAll(`[data-${name}]`);
    for (const node of marked("say")) {
      node.textContent = node.dataset.say && this.#words.say(node.dataset.say);
    }
    for (const node of marked("name")) {
      node.setAttribute("aria-label", this.#words.say(node.dataset.name));
    }
    for (const node of marked("hint")) node.placeholder = this.#words.say(node.dataset.hint);
    this.#showUnread();
  }

  // The desk found out what is spoken here; its English says nothing of that.
  async #follow(language) {
    const settled = this.#memory.language || language === "en" || language === this.#language;
    if (!settled) await this.#useLanguage(language);
  }

  #chooseLanguage(language) {
    this.#memory.language = language;
    this.#useLanguage(language);
    this.#send({ choice: `language:${language}`, label: LANGUAGES[language] });
  }

  #onKey(event) {
    // An input method composes (229: Safari says it only so).
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
    this.#day = this.#last = this.#asked = this.#answered = null;
    this.#remark(this.#words.say("deleted"));
    const onclick = () => {
      log.replaceChildren();
      this.open();
    };
    log.append(element("button", { class: "begin", onclick }, this.#words.say("begin")));
    confirm.close();
  }

  // Many messages at once are not read out.
  async #drawHistory(messages) {
    const { log } = this.#refs;
    log.querySelector(".begin")?.remove();
    const again = log.childElementCount > 0 || messages.length > 1;
    if (again) log.setAttribute("aria-live", "off");
    const { seen } = this.#memory;
    const place = messages.findIndex(({ id }) => id === seen);
    for (const [i, message] of messages.entries()) await this.#draw(message, seen && i > place);
    for (const item of this.#conversation.outbox) this.#drawWaiting(item);
    this.#toLast();
    // The screen reader has to see the messages come while it was off.
    if (again) setTimeout(() => log.setAttribute("aria-live", "polite"), 500);
  }

  async #draw(message, isNew = true) {
    if (this.#ids.has(message.id)) return;
    this.#ids.add((this.#last = message.id));
    if (message.role === "applicant") this.#markUsed(message.choice);
    else if (isNew) this.#unread += 1;
    if (this.#refs.panel.open) this.#markSeen();
    else this.#showUnread();
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
    if (message.card?.type === "question") this.#note(message.card.fact);
  }

  #drawWaiting({ key, text, choice, label }) {
    if (this.#own.has(key)) return;
    this.#markUsed(choice);
    const message = { role: "applicant", text: text ?? label, choice };
    const bubble = this.#bubble(message, this.#words);
    bubble.classList.add("waiting");
    this.#own.set(key, bubble);
    this.#append(bubble, new Date().toISOString());
    this.#toLast();
  }

  #bubble(message, words) {
    const { role, text, card, language, choice, choices, created_at: at } = message;
    const [before, after] = card ? besideCard(text, card) : [text, ""];
    const kinds = [role, card?.type, card?.level ?? card?.outcome];
    const answered = role === "applicant" && this.#factOf(choice);
    const bubble = element(
      "article",
      { class: kinds.filter(Boolean).join(" "), lang: language, dir: "auto" },
      element("p", { class: "who" }, words.say(role === "applicant" ? "you" : role)),
      answered
        ? this.#changeButton(answered, text)
        : before && element("p", { class: "text" }, before),
      card && drawCard(card, words, this.#hands),
      after && element("p", { class: "text after" }, after),
      choices?.length > 0 && this.#choices(choices, card?.outcomes, words),
      at && element("time", { class: "at", datetime: at }, words.time(at)),
    );
    if (role === "applicant") this.#answered = answered && { fact: answered, bubble, text };
    this.#asked = null;
    return bubble;
  }

  // What is said next answers this. Asked again, what was said last did not.
  #note(fact) {
    const { fact: before, bubble, text } = this.#answered || {};
    if (before === fact) {
      bubble.querySelector(".edit").replaceWith(element("p", { class: "text" }, text));
    }
    this.#asked = fact;
  }

  #factOf(choice) {
    return choice ? (/^fact:([^=]+)/.exec(choice)?.[1] ?? null) : this.#asked;
  }

  // An answer is changed by having its question asked again.
  #changeButton(fact, text) {
    const again = () => this.#choose(`ask:${fact}`, this.#words.say("ask"));
    const title = this.#words.say("change");
    const name = { title, "aria-label": `${text}. ${title}` };
    return element("button", { type: "button", class: "text edit", ...name, onclick: again }, text);
  }

  #choices(choices, outcomes, words) {
    const buttons = choices.map(({ label, value }) => {
      const kind = outcomes?.[value.replace("service:", "")];
      return element(
        "button",
        { type: "button", value, onclick: () => this.#choose(value, label) },
        label,
        kind && [" ", outcome(kind, words)],
      );
    });
    return element("div", { class: "choices", role: "group" }, ...buttons.flat());
  }

  #choose(choice, label) {
    this.#send({ choice, label });
    this.#focusWriting();
  }

  // An answer can still be changed by another button of the same question; anything else
  // is chosen once.
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
    // Measuring after each message of a long history would take most of the time.
    const measured = log.getAttribute("aria-live") === "polite";
    const atEnd = measured && log.scrollHeight - log.scrollTop - log.clientHeight < 80;
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

  #markSeen() {
    if (this.#last) this.#memory.seen = this.#last;
    this.#markRead();
  }

  // Another tab has shown them.
  #markRead() {
    this.#unread = 0;
    this.#showUnread();
  }

  #showUnread() {
    const { unread, news } = this.#refs;
    unread.hidden = !this.#unread;
    unread.textContent = this.#unread || "";
    news.textContent = this.#unread ? this.#words.say("unread", { count: this.#unread }) : "";
  }

  #hideTyping() {
    this.#refs.typing.hidden = true;
  }

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

if (!customElements.get("ieum-desk")) {
  customElements.define("ieum-desk", Desk);
  const mine = [...document.scripts].find((script) => script.src === import.meta.url);
  document.body.append(element("ieum-desk", { language: mine?.dataset.language ?? "auto" }));
}
