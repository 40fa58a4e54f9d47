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

function entry(directory) {
  const { name, version, license, author } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  );
  if (!license) {
    throw new Error(`${name} names no licence`);
  }
  const notices = readdirSync(directory)
    .filter(file => NOTICE.test(file))
    .sort()
    .map(file => readFileSync(join(directory, file), 'utf8').replaceAll('\r\n', '\n').trim());
  const holder = typeof author === 'string' ? author : author?.name;
  const head = `${name} ${version} (${license})`;
  if (notices.length === 0) {
    notices.push(`Licensed under ${license}${holder ? `; by ${holder}` : ''}.`);
  }
  return [head, '-'.repeat(head.length), '', ...notices, ''].join('\n');
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
