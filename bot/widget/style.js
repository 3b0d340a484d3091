// The look of the desk. A site changes it by setting the --ieum-... variables on ieum-desk.
// A constructed sheet needs no 'unsafe-inline' in a Content-Security-Policy.

export const styles = new CSSStyleSheet();

styles.replaceSync(`
:host {
  all: initial;
  --accent: var(--ieum-accent, light-dark(#0b5d57, #86d6cb));
  --on-accent: var(--ieum-on-accent, light-dark(#fff, #06201e));
  --surface: var(--ieum-surface, light-dark(#fff, #15191b));
  --raised: var(--ieum-raised, light-dark(#f0f4f3, #222829));
  --text: var(--ieum-text, light-dark(#1b2322, #e9eeed));
  --muted: var(--ieum-muted, light-dark(#525d5b, #a9b5b3));
  --line: var(--ieum-line, light-dark(#cfd8d6, #3c4645));
  --edge: light-dark(#74817f, #7d8a88);
  --good: light-dark(#17663a, #8bd8a6);
  --bad: light-dark(#a3231b, #ffb0a6);
  --care: light-dark(#7a4b00, #f3c471);
  --care-surface: light-dark(#fdf3dd, #33290f);
  --bad-surface: light-dark(#fdeceb, #3a1d1a);
  color-scheme: light dark;
  font: 1rem/1.5 var(--ieum-font, system-ui, "Noto Sans", sans-serif);
  color: var(--text);
}
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
p, ul, ol, h2, h3 { margin: 0; padding: 0; }
button, select, textarea { font: inherit; color: inherit; }
button, select, summary, label { cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }

.launcher {
  position: fixed; z-index: 2147483000;
  inset-block-end: 1rem; inset-inline-end: 1rem;
  min-block-size: 3.25rem; padding: .5rem 1.25rem;
  border: 2px solid var(--surface); border-radius: 2rem;
  background: var(--accent); color: var(--on-accent); font-weight: 600;
  box-shadow: 0 4px 16px #0004;
}
.launcher::before {
  content: ""; display: inline-block; vertical-align: -.3em;
  inline-size: 1.3em; block-size: 1.05em; margin-inline-end: .6em;
  border: 2px solid; border-radius: .45em .45em .45em 0;
}
.panel[open] ~ .launcher { display: none; }
dialog { border: 0; padding: 0; color: var(--text); background: var(--surface); }
.panel {
  position: fixed; z-index: 2147483001; margin: 0;
  inset: auto 1rem 1rem auto;
  inline-size: 27rem; block-size: min(46rem, calc(100dvh - 2rem));
  max-inline-size: none; max-block-size: none;
  border: 1px solid var(--line); border-radius: 1rem; overflow: hidden;
  box-shadow: 0 8px 40px #0005;
}
.panel[open] { display: flex; flex-direction: column; }
.panel::backdrop { background: var(--surface); }
@media (max-width: 40rem) {
  .panel { inset: 0; inline-size: 100%; block-size: 100dvh; border: 0; border-radius: 0; }
}

.top {
  display: flex; align-items: center; gap: .5rem;
  padding: .5rem .5rem .5rem 1rem;
  background: var(--accent); color: var(--on-accent);
}
.top :focus-visible { outline-color: var(--on-accent); outline-offset: -3px; }
h2 { flex: 1; min-inline-size: 0; font-size: 1.05rem; line-height: 1.3; overflow-wrap: anywhere; }
select {
  max-inline-size: min(9.5rem, 30vw); min-block-size: 2.5rem; padding: 0 .25rem;
  border: 1px solid currentColor; border-radius: .5rem; background: transparent;
}
option { color: var(--text); background: var(--surface); }
.close {
  inline-size: 2.75rem; block-size: 2.75rem; flex: none;
  border: 0; border-radius: .5rem; background: transparent;
}
.close::before { content: "✕" / ""; font-size: 1.2rem; }

.log {
  position: relative; flex: 1; overflow-y: auto; overscroll-behavior: contain;
  display: flex; flex-direction: column; gap: .75rem; padding: 1rem;
}
.log:focus-visible { outline-offset: -3px; }
.day, .remark, .state { text-align: center; font-size: .85rem; color: var(--muted); }
.remark { padding: .5rem 1rem; border-radius: .75rem; background: var(--raised); color: var(--text); }
.begin { align-self: center; }
.state:empty { display: none; }
.state { padding: .35rem 1rem; background: var(--care-surface); color: var(--care); }

article { max-inline-size: 100%; overflow-wrap: anywhere; }
article.applicant {
  align-self: flex-end; max-inline-size: 85%; padding: .5rem .9rem;
  border-radius: 1rem 1rem .25rem 1rem; background: var(--accent); color: var(--on-accent);
}
article.desk, article.counsellor, article.system {
  inline-size: 100%; padding: .75rem .9rem;
  border-radius: .25rem 1rem 1rem 1rem; background: var(--raised);
}
article.counsellor { border-inline-start: 4px solid var(--accent); border-radius: 0 1rem 1rem 0; }
.who { font-size: .8rem; font-weight: 600; color: var(--muted); }
.applicant .who { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
.text { white-space: pre-line; }
.at { display: block; margin-block-start: .25rem; font-size: .75rem; color: var(--muted); }
.applicant .at { color: inherit; text-align: end; }
.waiting { opacity: .85; }
.waiting .at::after { content: " …" / ""; }

article ul, article ol { list-style: none; }
article ol { list-style: decimal; padding-inline-start: 1.5rem; }
li + li { margin-block-start: .5rem; }
section, article > ul { margin-block-start: .9rem; padding-block-start: .75rem; border-block-start: 1px solid var(--line); }
h3 { margin-block-end: .4rem; font-size: .95rem; }
.small, .if { font-size: .85rem; color: var(--muted); }
.verdict > .text strong, .urgent > .who + .text { font-size: 1.05rem; font-weight: 600; }
article.verdict { border-block-start: 4px solid var(--edge); border-radius: 0 0 1rem 1rem; }
article.eligible { border-color: var(--good); }
article.not_eligible { border-color: var(--bad); }
article:is(.depends, .needs_more_info) { border-color: var(--care); }
article.urgent { border-inline-start: 6px solid var(--care); border-radius: 0 1rem 1rem 0; background: var(--care-surface); }
article.urgent.emergency { border-color: var(--bad); background: var(--bad-surface); }
.contacts li + li { margin-block-start: .9rem; }

.status {
  display: inline-block; padding: 0 .5em; border: 1px solid; border-radius: 1em;
  font-size: .8rem; font-weight: 600; color: var(--care);
}
.met .status { color: var(--good); }
.met .status::before { content: "✓ " / ""; }
.unmet .status { color: var(--bad); }
.unmet .status::before { content: "✕ " / ""; }
.unknown .status::before { content: "? " / ""; }
.disputed .status::before { content: "⇄ " / ""; }
.unknown .status { color: var(--muted); }

label { display: flex; gap: .6rem; align-items: flex-start; min-block-size: 1.75rem; }
input[type="checkbox"] { flex: none; inline-size: 1.25rem; block-size: 1.25rem; margin: .15rem 0 0; accent-color: var(--accent); }
.documents details, .maybe_documents details, .if { margin-inline-start: 1.85rem; }
input:checked + span { color: var(--muted); text-decoration: line-through; }

.stale { color: var(--care); font-size: .85rem; font-weight: 600; }
.disagreement {
  margin-block: .35rem; padding: .5rem .75rem; font-size: .93rem;
  border-inline-start: 3px solid var(--care); background: var(--care-surface);
}
.disagreement .small { color: var(--care); font-weight: 600; }
.disagreement ul { list-style: disc; padding-inline-start: 1.2rem; }
.safe { margin-block-start: .4rem; }
.phone { font-size: 1.25rem; font-weight: 700; }
section time { font-weight: 600; }
.after { margin-block-start: .9rem; }
article.notice { border: 1px dashed var(--edge); background: transparent; }

details { font-size: .85rem; }
summary { inline-size: fit-content; min-block-size: 1.5rem; color: var(--muted); text-decoration: underline dotted; text-underline-offset: .2em; }
article > .sources { margin-block-start: .9rem; padding-block-start: .75rem; border-block-start: 1px solid var(--line); }
details.why { margin-block-start: .5rem; }
details[open] > :not(summary) { padding-inline-start: .75rem; border-inline-start: 2px solid var(--line); }

.choices { display: flex; flex-wrap: wrap; gap: .5rem; margin-block-start: .75rem; }
.choices button, .begin, .buttons button, .bottom button {
  min-block-size: 2.75rem; padding: .4rem 1rem; text-align: start;
  border: 1.5px solid var(--accent); border-radius: 1.4rem;
  background: var(--surface); color: var(--accent); font-weight: 600;
}
.choices button:disabled { cursor: default; border-color: var(--line); color: var(--muted); background: transparent; }
.choices button[aria-pressed="true"] { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.choices [aria-pressed="true"]::before { content: "✓ " / ""; }
@media (hover: hover) {
  button:enabled:hover { filter: brightness(1.12); }
}

.typing { display: flex; gap: .3rem; padding: 0 1.25rem .5rem; }
.typing i { inline-size: .5rem; block-size: .5rem; border-radius: 50%; background: var(--edge); animation: pulse 1.2s infinite; }
.typing i:nth-child(2) { animation-delay: .2s; }
.typing i:nth-child(3) { animation-delay: .4s; }
@keyframes pulse { 50% { opacity: .2; } }
@media (prefers-reduced-motion: reduce) { .typing i { animation: none; } }

form { display: flex; gap: .5rem; align-items: flex-end; padding: .75rem 1rem .5rem; border-block-start: 1px solid var(--line); }
textarea {
  flex: 1; min-inline-size: 0; min-block-size: 2.75rem; max-block-size: 9rem; resize: none;
  field-sizing: content; padding: .55rem .8rem;
  border: 1.5px solid var(--edge); border-radius: 1rem; background: var(--surface);
}
textarea::placeholder { color: var(--muted); opacity: 1; }
.send { min-block-size: 2.75rem; padding: 0 1rem; border: 0; border-radius: 1.4rem; background: var(--accent); color: var(--on-accent); font-weight: 600; }
.bottom { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; padding: 0 1rem .75rem; }
.bottom button { min-block-size: 2rem; padding: 0 .25rem; border: 0; background: transparent; font-size: .85rem; text-decoration: underline; }

.confirm { inline-size: min(24rem, calc(100vw - 2rem)); padding: 1.25rem; border-radius: 1rem; }
.confirm::backdrop { background: #0008; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-block-start: 1rem; }
.buttons .danger { border-color: var(--bad); color: var(--bad); }
@media (forced-colors: active) {
  .launcher, .choices button, article { border: 1px solid; }
}
`);
