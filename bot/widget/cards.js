// A card of the desk's API drawn as what it is.

import { disclosure, element, phoneLink, webLink } from "./elements.js";
import { calendarButton, sheetButtons } from "./takeaway.js";

/** The nodes of `card`. `hands` has ticks (has, set) for papers, and choices() for buttons. */
export function drawCard(card, words, hands) {
  return (CARDS[card.type]?.(card, words, hands) ?? []).filter(Boolean);
}

/** `text` without the lines that its card shows, as [before, after] the card. */
export function besideCard(text, card) {
  if (card.changed?.[0]?.now) return ["", ""];
  const shown = Object.values(card).filter(Array.isArray).flatMap(textsIn);
  const lines = text.split("\n").filter((line) => !card.headline || !line.includes(card.headline));
  const repeated = lines.map((line) => repeats(line, shown));
  // A heading goes with what stands below it.
  for (let i = lines.length - 2; i > 0; i--) repeated[i] ||= isHeading(lines[i]) && repeated[i + 1];
  repeated[0] &&= Boolean(card.headline);
  const from = repeated.indexOf(true);
  if (from < 0) return [lines.join("\n").trim(), ""];
  const rest = lines.slice(from).filter((_, i) => !repeated[from + i]);
  return [lines.slice(0, from).join("\n").trim(), rest.join("\n").trim()];
}

export function outcome(kind, words) {
  return element("span", { class: `outcome ${kind}` }, words.say(`outcome.${kind}`));
}

const CARDS = {
  question: (card, words) => [
    card.why && disclosure("why", words.say("why"), paragraph(card.why), paragraph(card.find_out)),
  ],

  verdict: (card, words, hands) => [
    element(
      "header",
      {},
      outcome(card.outcome, words),
      card.title && element("h3", {}, card.title),
      paragraph(card.headline),
    ),
    section("requirements", gravestFirst(card.requirements), words, requirement),
    section("unlock", card.unlock, words, unlock),
    section("unsure", card.unsure, words, unsure),
    section("documents", card.documents, words, (item) => paper(item, card, hands.ticks)),
    section("maybe_documents", card.maybe_documents, words, (item) => [
      paper(item, card, hands.ticks),
      item.if && element("p", { class: "if" }, item.if),
    ]),
    card.documents?.length > 0 && sheetButtons(card, words),
    section("fees", card.fees, words, fee),
    section("deadlines", card.deadlines, words, (item) => deadline(item, card, words)),
    section("steps", card.steps, words, statement, "ol"),
    section("offices", card.offices, words, office),
    section("notes", card.notes, words, statement),
    sources(card.citations, words),
    related(card.related, words, hands),
  ],

  answer: (card, words) => [
    list(card.items, (item) => whole(item, words, statement)),
    sources(card.citations, words),
  ],

  urgent: (card, words) => [
    section("contacts", card.contacts, words, contact),
    section("steps", card.steps, words, statement, "ol"),
    sources(card.citations, words),
  ],

  handoff: (card, words) => [
    element("p", { class: "status" }, words.say(`handoff.${card.status}`)),
    card.case_id && paragraph(words.say("case", { id: card.case_id })),
  ],

  out_of_scope: (card, words) => [section("contacts", card.contacts, words, contact)],

  notice: (card, words) => (card.changed ?? []).filter(({ now }) => now).map((c) => change(c, words)),
};

const STATUSES = ["unmet", "disputed", "unknown", "met"];

function gravestFirst(requirements = []) {
  const place = ({ status }) => STATUSES.indexOf(status);
  return [...requirements].sort((one, other) => place(one) - place(other));
}

function section(id, items, words, draw, kind = "ul") {
  if (!items?.length) return null;
  return element(
    "section",
    { class: id },
    element("h4", {}, words.say(id)),
    list(items, (item) => whole(item, words, draw), kind),
  );
}

function list(items, draw, kind = "ul") {
  return element(kind, {}, ...(items ?? []).map((item) => element("li", {}, ...draw(item))));
}

// What `draw` makes of the item, then its status and sources.
function whole(item, words, draw) {
  const thing = typeof item === "string" ? { text: item } : item;
  const claims = thing.claims?.length > 0; // these name their own sources
  const status = thing.status && words.say(`status.${thing.status}`);
  return [
    draw(thing, words),
    element(
      "div",
      { class: `meta ${thing.status ?? ""}` },
      status && element("span", { class: "status" }, status),
      !claims && sources(thing.citations, words),
    ),
    claims && disagreement(thing, words),
  ].flat();
}

function paragraph(text) {
  return text && element("p", {}, text);
}

function statement(item) {
  return paragraph(item.text);
}

function requirement(item) {
  return element("p", { class: item.status }, item.text);
}

function paper(item, card, ticks) {
  const name = `${card.service} ${item.id}`;
  const box = element("input", {
    type: "checkbox",
    checked: ticks.has(name),
    onchange: () => {
      box.toggleAttribute("checked", box.checked); // for copies of it
      ticks.set(name, box.checked);
    },
  });
  return element("label", {}, box, element("span", {}, item.text));
}

function fee(item, words) {
  const { amount_krw: amount } = item;
  return [
    element(
      "p",
      {},
      amount != null && element("strong", {}, words.won(amount)),
      amount != null && " ",
      item.text,
    ),
    element("p", { class: "small" }, dated("as_of", item.as_of, words)),
    item.stale && element("p", { class: "stale" }, words.say("stale")),
  ];
}

function deadline(item, card, words) {
  return [
    element("p", {}, day(item.date, item.opens ? "from" : "by", words), " ", item.text),
    item.date && element("p", { class: "small" }, words.daysUntil(item.date)),
    item.date && calendarButton(item, card, words),
  ];
}

function unlock(item, words) {
  return element("p", {}, day(item.date, item.about ? "from_about" : "from", words), " ", item.text);
}

function day(date, id, words) {
  return date && element("time", { datetime: date }, dated(id, date, words));
}

function dated(id, date, words) {
  return date ? words.say(id, { date: words.date(date) }) : words.say("undated");
}

function unsure(item) {
  return [element("strong", {}, item.label), paragraph(item.find_out)];
}

function related(services, words, hands) {
  if (!services?.length) return null;
  const buttons = services.map(({ service, title }) => ({
    label: title,
    value: `service:${service}`,
  }));
  return element("section", {}, element("h4", {}, words.say("related")), hands.choices(buttons));
}

function office(item, words) {
  return [statement(item), item.contact && contact(item.contact, words)].flat();
}

function contact(item, words) {
  return [
    item.name && element("strong", {}, item.name),
    item.phone && element("p", { class: "phone" }, phoneLink(item.phone)),
    item.hours && element("p", { class: "small" }, item.hours),
    item.languages?.length &&
      element("p", { class: "small" }, words.languageNames(item.languages)),
  ];
}

function change({ label, before, now, verdicts = [] }, words) {
  return element(
    "div",
    {},
    element("p", { class: "small" }, label),
    element("p", {}, element("del", {}, before), " → ", element("ins", {}, now)),
    ...verdicts.map(({ title, to }) => element("p", {}, title, " ", outcome(to, words))),
  );
}

// Where sources disagree: what each says, and what is safe.
function disagreement(item, words) {
  return element(
    "div",
    { class: "disagreement" },
    element("p", { class: "small" }, words.say("claims")),
    list(item.claims, (claim) => [
      element("p", {}, day(claim.date, "by", words), " ", claim.says),
      sources(claim.citations, words),
    ]),
    element("p", { class: "safe" }, words.say("safe", { safe: item.safe })),
  );
}

function sources(citations, words) {
  if (!citations?.length) return null;
  const lines = citations.map((citation) => [citation, element("p", { class: "small" })]);
  const folded = disclosure(
    "sources",
    words.say("sources"),
    element(
      "ul",
      {},
      ...lines.map(([{ source, title, section, note, url }, entry]) =>
        element(
          "li",
          {},
          element("p", {}, webLink(url, title ?? source), section && `, ${section}`),
          entry,
          note && element("p", { lang: "en" }, note),
        ),
      ),
    ),
  );
  const show = (register) =>
    lines.forEach(([citation, node]) =>
      node.replaceChildren(...entry(citation, register.get(citation.source), words)),
    );
  show(new Map());
  folded.addEventListener("toggle", () => folded.open && words.register().then(show, () => {}));
  return folded;
}

// The entry of the register.
function entry({ as_of: date }, { publisher, reliability, language, checked_on, where } = {}, words) {
  const parts = [
    publisher && element("span", { lang: "en" }, publisher),
    reliability && words.say(`source.${reliability}`),
    language && words.languageName(language),
    dated("as_of", date, words),
    checked_on && dated("checked", checked_on, words),
    /^[\w.-]+\.[a-z]{2,}(\/\S*)?$/.test(where) && webLink(`https://${where}`, where),
  ];
  return parts.filter(Boolean).flatMap((part, i) => (i ? [" · ", part] : [part]));
}

const SHOWN = ["text", "says", "safe", "if", "find_out", "label", "title", "name"];

function textsIn(part) {
  if (typeof part === "string") return [part];
  if (Array.isArray(part)) return part.flatMap(textsIn);
  return Object.entries(part ?? {}).flatMap(([key, value]) => {
    if (value && typeof value === "object") return textsIn(value);
    return SHOWN.includes(key) && value ? [value] : [];
  });
}

// "• Passport [1]", "[1] Guide": a mark, then what the card shows.
function repeats(line, shown) {
  if (/^\s*\[\d+\] /.test(line)) return true;
  const words = line.replace(/^[^\p{L}\p{N}]+/u, "");
  const long = (text) => text.length > 11 && words.includes(text);
  return shown.some((text) => words.startsWith(text) || long(text));
}

function isHeading(line) {
  return /[:：]\s*$/.test(line) || !line.trim();
}
