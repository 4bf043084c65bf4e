// The page: what is chosen on the panel, and what the map is told of it.
import {MapPanel} from './map.js';
import {ReviewPanel} from './review.js';
import {RAMP, css, swatch} from './colours.js';
import {ask} from './server.js';

const find = (id) => document.getElementById(id);
const box = (layer) => document.querySelector(`[data-layer="${layer}"] input`);

function problem(line) {
  find('problem').textContent = line ?? '';
  find('problem').hidden = !line;
}

function countObjects(number) {
  find('objects-note').textContent = number === null
    ? `more than ${about.most_features} here: zoom in`
    : `${number} here`;
}

function describe(properties) {
  find('chosen').hidden = !properties;
  const list = find('chosen').querySelector('dl');
  list.replaceChildren();
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name === 'geometry' || value === null) continue;
    const term = document.createElement('dt');
    const said = document.createElement('dd');
    term.textContent = name;
    said.textContent = typeof value === 'number' ? +value.toFixed(3) : value;
    list.append(term, said);
  }
}

let about, panel, opened;

async function open(number) {
  panel.busy();
  const sheet = await ask(`/sheets/${number}`);
  opened = number;
  find('sheet').value = number;
  describe(null);
  find('notes').replaceChildren(...sheet.notes.map((note) => {
    const item = document.createElement('li');
    item.textContent = note;
    return item;
  }));
  for (const layer of document.querySelectorAll('.layer')) {
    const name = layer.dataset.layer;
    layer.hidden = !(name === 'candidates' ? about.review : sheet[name]);
  }
  const channels = sheet.probability?.channels ?? [];
  const names = channels.length > 1 ? ['highest', ...channels] : channels;
  find('channel').replaceChildren(...names.map((name, index) =>
    new Option(name, channels.length > 1 ? index : 1)));
  find('channel').hidden = channels.length < 2;
  panel.restyle({channel: channels.length > 1 ? 0 : 1});
  panel.open(number, sheet);
}

async function go(candidate) {
  try {
    if (candidate.sheet !== opened) await open(candidate.sheet);
    panel.goTo(candidate);
  } catch (error) {
    problem(error.message);
  }
}

function listen() {
  find('sheet').addEventListener('change', async (event) => {
    try {
      await open(Number(event.target.value));
      problem(null);
    } catch (error) {
      problem(error.message);
    }
  });
  find('threshold').addEventListener('input', (event) => {
    const threshold = Number(event.target.value);
    find('threshold-value').textContent = threshold.toFixed(2);
    panel.restyle({threshold});
  });
  find('channel').addEventListener('change', (event) => {
    panel.restyle({channel: Number(event.target.value)});
  });
  document.addEventListener('keydown', pressed);
  // Labels are judged by the ground.
  if (about.review) box('probability').checked = false;
  for (const {dataset: {layer}} of document.querySelectorAll('.layer')) {
    box(layer).addEventListener('change', () => panel.show(layer, box(layer).checked));
    panel.shown[layer] = box(layer).checked;
  }
}

/** Keys beside those of a review: m takes the probabilities off to see the ground. */
function pressed(event) {
  if (event.key !== 'm' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!event.target.matches('select')) box('probability').click();
}

function legends() {
  const list = (name) => document.querySelector(`[data-layer="${name}"] .legend`);
  list('classes').append(...about.classes.map(({name, colour}) => swatch(name, colour)));
  list('candidates').append(
    ...Object.entries(about.kinds).map(([name, colour]) => swatch(name, colour)));
  find('ramp').style.background =
    `linear-gradient(to right, ${RAMP.map((colour) => css(colour)).join()})`;
}

try {
  if (!document.createElement('canvas').getContext('webgl')) {
    throw new Error('this browser has no WebGL, expected one that has');
  }
  about = await ask('/about');
  panel = new MapPanel(find('map'), about, {
    problem, objects: countObjects, choose: describe,
  });
  document.title = `${about.sheets[0]} · mmext view`;
  find('sheet').append(...about.sheets.map((name, index) => new Option(name, index)));
  find('sheets').classList.toggle('single', about.sheets.length === 1);
  legends();
  listen();
  const review = about.review &&
    new ReviewPanel(await ask('/candidates'), about.kinds, {go, problem});
  if (review?.current) await go(review.current);
  else await open(0);
} catch (error) {
  problem(error.message);
}
