const PREFERENCE = 'graphiql:shouldPersistHeaders';
const HISTORY = ['graphiql:queries', 'graphiql:favorites'];

/** Whether the user chose, in GraphiQL's settings, to keep headers between visits. */
export function persistsHeaders() {
  return localStorage.getItem(PREFERENCE) === 'true';
}

function withoutHeaders(history) {
  return JSON.stringify(JSON.parse(history), (key, value) =>
    key === 'headers' ? undefined : value,
  );
}

/**
 * The browser's storage, with the user's choice about headers applied to the history, too: there
 * GraphiQL keeps them in any case, and with them the bearer tokens of all calls.
 */
export const storage = {
  get length() {
    return localStorage.length;
  },
  getItem: key => localStorage.getItem(key),
  removeItem: key => localStorage.removeItem(key),
  clear: () => localStorage.clear(),
  setItem(key, value) {
    const strip = HISTORY.includes(key) && !persistsHeaders();
    localStorage.setItem(key, strip ? withoutHeaders(value) : value);
    if (key === PREFERENCE) {
      for (const name of HISTORY.filter(name => storage.getItem(name) !== null)) {
        storage.setItem(name, storage.getItem(name));
      }
    }
  },
};
