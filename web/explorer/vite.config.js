import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vite';

import { licenses } from './licenses.js';

const here = path => fileURLToPath(new URL(path, import.meta.url));
const notices = licenses('THIRD_PARTY_LICENSES.txt');

export default defineConfig({
  resolve: {
    alias: [
      {
        find: 'monaco-editor/esm/vs/editor/edcore.main.js',
        replacement: here('./src/monaco.js'),
      },
      // Two copies of one parser: GraphiQL asks for it by its old name, too.
      { find: 'prettier/parser-graphql', replacement: 'prettier/plugins/graphql' },
      { find: 'prettier/plugins/estree', replacement: here('./src/jsonc-formatter.js') },
      { find: 'prettier/parser-babel', replacement: here('./src/jsonc-formatter.js') },
    ],
  },
  plugins: [notices.emit()],
  worker: { format: 'es', plugins: () => [notices.watch()] },
  experimental: {
    // Relative, so that the gateway may stand behind a path prefix. The page is served one level
    // above its files.
    renderBuiltUrl: (filename, { hostType }) =>
      hostType === 'html' ? `explorer/${filename}` : { relative: true },
  },
  build: {
    outDir: here('../../gateway/app/static/explorer'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // no data: address where a file does
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      checks: { moduleLevelDirective: false }, // "use client" means nothing here
      output: {
        codeSplitting: {
          // Monaco's lower layers import nothing of its upper ones, so the cut cannot reorder it.
          groups: [{ name: 'monaco-base', test: /\/monaco-editor\/esm\/vs\/(base|platform)\// }],
        },
      },
    },
  },
});
