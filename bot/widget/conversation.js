// One conversation with the desk: WebSocket first, long polling where that fails.
//
// What is sent stays in the outbox until the desk has stored it, and is sent again with the
// same `key`. What the desk sends may come twice: it has an id.

const LONG_POLL_S = 20;
const POLLS_BEFORE_NEXT_SOCKET = 5;
const SOCKET_READY_MS = 5000;
const STORED_WITHIN_MS = 15000;
const LONGEST_PAUSE_MS = 15000;
const ANSWERED_WITHIN_MS = 45000; // longer than a long poll; a connection can die without a word

/**
 * Events: "state" (connecting, online, offline), "history" (all messages, once), "message",
 * "typing", "stored" (a key), "refused" ({key, text, title}), "gone" (no longer stored).
 */
export class Conversation extends EventTarget {
  #base;
  #memory;
  #language;
  #guess;
  #begins = false;
  #conversation = null; // another tab may change the memory
  #running = null;
  #socket = null; // while it is ready
  #polling = false;
  #posting = false;
  #loaded = false;
  #last = null; // id of the last message in order
  #rest = 0; // polls before the next socket
  #state = null;
  #wake = () => {};

  constructor(base, memory) {
    super();
    this.#base = base;
    this.#memory = memory;
    addEventListener("online", () => this.#wake());
    addEventListener("offline", () => this.#socket?.close());
  }

  /** What the desk does not have yet: [{key, text or choice, label}]. */
  get outbox() {
    return this.#memory.outbox;
  }

  /** Takes up the stored conversation, or begins one in `language`, which may be a `guess`. */
  open(language, guess) {
    this.#guess = guess;
    this.#begins = true;
    this.#start(language);
  }

  /** Takes up the stored conversation, if there is one. */
  resume(language) {
    if (this.#memory.conversation) this.#start(language);
  }

  #start(language) {
    this.#language = language;
    if (this.#running) return;
    this.#running = new AbortController();
    this.#run(this.#running.signal);
  }

  /** Sends {text} or {choice, label}. Gives its key. */
  send(content) {
    const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    this.#memory.outbox = [...this.outbox, { key, ...content }];
    this.#flush();
    return key;
  }

  /** Has the desk erase everything; throws where it did not. */
  async erase() {
    this.#stop();
    try {
      this.#conversation ??= this.#memory.conversation;
      if (this.#conversation) await this.#call("DELETE", this.#path).catch(unlessGone);
    } catch (error) {
      this.open(this.#language, this.#guess);
      throw error;
    }
    this.#leave();
    this.#memory.forget();
  }

  get #path() {
    return `v1/conversations/${this.#conversation.id}`;
  }

  #stop() {
    this.#running?.abort();
    this.#running = null;
    this.#socket?.close();
    this.#state = null;
  }

  #leave() {
    if (this.#memory.conversation?.id === this.#conversation?.id) this.#memory.conversation = null;
    this.#conversation = null;
    this.#loaded = false;
    this.#last = null;
  }

  async #run(signal) {
    let failures = 0;
    this.#say("state", "connecting");
    while (!signal.aborted) {
      try {
        if (!this.#loaded) await this.#load(signal);
        if (this.#rest > 0) await this.#poll(signal);
        else await this.#listen(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (isGone(error)) {
          this.#leave();
          this.#say("gone");
          if (this.#begins) continue;
          this.#stop();
          return;
        }
        this.#rest = 0; // the network failed, not the socket alone
        this.#say("state", "offline");
        await this.#pause(Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures++));
      }
    }
  }

  async #load(signal) {
    let history;
    this.#conversation ??= this.#memory.conversation;
    if (this.#conversation) {
      history = await this.#call("GET", this.#path, null, signal);
    } else {
      const language = this.#guess ? undefined : this.#language;
      const wish = { language, origin: location.origin };
      history = await this.#call("POST", "v1/conversations", wish, signal);
      this.#conversation = { id: history.id, token: history.token };
      this.#memory.conversation = this.#conversation;
    }
    this.#loaded = true;
    history.messages.forEach((message) => this.#note(message));
    this.#say("history", history.messages);
  }

  // Until the socket closes. One that never got ready sends us to polling.
  #listen(signal) {
    const address = new URL(`${this.#path}/socket`, this.#base);
    address.protocol = address.protocol.replace("http", "ws");
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(address);
      const tooSlow = setTimeout(() => socket.close(), SOCKET_READY_MS);
      signal.addEventListener("abort", () => socket.close());
      socket.onopen = () => {
        const { token } = this.#conversation;
        socket.send(JSON.stringify({ token, after: this.#last }));
      };
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.type === "ready") {
          clearTimeout(tooSlow);
          this.#socket = socket;
          this.#say("state", "online");
          this.#flush();
        } else if (frame.type === "message") {
          this.#note(frame.message);
          this.#say("message", frame.message);
        } else if (frame.type === "typing") {
          this.#say("typing");
        } else if (frame.type === "problem") {
          const { key, problem } = frame;
          if (isGone(problem)) {
            socket.onclose = null;
            socket.close();
            reject(problem);
          } else if (isFinal(problem)) this.#refused(key, problem);
        }
      };
      socket.onclose = () => {
        clearTimeout(tooSlow);
        if (this.#socket === socket) this.#socket = null;
        else this.#rest = POLLS_BEFORE_NEXT_SOCKET;
        if (!signal.aborted) this.#say("state", "connecting");
        resolve();
      };
    });
  }

  async #poll(signal) {
    this.#polling = true;
    try {
      // The first only finds out whether the desk is there.
      const query = new URLSearchParams({ wait: this.#state === "online" ? LONG_POLL_S : 0 });
      if (this.#last) query.set("after", this.#last);
      this.#flush();
      const { messages } = await this.#call("GET", `${this.#path}?${query}`, null, signal);
      this.#say("state", "online");
      for (const message of messages) {
        this.#note(message);
        this.#say("message", message);
      }
      this.#rest -= 1;
    } finally {
      this.#polling = false;
    }
  }

  #flush() {
    if (this.#socket) this.#sendBySocket(this.#socket);
    else if (this.#polling && !this.#posting) this.#sendByPost();
  }

  #sendBySocket(socket) {
    socket.sent ??= new Set();
    for (const { key, text, choice } of this.outbox) {
      if (socket.sent.has(key)) continue;
      socket.sent.add(key);
      socket.send(JSON.stringify({ key, text, choice }));
      // A socket can be dead without a word.
      setTimeout(() => this.#isWaiting(key) && socket.close(), STORED_WITHIN_MS);
    }
  }

  async #sendByPost() {
    this.#posting = true;
    try {
      while (this.outbox.length) {
        const { key, text, choice } = this.outbox[0];
        this.#say("typing");
        try {
          const answer = await this.#call("POST", `${this.#path}/messages`, { key, text, choice });
          this.#stored(key);
          for (const message of answer.messages) this.#say("message", message);
        } catch (problem) {
          if (!isFinal(problem)) return; // the next poll sends it again
          this.#refused(key, problem);
        }
      }
    } finally {
      this.#posting = false;
    }
  }

  #note(message) {
    this.#last = message.id;
    if (message.key) this.#stored(message.key);
  }

  #isWaiting(key) {
    return this.outbox.some((item) => item.key === key);
  }

  #take(key) {
    const item = this.outbox.find((waiting) => waiting.key === key);
    if (item) this.#memory.outbox = this.outbox.filter((waiting) => waiting.key !== key);
    return item;
  }

  #stored(key) {
    if (this.#take(key)) this.#say("stored", key);
  }

  #refused(key, problem) {
    const item = this.#take(key);
    this.#say("refused", { key, text: item?.text, title: problem.title });
  }

  #say(type, detail) {
    if (type === "state") {
      if (detail === this.#state) return;
      this.#state = detail;
    }
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #pause(ms) {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, ms);
    });
  }

  async #call(method, path, body, signal) {
    const headers = { "Accept-Language": this.#language };
    if (this.#conversation) headers.Authorization = `Bearer ${this.#conversation.token}`;
    if (body) headers["Content-Type"] = "application/json";
    signal?.throwIfAborted();
    const over = new AbortController();
    const tooSlow = setTimeout(() => over.abort(), ANSWERED_WITHIN_MS);
    signal?.addEventListener("abort", () => over.abort(), { signal: over.signal });
    try {
      const answer = await fetch(new URL(path, this.#base), {
        method,
        headers,
        body: body && JSON.stringify(body),
        signal: over.signal,
      });
      if (answer.ok) return answer.status === 204 ? null : await answer.json();
      throw { ...(await answer.json().catch(() => ({}))), status: answer.status };
    } finally {
      clearTimeout(tooSlow);
      over.abort(); // nothing listens to `signal` any more
    }
  }
}

function isGone(problem) {
  return [401, 403, 404, 410].includes(problem?.status);
}

function isFinal(problem) {
  return [400, 413, 415, 422].includes(problem?.status);
}

function unlessGone(problem) {
  if (!isGone(problem)) throw problem;
}
