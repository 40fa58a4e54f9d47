// The client of graphql-ws against a running endpoint: node sockets.js ADDRESS
// The endpoint serves the schema of tests/app/graphql/small_schema.py.
import assert from 'node:assert/strict';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const url = process.argv[2].replace(/^http/, 'ws');

function connected(connectionParams) {
  return createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams });
}

async function all(client, request) {
  const results = [];
  for await (const result of client.iterate(request)) results.push(result);
  return results;
}

const client = connected();
assert.deepEqual(await all(client, { query: '{ hello }' }), [{ data: { hello: 'world' } }]);
assert.deepEqual(
  await all(client, { query: 'subscription ($to: Int!) { count(to: $to) }', variables: { to: 3 } }),
  [0, 1, 2].map((count) => ({ data: { count } })),
);
assert.deepEqual(await all(client, { query: 'mutation { note(text: "four") }' }), [
  { data: { note: 4 } },
]);
// A document that does not parse fails alone; its socket lives on.
await assert.rejects(all(client, { query: '{' }), (errors) => {
  assert.equal(errors[0].extensions.code, 'GRAPHQL_PARSE_FAILED');
  return true;
});
assert.deepEqual(
  await Promise.all([1, 2, 3].map((to) => all(client, { query: `subscription { count(to: ${to}) }` }))),
  [1, 2, 3].map((to) => Array.from({ length: to }, (_, count) => ({ data: { count } }))),
);
await client.dispose();

const ada = connected({ authorization: 'Bearer ada' });
assert.deepEqual(await all(ada, { query: '{ who }' }), [{ data: { who: 'key:ada' } }]);
await ada.dispose();

const stranger = connected({ authorization: 'Bearer wrong' });
await assert.rejects(all(stranger, { query: '{ who }' }), (closed) => {
  assert.equal(closed.code, 4403);
  return true;
});
await stranger.dispose();
console.log('graphql-ws: as it should be');
