// Tells of new cases and messages: a sound where it is wanted, and the page's title.

const texts = document.getElementById("texts").dataset;
const title = document.title;
const button = document.querySelector(".sound");
let known = null;
let unread = 0;
let sound = null;

// Browsers let a page sound only after somebody has pressed something on it.
button.hidden = false;
button.addEventListener("click", () => {
  sound = sound ? null : new AudioContext();
  button.setAttribute("aria-pressed", String(Boolean(sound)));
  localStorage.setItem("console-sound", sound ? "on" : "");
  if (sound) ring();
});
if (localStorage.getItem("console-sound")) {
  addEventListener("pointerdown", () => {
    sound ??= new AudioContext();
    button.setAttribute("aria-pressed", "true");
  }, { once: true });
}

// `now` is what waits: the ids of the queued cases and how many messages nobody has answered.
export function notice(now) {
  const queued = now.queued.split(" ").filter(Boolean);
  const more = Number(now.unread);
  document.title = queued.length + more ? `(${queued.length + more}) ${title}` : title;
  if (known) {
    const isNew = queued.some((id) => !known.has(id));
    if (isNew || more > unread) {
      document.querySelector(".said").textContent = isNew ? texts.new : texts.message;
      ring(queued.some((id) => !known.has(id) && now.emergency.includes(id)) ? 3 : 1);
    }
  }
  known = new Set(queued);
  unread = more;
}

function ring(times = 1) {
  if (!sound) return;
  for (let beat = 0; beat < times; beat++) {
    const start = sound.currentTime + beat * 0.35;
    const tone = new OscillatorNode(sound, { frequency: 660 });
    const level = new GainNode(sound, { gain: 0 });
    level.gain.setValueAtTime(0, start);
    level.gain.linearRampToValueAtTime(0.2, start + 0.02);
    level.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
    tone.connect(level).connect(sound.destination);
    tone.start(start);
    tone.stop(start + 0.3);
  }
}
