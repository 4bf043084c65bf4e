// Writes the page's libraries as one file, and beside it their notices.
import {readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {build} from 'esbuild';

const target = '../mmext/viewing/static/';
const {metafile} = await build({
  entryPoints: ['openlayers.mjs'],
  outfile: `${target}openlayers.js`,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  // They are in the notices, whole.
  legalComments: 'none',
  metafile: true,
});

const folders = new Set(
  Object.keys(metafile.inputs).flatMap(
    (path) => path.match(/^node_modules\/(?:@[^/]+\/)?[^/]+/) ?? [],
  ),
);
const packages = [...folders].sort().map((folder) => {
  const {name, version, license} = JSON.parse(
    readFileSync(`${folder}/package.json`, 'utf8'),
  );
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file && readFileSync(`${folder}/${file}`, 'utf8').trim();
  return {name, version, license, text};
});
const notices = packages.map(({name, version, license, text}) => {
  const same = packages.find((other) => other.license === license && other.text);
  if (!text && !same) {
    throw new Error(`${name}: no text of ${license}, expected one`);
  }
  const shown = text ?? `The package brings no text; it is the one of ${same.name}.`;
  return `${'='.repeat(72)}\n${name} ${version} (${license})\n\n${shown}\n`;
});
writeFileSync(
  `${target}openlayers.NOTICES.txt`,
  'openlayers.js holds these packages, made into one file by `make viewer` in the\n' +
    `repository of mmext, from the versions in viewer/package-lock.json.\n\n${
      notices.join('\n')}`,
);
