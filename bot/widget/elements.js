// Making elements. What people and the desk write becomes text nodes only, never HTML.

/** One element. A function among its `attributes` is a listener; empty children are left out. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter(Boolean));
  return node;
}

/** A link to `address` where that is http or https; only its text otherwise. */
export function webLink(address, text) {
  const safe = /^https?:\/\//i.test(address ?? "");
  return safe
    ? element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, text)
    : text;
}

export function phoneLink(number) {
  return element("a", { href: `tel:${number.replace(/[^\d+]/g, "")}` }, number);
}

export function disclosure(kind, summary, ...children) {
  return element("details", { class: kind }, element("summary", {}, summary), ...children);
}
