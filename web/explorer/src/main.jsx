import 'graphiql/setup-workers/vite';
import './styles.css';

import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { createFetcher } from './fetcher.js';
import { persistsHeaders, storage } from './storage.js';
import { initialTab, toTab } from './tabs.js';

const root = document.getElementById('explorer');

/** The page's configuration; addresses inside are relative to the configuration's own. */
async function loadConfig() {
  const address = new URL(root.dataset.config, document.baseURI);
  const response = await fetch(address);
  if (!response.ok) {
    throw new Error(`${address.pathname} answered ${response.status}`);
  }
  const { endpoint, tabs } = await response.json();
  return { endpoint: new URL(endpoint, address), tabs: tabs.map(toTab) };
}

function render({ endpoint, tabs }) {
  const active = initialTab(tabs);
  createRoot(root).render(
    <GraphiQL
      fetcher={createFetcher(endpoint)}
      storage={storage}
      defaultTabs={tabs.length > 0 ? tabs : undefined}
      initialQuery={active?.query ?? undefined}
      initialVariables={active?.variables ?? ''}
      initialHeaders={active?.headers ?? undefined}
      shouldPersistHeaders={persistsHeaders()}
      showPersistHeadersSettings
    >
      <GraphiQL.Logo>OTA gateway explorer</GraphiQL.Logo>
    </GraphiQL>,
  );
}

try {
  render(await loadConfig());
} catch (error) {
  root.setAttribute('role', 'alert');
  root.textContent = `The explorer could not start: ${error.message}`;
}
