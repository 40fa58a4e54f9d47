import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const NOTICE = /^(licen[cs]e|copying|notice|thirdpartynotices)/i;

/** The directory of the npm package that a file belongs to; undefined for files of our own. */
function packageOf(file) {
  if (!file.includes('/node_modules/')) {
    return undefined;
  }
  let directory = dirname(file.replaceAll('\0', ''));
  while (!isPackage(directory)) {
    directory = dirname(directory);
  }
  return directory;
}

/** Packages may hold further package.json files that only say "type": "module". */
function isPackage(directory) {
  const manifest = join(directory, 'package.json');
  return existsSync(manifest) && 'version' in JSON.parse(readFileSync(manifest, 'utf8'));
}

// For packages that say "MIT" and ship no text, although the licence asks for it.
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** One package's part of the notices. Fails the build when there is no licence text to give. */
function entry(directory) {
  const { name, version, license } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  );
  const texts = readdirSync(directory)
    .filter(file => NOTICE.test(file))
    .sort()
    .map(file => readFileSync(join(directory, file), 'utf8').replaceAll('\r\n', '\n').trim());
  if (texts.length === 0 && license !== 'MIT') {
    throw new Error(`${name} ${version} (${license}) ships no licence text`);
  }
  const head = `${name} ${version} (${license})`;
  const body = texts.length > 0 ? texts : [`Copyright (c) the authors of ${name}`, '', MIT];
  return [head, '-'.repeat(head.length), '', ...body, ''].join('\n');
}

/**
 * Two Vite plugins that share what they see: `watch` notes which npm packages end up in a bundle
 * (the workers' bundles need one each), `emit` does the same for the page and writes the notices.
 * Vite's own `build.license` sees neither workers nor fonts.
 */
export function licenses(fileName) {
  const packages = new Set();
  const note = file => {
    const directory = packageOf(file);
    if (directory !== undefined) {
      packages.add(directory);
    }
  };
  const collect = (plugin, bundle) => {
    for (const output of Object.values(bundle)) {
      if (output.type === 'chunk') {
        output.moduleIds.forEach(note);
      } else {
        output.originalFileNames.forEach(name => note(join(plugin.environment.config.root, name)));
      }
    }
  };
  return {
    watch: () => ({
      name: 'licenses:watch',
      generateBundle(_options, bundle) {
        collect(this, bundle);
      },
    }),
    emit: () => ({
      name: 'licenses:emit',
      generateBundle(_options, bundle) {
        collect(this, bundle);
        const source = [
          'The API explorer contains these packages, under these licences.\n',
          ...[...packages].sort().map(entry),
        ].join('\n');
        this.emitFile({ type: 'asset', fileName, source });
      },
    }),
  };
}
