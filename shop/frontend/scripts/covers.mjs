/**
 * Draws the covers: 6 patterns in 8 hues, 240 x 360, into src/covers. Run it after a change here:
 *
 *     node scripts/covers.mjs
 *
 * The upper part stays plain: the page sets a book's title on it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const WIDTH = 240;
const HEIGHT = 360;
const HUES = 8;

const range = (count) => Array.from({ length: count }, (_, index) => index);
const hsl = (hue, saturation, light) => `hsl(${Math.round(hue) % 360} ${saturation}% ${light}%)`;

/** The colours of a hue: a dark ground (white text is readable on it) and three others. */
const palette = (hue) => ({
  ground: hsl(hue, 36, 24),
  deep: hsl(hue + 18, 38, 33),
  mid: hsl(hue + 32, 42, 48),
  light: hsl(hue + 46, 55, 76),
  spark: hsl(hue + 190, 62, 68),
});

const path = (fill, d) => `<path fill="${fill}" d="${d}"/>`;
const circle = (fill, x, y, r) => `<circle fill="${fill}" cx="${x}" cy="${y}" r="${r}"/>`;

function wave(fill, y, height) {
  const crests = range(4).map(() => `q15 ${-height} 30 0t30 0`);
  return path(fill, `M0 ${y}${crests.join("")}V360H0z`);
}

const PATTERNS = [
  // The sea before the quay.
  (c) =>
    circle(c.spark, 178, 214, 26) +
    wave(c.deep, 248, 22) + wave(c.mid, 282, 18) + wave(c.light, 318, 14),
  // Hills.
  (c) =>
    circle(c.light, 62, 216, 22) +
    path(c.deep, "M0 276Q70 196 150 262T240 236V360H0z") +
    path(c.mid, "M0 318Q90 244 240 306V360H0z") +
    path(c.spark, "M0 350Q120 296 240 346V360H0z"),
  // Arches.
  (c) =>
    [[c.deep, 96], [c.mid, 70], [c.light, 44], [c.spark, 18]]
      .map(([fill, r]) => path(fill, `M${120 - r} 360V${300 - r / 3}a${r} ${r} 0 0 1 ${2 * r} 0V360z`))
      .join(""),
  // Leaves on a stem.
  (c) =>
    path(c.light, "M118 360V190h4V360z") +
    range(4)
      .map((n) => {
        const y = 228 + n * 36;
        const fill = [c.mid, c.spark, c.deep, c.mid][n];
        return (
          path(fill, `M122 ${y + 14}q8 -42 58 -40q-6 44 -58 40z`) +
          path(n % 2 ? c.deep : c.mid, `M118 ${y + 30}q-8 -42 -58 -40q6 44 58 40z`)
        );
      })
      .join(""),
  // Rings in still water.
  (c) =>
    [[c.deep, 130], [c.mid, 100], [c.deep, 72], [c.light, 46], [c.spark, 20]]
      .map(([fill, r]) => circle(fill, 168, 312, r))
      .join(""),
  // A shelf.
  (c) =>
    [[18, 120], [22, 150], [14, 104], [30, 136], [18, 160], [24, 112], [16, 144], [28, 126]]
      .reduce(
        ([drawn, x], [width, height], n) => {
          const fill = [c.deep, c.mid, c.light, c.deep, c.spark, c.mid, c.light, c.deep][n];
          return [drawn + path(fill, `M${x} ${348 - height}h${width}V348H${x}z`), x + width + 4];
        },
        ["", 20],
      )[0] + path(c.light, "M0 348H240V354H0z"),
];

function draw(pattern, hue) {
  const colours = palette((hue * 360) / HUES);
  const ground = `<path fill="${colours.ground}" d="M0 0H${WIDTH}V${HEIGHT}H0z"/>`;
  // The spine's shade, as a printed cover has it.
  const spine = `<path fill="#000" opacity=".16" d="M0 0H9V${HEIGHT}H0z"/>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">` +
    `${ground}${PATTERNS[pattern](colours)}${spine}</svg>\n`
  );
}

/** File name -> content of all covers. */
export function covers() {
  const numbers = range(PATTERNS.length).flatMap((pattern) =>
    range(HUES).map((hue) => [`cover-${pattern}-${hue}.svg`, draw(pattern, hue)]),
  );
  return new Map(numbers);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "src", "covers");
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of covers()) writeFileSync(join(folder, name), content);
}
