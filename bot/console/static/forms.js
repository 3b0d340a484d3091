// Forms that need no new page: writing, picking, correcting; searching the records; filters.

import { refresh } from "./live.js";

const texts = document.getElementById("texts").dataset;

addEventListener("change", ({ target }) => {
  if ("sendOnChange" in target.dataset) target.form.requestSubmit();
});

addEventListener("submit", (event) => {
  const form = event.target;
  if ("find" in form.dataset) {
    event.preventDefault();
    find(form);
  } else if ("quiet" in form.dataset || "reveal" in form.dataset) {
    event.preventDefault();
    send(form, event.submitter);
  }
});

// Enter sends and Shift+Enter is a new line; while an input method composes, Enter is its own.
document.getElementById("text")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

// One menu at a time, and Escape closes it.
addEventListener("toggle", ({ target }) => {
  if (!target.matches?.("details.menu") || !target.open) return;
  for (const other of document.querySelectorAll("details.menu[open]")) {
    if (other !== target) other.open = false;
  }
}, true);
addEventListener("keydown", ({ key, target }) => {
  const menu = key === "Escape" && target.closest?.("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

async function send(form, button) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const answer = await fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(new FormData(form, button)),
  }).catch(() => null);
  form.ariaBusy = "false";
  if (!answer?.ok) {
    tell((answer && (await answer.text())) || texts.failed);
    return;
  }
  tell("");
  if ("reveal" in form.dataset) {
    form.parentElement.querySelector(".text:last-of-type").textContent = await answer.text();
    form.remove();
    return;
  }
  const key = form.elements.key;
  if (key) key.value = crypto.randomUUID?.() ?? String(Math.random());
  const field = form.querySelector("textarea");
  if (field) {
    field.value = "";
    field.focus();
  }
  const part = form.dataset.quiet === "known" ? document.getElementById("known") : document.querySelector(".log");
  await refresh(part);
  if (part.matches(".log")) part.scrollTop = part.scrollHeight;
}

async function find(form) {
  const words = new URLSearchParams(new FormData(form));
  const answer = await fetch(`${form.dataset.find}?${words}`).catch(() => null);
  if (answer?.ok) document.getElementById(form.dataset.into).innerHTML = await answer.text();
  else tell(texts.failed);
}

function tell(text) {
  document.querySelector(".said").textContent = text;
}
