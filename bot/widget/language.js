// The desk's phrases, and numbers and dates in the reader's way.

/** What the desk understands. */
export const LANGUAGES = {
  en: "English",
  ko: "한국어",
  ja: "日本語",
  zh: "中文",
  vi: "Tiếng Việt",
  ru: "Русский",
  th: "ไทย",
  mn: "Монгол",
  uz: "Oʻzbekcha",
  tl: "Filipino",
  my: "မြန်မာ",
  km: "ខ្មែរ",
  id: "Bahasa Indonesia",
  ne: "नेपाली",
};

const ANSWERED = ["en", "ko", "ja", "zh", "vi"]; // in the others it writes English

// Until the phrases have come.
const BEFORE = { "widget.open": "Ask in your language", "widget.connecting": "Connecting …" };

/** The first of the `wanted` BCP 47 tags that the desk understands, or English. */
export function pickLanguage(wanted) {
  const codes = wanted.map((tag) => tag.toLowerCase().split("-")[0].replace("fil", "tl"));
  return codes.find((code) => code in LANGUAGES) ?? "en";
}

/** The desk's phrases and formats in one language. */
export class Words {
  #phrases;
  #locale;
  #base;
  #register;

  constructor(language, phrases = BEFORE, base) {
    this.language = language;
    this.#phrases = phrases;
    this.#base = base;
    // With the browser's country, which decides between 9:00 PM and 21:00.
    this.#locale = navigator.languages.find((tag) => tag.startsWith(`${language}-`)) ?? language;
  }

  /** The phrase `widget.<id>` with its {names} filled in. */
  say(id, values = {}) {
    const phrase = this.#phrases[`widget.${id}`] ?? "";
    return phrase.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  won(amount) {
    const style = { style: "currency", currency: "KRW", currencyDisplay: "narrowSymbol" };
    return new Intl.NumberFormat(this.#locale, style).format(amount);
  }

  /** An ISO date, month, year, or date and time, written out. */
  date(iso) {
    const [, year, month, day, time] = /^(\d{4})(-\d\d)?(-\d\d)?(T.+)?$/.exec(iso) ?? [];
    if (!year) return iso;
    if (time) return this.#format(iso, { dateStyle: "long", timeStyle: "short" });
    const style = { year: "numeric", month: month && "long", day: day && "numeric" };
    return this.#format(year + (month ?? "-01") + (day ?? "-01"), { ...style, timeZone: "UTC" });
  }

  time(iso) {
    return this.#format(iso, { timeStyle: "short" });
  }

  day(iso) {
    return this.#format(iso, { dateStyle: "full" });
  }

  /** "in 13 days", "yesterday". */
  daysUntil(iso) {
    const days = Math.round((Date.parse(iso) - Date.parse(seoulToday())) / 864e5);
    return new Intl.RelativeTimeFormat(this.#locale, { numeric: "auto" }).format(days, "day");
  }

  /** The register of sources, by id. */
  register() {
    this.#register ??= fetch(new URL(`v1/sources?language=${this.language}`, this.#base))
      .then((answer) => answer.json())
      .then((sources) => new Map(sources.map((source) => [source.id, source])));
    this.#register.catch(() => (this.#register = null));
    return this.#register;
  }

  languageName(code) {
    return new Intl.DisplayNames([this.language], { type: "language" }).of(code);
  }

  languageNames(codes) {
    const names = codes.map((code) => this.languageName(code));
    return new Intl.ListFormat([this.language]).format(names);
  }

  #format(iso, style) {
    return new Intl.DateTimeFormat(this.#locale, style).format(new Date(iso));
  }
}

/** Today in Korea, where the days are counted. */
export function seoulToday() {
  return new Date().toLocaleDateString("sv", { timeZone: "Asia/Seoul" });
}

const loaded = new Map();

/** The words for `wanted` from the desk at `base`; an error where it cannot be reached. */
export function loadWords(base, wanted) {
  const language = ANSWERED.includes(wanted) ? wanted : "en";
  if (!loaded.has(language)) {
    const words = fetch(new URL(`v1/phrases?language=${language}`, base)).then(async (answer) => {
      if (!answer.ok) throw new Error(`phrases: ${answer.status}`);
      return new Words(language, await answer.json(), base);
    });
    words.catch(() => loaded.delete(language));
    loaded.set(language, words);
  }
  return loaded.get(language);
}
