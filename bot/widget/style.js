// The look of the desk. A site sets the --ieum-... variables and the color-scheme of ieum-desk.
// Sizes are in em: a site's root size is not ours. A constructed sheet needs no 'unsafe-inline'.

export const styles = new CSSStyleSheet();

styles.replaceSync(`
:host {
  all: initial;
  --ieum-accent: light-dark(#0b5d57, #86d6cb);
  --ieum-on-accent: light-dark(#fff, #06201e);
  --ieum-surface: light-dark(#fff, #1b2122);
  --ieum-ground: light-dark(#f3f5f2, #121617);
  --ieum-text: light-dark(#1a2322, #e9eeed);
  --ieum-muted: light-dark(#52605d, #a9b5b3);
  --ieum-line: light-dark(#d9e0dd, #384342);
  --ieum-edge: light-dark(#74817f, #7d8a88);
  --ieum-good: light-dark(#14643a, #8bd8a6);
  --ieum-bad: light-dark(#a3231b, #ffb0a6);
  --ieum-care: light-dark(#8a5300, #f3c471);
  --ieum-font: system-ui, "Noto Sans", sans-serif;
  --tone: var(--ieum-care);
  color-scheme: light dark;
  font: max(16px, 1rem)/1.55 var(--ieum-font);
  color: var(--ieum-text);
}
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
p, ul, ol, h2, h3, h4 { margin: 0; padding: 0; font-size: 1em; }
ul { list-style: none; }
ol { padding-inline-start: 1.5em; }
button, select, textarea { font: inherit; color: inherit; }
button, select, summary, label { cursor: pointer; }
button:enabled:hover { filter: brightness(1.1); }
:focus-visible { outline: 3px solid var(--ieum-accent); outline-offset: 2px; }
a { color: var(--ieum-accent); }
:lang(ko) { word-break: keep-all; }

.launcher, .panel { position: fixed; z-index: 2147483000; inset: auto 1em 1em auto; }
.launcher {
  min-block-size: 3.5em; max-inline-size: calc(100% - 2em); padding: .5em 1.4em;
  border: 2px solid var(--ieum-surface); border-radius: 2em;
  background: var(--ieum-accent); color: var(--ieum-on-accent); font-weight: 600;
  box-shadow: 0 .4em 1.5em #0004;
}
.launcher::before {
  content: ""; display: inline-block; vertical-align: -.3em;
  inline-size: 1.35em; block-size: 1.1em; margin-inline-end: .6em;
  border: 2px solid; border-radius: .5em .5em .5em 0;
}
.unread {
  position: absolute; inset: -.6em -.3em auto auto;
  min-inline-size: 1.7em; padding-inline: .4em; border-radius: 1em; line-height: 1.7;
  background: #b3261e; color: #fff; font-size: .9em; text-align: center;
}
.panel[open] ~ .launcher { display: none; }
dialog { border: 0; padding: 0; color: var(--ieum-text); background: var(--ieum-surface); }
.panel {
  margin: 0; inline-size: 27.5em; block-size: min(47em, calc(100dvh - 2em));
  max-inline-size: none; max-block-size: none;
  border: 1px solid var(--ieum-line); border-radius: 1.25em; overflow: hidden auto;
  box-shadow: 0 1em 3.5em #0004;
}
.panel[open] { display: flex; flex-direction: column; }
@media (max-width: 40rem) {
  .panel { inset: 0; inline-size: 100%; block-size: 100dvh; border: 0; border-radius: 0; }
}

.top {
  display: flex; align-items: center; gap: .6em; padding: .6em .6em .6em 1em;
  border-block-end: 1px solid var(--ieum-line);
}
.top::before {
  content: ""; flex: none; inline-size: 2.25em; block-size: 2.25em; border-radius: .65em;
  background: radial-gradient(circle at 38% 43%, #0000 .4em, #fff .43em .55em, #0000 .58em),
    radial-gradient(circle at 62% 57%, #0000 .4em, #f4c86a .43em .55em, #0000 .58em) #0b5d57;
}
h2 { flex: 1; min-inline-size: 0; line-height: 1.3; overflow-wrap: anywhere; }
select, .close { block-size: 2.75em; border: 1px solid var(--ieum-line); border-radius: .7em; background: none; }
select { max-inline-size: min(9em, 32vw); padding: 0 .4em; border-color: var(--ieum-edge); }
option { color: var(--ieum-text); background: var(--ieum-surface); }
.close { inline-size: 2.75em; flex: none; border: 0; }
.close::before { content: "✕" / ""; }

.log {
  position: relative; flex: 1 0 9em; overflow-y: auto; overscroll-behavior: contain;
  display: flex; flex-direction: column; gap: .9em; padding: 1em; background: var(--ieum-ground);
}
.log:focus-visible { outline-offset: -3px; }
.day, .remark, .state { text-align: center; font-size: .85em; color: var(--ieum-muted); }
.remark { padding: .6em 1em; border-radius: 1em; background: var(--ieum-surface); color: var(--ieum-text); }
.begin { align-self: center; }
.state { padding: .4em 1em; color: var(--tone); }
.state:empty { display: none; }
.state, header, .disagreement, .urgent { background: color-mix(in srgb, var(--tone) 10%, var(--ieum-surface)) !important; }

article { max-inline-size: 100%; overflow-wrap: anywhere; }
article:is(:lang(th), :lang(my), :lang(km), :lang(ne)) { line-height: 1.8; }
article.applicant {
  align-self: flex-end; max-inline-size: 85%; padding: .6em 1em;
  border-radius: 1.2em 1.2em .3em 1.2em; background: var(--ieum-accent); color: var(--ieum-on-accent);
}
article:not(.applicant) {
  inline-size: 100%; padding: .9em 1.1em; border: 1px solid var(--ieum-line);
  border-radius: .3em 1.2em 1.2em 1.2em; background: var(--ieum-surface);
}
.who { font-size: .8em; font-weight: 600; color: var(--ieum-muted); }
.applicant .who, .unseen, .sheet {
  position: absolute; inline-size: 1px; block-size: 1px; border: 0; overflow: hidden; clip-path: inset(50%);
}
.text { white-space: pre-line; }
.edit { padding: 0; border: 0; background: none; text-align: start; overflow-wrap: anywhere; }
.edit, summary { text-decoration: underline dotted; text-underline-offset: .25em; }
.edit::after { content: " ✎" / ""; }
.applicant :focus-visible { outline-color: currentColor; }
.at { display: block; margin-block-start: .35em; font-size: .75em; color: var(--ieum-muted); }
.applicant .at { color: inherit; text-align: end; }
.waiting { opacity: .85; }
.waiting .at::after { content: " …" / ""; }

section, article > ul, article > .sources, .tools, .after { margin-block-start: 1.1em; }
section, article > ul { --tone: var(--ieum-care); padding-block-start: 1em; border-block-start: 1px solid var(--ieum-line); }
li + li { margin-block-start: .7em; }
h4 { margin-block-end: .6em; }
.small, .if, .meta, details { font-size: .85em; color: var(--ieum-muted); }
.meta details, details .small { font-size: 1em; }

.eligible, .met { --tone: var(--ieum-good) !important; }
.not_eligible, .unmet, .emergency, .danger { --tone: var(--ieum-bad) !important; }
.unknown { --tone: var(--ieum-muted); }
header { margin: .4em -1.1em 0; padding: 1em 1.1em; }
header h3 { margin-block-start: .8em; font-size: .9em; color: var(--ieum-muted); }
header p { font-size: 1.15em; font-weight: 600; line-height: 1.45; }
header + section { border: 0; padding: 0; }
.outcome, .status, .stale, .disagreement > .small { color: var(--tone); font-weight: 600; }
.outcome { display: inline-block; font-weight: 700; }
.choices .outcome { display: block; font-size: .85em; }
.requirements > ul > li > p, .outcome { padding-inline-start: 1.9em; position: relative; }
.requirements > ul > li > p::before, .outcome::before {
  content: "?" / ""; position: absolute; inset: .1em auto auto 0; inline-size: 1.4em; block-size: 1.4em;
  border-radius: 50%; line-height: 1.4; text-align: center; font-size: .95em; font-weight: 700;
  background: var(--tone); color: var(--ieum-surface);
}
.requirements p.met::before, .outcome.eligible::before { content: "✓" / ""; }
.requirements p.unmet::before, .outcome.not_eligible::before { content: "✕" / ""; }
.requirements p.disputed::before, .outcome.depends::before { content: "≈" / ""; }
.requirements .meta { margin-inline-start: 2.2em; }
.meta { display: flex; flex-wrap: wrap; gap: 0 .8em; }
.meta:has([open]), .meta [open] { flex-basis: 100%; }

:has(> label) { display: flex; flex-wrap: wrap; gap: 0 .8em; }
label { flex: 1 1 60%; display: flex; gap: .7em; align-items: flex-start; min-block-size: 1.75em; }
input { flex: none; inline-size: 1.3em; block-size: 1.3em; margin: .12em 0 0; accent-color: var(--ieum-accent); }
.if { order: 1; flex: 1 1 80%; margin-inline-start: 2.35em; }
input:checked + span { color: var(--ieum-muted); text-decoration: line-through; }

.stale { font-size: .85em; }
.disagreement { margin-block: .5em; padding: .7em .9em; border-inline-start: 3px solid var(--tone); border-radius: .3em .9em .9em .3em; font-size: .93em; }
.disagreement ul { margin-block-start: .3em; }
.safe { margin-block-start: .6em; font-weight: 600; }
.phone { font-size: 1.3em; font-weight: 700; }
section time { font-weight: 700; }
article.urgent { border: 1px solid var(--tone); border-inline-start-width: 6px; }
.urgent > .text, .fees strong { font-size: 1.15em; font-weight: 600; }
article.notice { border-style: dashed; background: none; }
ins { font-weight: 700; text-decoration: none; }

summary { inline-size: fit-content; min-block-size: 1.6em; }
details.why { margin-block-start: .6em; }
details[open] > :not(summary) { padding-inline-start: .8em; border-inline-start: 2px solid var(--ieum-line); }

.choices, .tools, .buttons { display: flex; flex-wrap: wrap; gap: .5em; }
.choices, .buttons { margin-block-start: .9em; }
:is(.choices, .tools, .buttons) button, .begin, .calendar {
  min-block-size: 2.75em; padding: .4em 1.1em; text-align: start;
  border: 1.5px solid var(--ieum-accent); border-radius: 1.4em;
  background: var(--ieum-surface); color: var(--ieum-accent); font-weight: 600;
}
.tools button, .calendar { min-block-size: 2.4em; margin-block: .4em; border-color: var(--ieum-line); font-size: .9em; }
.choices :disabled { cursor: default; border-color: var(--ieum-line); color: var(--ieum-muted); background: none; }
.choices [aria-pressed="true"] { border-color: var(--ieum-accent); background: var(--ieum-accent); color: var(--ieum-on-accent); }
.choices [aria-pressed="true"] > * { color: inherit; }
.choices [aria-pressed="true"]::before { content: "✓ " / ""; }
.buttons .danger { border-color: var(--tone); color: var(--tone); }

.typing { display: flex; gap: .3em; padding: .5em 1.5em; background: var(--ieum-ground); }
.typing i { inline-size: .5em; block-size: .5em; border-radius: 50%; background: var(--ieum-edge); animation: pulse 1.2s infinite; }
@keyframes pulse { 50% { opacity: .2; } }
@media (prefers-reduced-motion: reduce) { .typing i { animation: none; } }

form { display: flex; gap: .5em; align-items: flex-end; padding: .8em 1em .4em; border-block-start: 1px solid var(--ieum-line); }
textarea {
  flex: 1; min-inline-size: 0; min-block-size: 2.75em; max-block-size: 9em; resize: none;
  field-sizing: content; padding: .55em .9em;
  border: 1.5px solid var(--ieum-edge); border-radius: 1.2em; background: none;
}
::placeholder { color: var(--ieum-muted); opacity: 1; }
.send { min-block-size: 2.85em; padding: 0 1.1em; border: 0; border-radius: 1.4em; background: var(--ieum-accent); color: var(--ieum-on-accent); font-weight: 600; }
.bottom { display: flex; flex-wrap: wrap; gap: 0 1em; justify-content: space-between; padding: 0 1em .5em; }
.bottom button { min-block-size: 2.2em; padding: 0 .4em; border: 0; background: none; color: var(--ieum-muted); font-size: .85em; text-decoration: underline; }
.confirm { inline-size: min(24em, calc(100vw - 2em)); padding: 1.4em; border-radius: 1.25em; }
.confirm::backdrop { background: #0008; }
`);
