// A label review: candidate by candidate, by keys or by buttons.
import {saveVerdict} from './server.js';

const KEYS = {a: 'accept', r: 'reject', u: 'unsure'};
const find = (id) => document.getElementById(id);

export class ReviewPanel {
  /**
   * @param {Array<object>} candidates The best first.
   * @param {object} kinds Colours by kind.
   * @param {object} told Called with: go(candidate), problem(line or null).
   */
  constructor(candidates, kinds, told) {
    this.kinds = kinds;
    this.told = told;
    // What no sheet shows can't be judged here.
    this.candidates = candidates.filter(({sheet}) => sheet !== null);
    this.hidden = candidates.length - this.candidates.length;
    this.buttons = [...document.querySelectorAll('[data-verdict]')];
    for (const button of this.buttons) {
      button.addEventListener('click', () => this.judge(button.dataset.verdict));
    }
    find('next').addEventListener('click', () => this.move(1));
    find('previous').addEventListener('click', () => this.move(-1));
    document.addEventListener('keydown', (event) => this.pressed(event));
    find('review').hidden = false;
    const first = this.candidates.findIndex(({verdict}) => !verdict);
    this.index = Math.max(first, 0);
    this.say();
  }

  get current() {
    return this.candidates[this.index];
  }

  /** Go to a neighbour in the list; at its ends stay. */
  move(step) {
    const next = this.index + step;
    if (!this.candidates[next]) return;
    this.index = next;
    this.say();
    this.told.go(this.current);
  }

  /** Save a verdict and go on; the same one once more takes it back. */
  async judge(verdict) {
    const candidate = this.current;
    if (!candidate || this.saving) return;
    const given = candidate.verdict === verdict ? '' : verdict;
    this.saving = true;
    try {
      await saveVerdict(candidate, given);
      candidate.verdict = given;
      this.told.problem(null);
    } catch (error) {
      this.told.problem(error.message);
      return;
    } finally {
      this.saving = false;
    }
    this.say();
    if (given) this.move(1);
  }

  pressed(event) {
    const typing = event.target.matches('select, input[type="text"]');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (KEYS[key]) this.judge(KEYS[key]);
    else if (key === 'n') this.move(1);
    else if (key === 'p') this.move(-1);
    else return;
    event.preventDefault();
  }

  say() {
    const candidate = this.current;
    const judged = this.candidates.filter(({verdict}) => verdict).length;
    find('place').textContent = `${this.candidates.length && this.index + 1} of ${
      this.candidates.length}`;
    find('kind').textContent = candidate?.kind ?? 'no candidate';
    find('kind').style.borderColor = `rgb(${this.kinds[candidate?.kind] ?? '0,0,0'})`;
    find('facts').textContent = candidate ? facts(candidate) : '';
    find('progress').max = Math.max(this.candidates.length, 1);
    find('progress').value = judged;
    find('judged').textContent = `${judged} judged${
      this.hidden ? `; ${this.hidden} more lie on no sheet that is shown` : ''}`;
    find('previous').disabled = this.index === 0;
    find('next').disabled = this.index + 1 >= this.candidates.length;
    for (const button of this.buttons) {
      const chosen = button.dataset.verdict === candidate?.verdict;
      button.setAttribute('aria-pressed', String(chosen));
      button.disabled = !candidate;
    }
  }
}

function facts(candidate) {
  const percent = (share) => `${Math.round(100 * share)} %`;
  const said = {
    score: (value) => `score ${value.toFixed(2)}`,
    area_m2: (value) => `${Math.round(value)} m²`,
    share_wrong: (value) => `wrong in ${percent(value)} of the passes`,
    last_epoch: (value) => `last in epoch ${value}`,
    probability: (value) => `now ${value.toFixed(2)}`,
    label_seen: (value) => (value < 0.95 ? `${percent(value)} of the label seen` : ''),
  };
  return Object.entries(said)
    .map(([name, say]) => (candidate[name] == null ? '' : say(candidate[name])))
    .filter(Boolean)
    .join(' · ');
}
