/** A query of the gateway's configuration as a GraphiQL tab; the title becomes a comment. */
export function toTab({ title, query, variables }) {
  return {
    query: `# ${title}\n${query.trim()}\n`,
    variables: variables === null ? null : JSON.stringify(variables, null, 2),
  };
}

function stored(name) {
  return localStorage.getItem(`graphiql:${name}`);
}

/** Whether the user chose, in GraphiQL's settings, to keep headers between visits. */
export function persistsHeaders() {
  return stored('shouldPersistHeaders') === 'true';
}

/**
 * The tab that shows first: the one last active, or on the first visit the first of `tabs`.
 *
 * GraphiQL fills its editors from single stored values instead, so that the first tab would lose
 * its variables, and a reload would open the same query a second time.
 */
export function initialTab(tabs) {
  try {
    const state = JSON.parse(stored('tabState'));
    return state.tabs[state.activeTabIndex] ?? tabs[0];
  } catch {
    return tabs[0];
  }
}
