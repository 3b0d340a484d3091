// Keeps parts of the page up to date: the server says which case changed, the page asks for the
// parts that show it. data-live is a part's address, data-on the case it shows, or "every".

import { notice } from "./alarm.js";

const texts = document.getElementById("texts").dataset;
const PAUSE = 300; // milliseconds in which several changes become one

export function follow() {
  const waiting = document.createElement("div");
  Object.assign(waiting, { className: "waiting" });
  Object.assign(waiting.dataset, { live: "/console/parts/waiting", on: "every" });
  document.querySelector(".presence").prepend(waiting);
  refresh(waiting);
  const events = new EventSource("/console/events");
  events.addEventListener("ready", () => {
    offline(false);
    refreshAll();
  });
  events.addEventListener("change", (event) => refreshAll(event.data));
  events.addEventListener("ended", () => location.reload()); // the session is over
  events.onerror = () => offline(true);
  // A closed connection is opened again by the browser; a page left is not to count as online.
  addEventListener("pagehide", () => events.close());
  setInterval(() => document.querySelectorAll("[data-live][data-on=every]").forEach(refresh), 60_000);
}

const due = new Map();

function refreshAll(changed) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const concerns = !changed || part.dataset.on === "every" || part.dataset.on === changed;
    if (concerns && !due.has(part)) {
      due.set(part, setTimeout(() => {
        due.delete(part);
        refresh(part);
      }, PAUSE));
    }
  }
}

// Ask for a part again and put it in place, with the focus and the place in a list kept.
export async function refresh(part) {
  const answer = await fetch(part.dataset.live ?? part.dataset.part).catch(() => null);
  if (!answer?.ok) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const opened = [...part.querySelectorAll("details[open]")].map((one) => one.closest("[id]")?.id);
  const atEnd = part.scrollHeight - part.scrollTop - part.clientHeight < 80;
  part.innerHTML = await answer.text(); // our own server's, in which every value is escaped
  for (const id of opened.filter(Boolean)) {
    document.getElementById(id)?.querySelector("details")?.setAttribute("open", "");
  }
  if (focused) document.getElementById(focused)?.focus();
  if ("follow" in part.dataset) followed(part, atEnd);
  if (part.className === "waiting") notice(part.querySelector("a").dataset);
}

// A conversation: what was read last goes with the forms that leave the case.
function followed(part, atEnd) {
  const list = part.querySelector("[data-last]");
  for (const field of document.querySelectorAll("input[name=seen]")) field.value = list.dataset.last;
  if (atEnd) part.scrollTop = part.scrollHeight;
  if (list.dataset.state !== part.dataset.state) {
    const writes = [...document.querySelectorAll("textarea")].some((field) => field.value);
    if (!writes) location.reload(); // somebody else has the case now
  }
}

for (const part of document.querySelectorAll("[data-follow]")) part.scrollTop = part.scrollHeight;

function offline(is) {
  const said = document.querySelector(".said");
  if (is) said.textContent = texts.offline;
  else if (said.textContent === texts.offline) said.textContent = "";
}
