// A card of the desk's API (docs: "Message" in the API description) drawn as what it is.

import { disclosure, element, phoneLink, webLink } from "./elements.js";

/**
 * The nodes of one `card`. `words` are the Words of the message's language; `hands` is
 * what a card can do: ticks.has(name), ticks.set(name, ticked) for papers the person has,
 * choices([{label, value}]) for buttons.
 */
export function drawCard(card, words, hands) {
  return (CARDS[card.type]?.(card, words, hands) ?? []).filter(Boolean);
}

/**
 * A message's `text` without the lines that its card shows, as [before, after] the card.
 * The first line is always kept.
 */
export function besideCard(text, card) {
  const shown = Object.values(card).filter(Array.isArray).flatMap(textsIn);
  const lines = text.split("\n");
  const repeated = lines.map((line) => repeats(line, shown));
  // A heading goes with what stands below it.
  for (let i = lines.length - 2; i > 0; i--) repeated[i] ||= isHeading(lines[i]) && repeated[i + 1];
  repeated[0] = false;
  const from = repeated.indexOf(true);
  if (from < 0) return [text.trim(), ""];
  const rest = lines.slice(from).filter((_, i) => !repeated[from + i]);
  return [lines.slice(0, from).join("\n").trim(), rest.join("\n").trim()];
}

const CARDS = {
  question: (card, words) => [
    card.why && disclosure("why", words.say("why"), paragraph(card.why), paragraph(card.find_out)),
  ],

  verdict: (card, words, hands) => [
    section("requirements", card.requirements, words, requirement),
    section("unlock", card.unlock, words, unlock),
    section("unsure", card.unsure, words, unsure),
    section("documents", card.documents, words, (item) => paper(item, card, hands.ticks)),
    section("maybe_documents", card.maybe_documents, words, (item) => [
      paper(item, card, hands.ticks),
      item.if && element("p", { class: "if" }, item.if),
    ]),
    section("fees", card.fees, words, fee),
    section("deadlines", card.deadlines, words, deadline),
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
};

// A heading over a list of items; nothing where there are none.
function section(id, items, words, draw, kind = "ul") {
  if (!items?.length) return null;
  return element(
    "section",
    { class: id },
    element("h3", {}, words.say(id)),
    list(items, (item) => whole(item, words, draw), kind),
  );
}

function list(items, draw, kind = "ul") {
  return element(kind, {}, ...(items ?? []).map((item) => element("li", {}, ...draw(item))));
}

// What `draw` makes of the item, and below it what every item can have.
function whole(item, words, draw) {
  const thing = typeof item === "string" ? { text: item } : item;
  const claims = thing.claims?.length > 0; // these name their own sources
  const origin = claims ? disagreement(thing, words) : sources(thing.citations, words);
  return [draw(thing, words), origin].flat();
}

function paragraph(text) {
  return text && element("p", {}, text);
}

function statement(item) {
  return paragraph(item.text);
}

function requirement(item, words) {
  const status = element("span", { class: "status" }, words.say(`status.${item.status}`));
  return element("p", { class: item.status }, status, " ", item.text);
}

function paper(item, card, ticks) {
  const name = `${card.service} ${item.id}`;
  const box = element("input", {
    type: "checkbox",
    checked: ticks.has(name),
    onchange: () => ticks.set(name, box.checked),
  });
  return element("label", {}, box, element("span", {}, item.text));
}

function fee(item, words) {
  const { amount_krw: amount, as_of: date } = item;
  return [
    element(
      "p",
      {},
      amount != null && element("strong", {}, words.won(amount)),
      amount != null && " ",
      item.text,
    ),
    date && element("p", { class: "small" }, words.say("as_of", { date: words.date(date) })),
    item.stale && element("p", { class: "stale" }, words.say("stale")),
  ];
}

function deadline(item, words) {
  return element("p", {}, day(item.date, item.opens ? "from" : "by", words), " ", item.text);
}

function unlock(item, words) {
  return element("p", {}, day(item.date, item.about ? "from_about" : "from", words), " ", item.text);
}

function day(date, id, words) {
  const written = date && words.say(id, { date: words.date(date) });
  return written && element("time", { datetime: date }, written);
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
  return element("section", {}, element("h3", {}, words.say("related")), hands.choices(buttons));
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
      element("p", { class: "small" }, item.languages.map((l) => words.languageName(l)).join(", ")),
  ];
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
  return disclosure(
    "sources",
    words.say("sources"),
    list(citations, ({ source, title, section, as_of: date, note, url }) => [
      element(
        "p",
        {},
        webLink(url, title ?? source),
        section && `, ${section}`,
        date && ` (${words.say("as_of", { date: words.date(date) })})`,
      ),
      note && element("p", {}, note),
    ]),
  );
}

// --- the message's text beside the card

const SHOWN = ["text", "says", "safe", "if", "find_out", "label", "title", "name"];

function textsIn(part) {
  if (typeof part === "string") return [part];
  if (Array.isArray(part)) return part.flatMap(textsIn);
  return Object.entries(part ?? {}).flatMap(([key, value]) => {
    if (value && typeof value === "object") return textsIn(value);
    return SHOWN.includes(key) && value ? [value] : [];
  });
}

// "• Passport [1]", "✓ You hold ... – Fulfilled", "[1] Guide": a mark, then what the card shows.
function repeats(line, shown) {
  if (/^\s*\[\d+\] /.test(line)) return true;
  const words = line.replace(/^[^\p{L}\p{N}]+/u, "");
  const long = (text) => text.length > 11 && words.includes(text);
  return shown.some((text) => words.startsWith(text) || long(text));
}

function isHeading(line) {
  return /[:：]\s*$/.test(line) || !line.trim();
}
