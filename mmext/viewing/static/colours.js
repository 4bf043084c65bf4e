// Colours that say more than which class it is.

/** From 0 to 1, evenly spaced: dark for little, bright for much (after "inferno"). */
export const RAMP = [
  [27, 12, 65],
  [101, 21, 110],
  [187, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
];

export const css = (colour, alpha = 1) => `rgba(${colour.join(',')},${alpha})`;

/** A legend's entry. */
export function swatch(name, colour) {
  const item = document.createElement('li');
  const box = document.createElement('i');
  box.style.background = css(colour);
  item.append(box, name);
  return item;
}
