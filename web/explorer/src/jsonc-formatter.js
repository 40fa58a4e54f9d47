/**
 * A Prettier plugin that lays out JSON with comments, through the `jsonc-parser` that GraphiQL
 * brings along anyway. Stands in for Prettier's Babel parser and its JavaScript printer, half a
 * megabyte that GraphiQL would load to indent the variables.
 */
import { applyEdits, format } from 'jsonc-parser';

const LAYOUT = { insertSpaces: true, tabSize: 2, eol: '\n' };

export const parsers = {
  jsonc: {
    astFormat: 'laid-out-json',
    parse: text => ({ text: applyEdits(text, format(text, undefined, LAYOUT)) }),
    locStart: () => 0,
    locEnd: node => node.text.length,
  },
};

export const printers = {
  'laid-out-json': { print: path => path.node.text },
};
