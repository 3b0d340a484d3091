// What a person takes along: a day for the calendar, the papers to bring.

import { element } from "./elements.js";
import { seoulToday } from "./language.js";

const ON_PAPER = ".documents, .maybe_documents, .fees, .deadlines, .offices";
const NOT_ON_PAPER = ".meta, .disagreement ul, .calendar";
const LOOK = `
body { max-width: 40em; margin: 2em auto; padding: 0 1em; font: 1em/1.5 system-ui, sans-serif; }
p, ul { margin: 0; padding: 0; list-style: none; }
li { margin: .5em 0; } label { display: flex; gap: .7em; }
`;

/** A button that gives a deadline of `card` as a calendar file (RFC 5545). */
export function calendarButton(item, card, words) {
  const file = () => download("ieum.ics", "text/calendar", calendarFile(item, card, words));
  return button("calendar", words, file);
}

/** Buttons that print the papers of `card`, with fees, dates and offices, or save them. */
export function sheetButtons(card, words) {
  const print = ({ target }) => {
    const frame = element("iframe", { class: "sheet", "aria-hidden": "true" });
    target.after(frame);
    const { contentWindow: page, contentDocument: paper } = frame;
    const look = new page.CSSStyleSheet(); // a policy may forbid <style>
    look.replaceSync(LOOK);
    paper.adoptedStyleSheets = [look];
    write(paper, card, words, target);
    page.addEventListener("afterprint", () => frame.remove());
    page.print();
  };
  const keep = ({ target }) => {
    const page = document.implementation.createHTMLDocument();
    write(page, card, words, target);
    const html = page.documentElement.outerHTML;
    const look = `<head><meta charset="utf-8"><style>${LOOK}</style>`;
    download(`${card.service}.html`, "text/html", html.replace("<head>", look));
  };
  return element("div", { class: "tools" }, button("print", words, print), button("keep", words, keep));
}

function button(id, words, onclick) {
  return element("button", { type: "button", class: id, onclick }, words.say(id));
}

function write(page, { title }, words, target) {
  const parts = target.closest("article").querySelectorAll(ON_PAPER);
  page.documentElement.lang = words.language;
  page.title = title;
  page.body.append(
    element("h1", {}, title),
    ...[...parts].map((part) => part.cloneNode(true)),
    element("p", {}, `${words.date(seoulToday())}. ${words.say("final_word")}`),
  );
  for (const part of page.querySelectorAll(NOT_ON_PAPER)) part.remove();
}

// A last day is called to mind a week before, a first day in its morning.
function calendarFile({ id, text, date, opens, safe }, { service, title }, words) {
  const more = [title, safe, words.say("final_word")].filter(Boolean).join("\n");
  const lines = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Ieum//Desk//EN
BEGIN:VEVENT
UID:${service}-${id}-${date}@ieum
DTSTAMP:${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}
DTSTART;VALUE=DATE:${date.replaceAll("-", "")}
SUMMARY:${escaped(text)}
DESCRIPTION:${escaped(more)}
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Ieum
TRIGGER:${opens ? "PT9H" : "-P7D"}
END:VALARM
END:VEVENT
END:VCALENDAR
`;
  // A line has at most 75 bytes, a letter up to four.
  return lines.replace(/.{18}(?=.)/gu, "$&\n ").replaceAll("\n", "\r\n");
}

function escaped(text) {
  return text.replace(/[\\;,]/g, "\\$&").replaceAll("\n", "\\n");
}

function download(name, type, text) {
  const href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60000);
}
