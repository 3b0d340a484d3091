// The one line a website adds:
//   <script type="module" src="https://desk.example/widget.js" data-language="auto"></script>
// data-language is one of the desk's languages, or "auto": the browser's.

import { Desk } from "./desk.js";

if (!customElements.get("ieum-desk")) {
  customElements.define("ieum-desk", Desk);
  const scripts = [...document.querySelectorAll("script[type=module]")];
  const mine = scripts.find((script) => script.src === import.meta.url);
  const desk = document.createElement("ieum-desk");
  desk.setAttribute("language", mine?.dataset.language ?? "auto");
  document.body.append(desk);
}
