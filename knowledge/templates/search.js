// Finds statements by the words in them; `statements` comes from statements.js.
const form = document.querySelector(".search");
const list = form.querySelector(".found");
const status = form.querySelector("[role=status]");
const folded = statements.map((statement) => statement.join(" ").normalize("NFC").toLowerCase());

function search() {
  const words = form.search.value.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length
    ? statements.filter((_, n) => words.every((word) => folded[n].includes(word)))
    : [];
  status.textContent = words.length ? status.dataset.found.replace("{n}", found.length) : "";
  list.replaceChildren(
    ...found.slice(0, 50).map(([title, href, text]) => {
      const link = document.createElement("a");
      link.href = href;
      link.textContent = text;
      const item = document.createElement("li");
      item.append(link, ` – ${title}`);
      return item;
    }),
  );
}

form.hidden = false;
form.addEventListener("input", search);
form.addEventListener("submit", (event) => event.preventDefault());
search();
