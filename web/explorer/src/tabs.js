import { storage } from './storage.js';

/** A query of the gateway's configuration as a GraphiQL tab; the title becomes a comment. */
export function toTab({ title, query, variables }) {
  return {
    query: `# ${title}\n${query.trim()}\n`,
    variables: variables === null ? null : JSON.stringify(variables, null, 2),
  };
}

/**
 * The tab that shows first: the one last active, or on the first visit the first of `tabs`.
 *
 * GraphiQL fills its editors from single stored values instead, so that the first tab would lose
 * its variables, and a reload would open the same query a second time.
 */
export function initialTab(tabs) {
  try {
    const state = JSON.parse(storage.getItem('graphiql:tabState'));
    return state.tabs[state.activeTabIndex] ?? tabs[0];
  } catch {
    return tabs[0];
  }
}
