// The client of graphql-sse against a running endpoint: node events.js ADDRESS
// The endpoint serves the schema of tests/app/graphql/small_schema.py.
import assert from 'node:assert/strict';
import { createClient } from 'graphql-sse';

const url = process.argv[2];

function connected(headers) {
  return createClient({ url, headers, retryAttempts: 0 });
}

async function all(client, request) {
  const results = [];
  for await (const result of client.iterate(request)) results.push(result);
  return results;
}

const client = connected({});
assert.deepEqual(await all(client, { query: '{ hello }' }), [{ data: { hello: 'world' } }]);
assert.deepEqual(
  await all(client, { query: 'subscription ($to: Int!) { count(to: $to) }', variables: { to: 3 } }),
  [0, 1, 2].map((count) => ({ data: { count } })),
);
// What a document lacks is told within the stream.
const [refused] = await all(client, { query: '{ nothing }' });
assert.equal(refused.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
assert.equal('data' in refused, false);
client.dispose();

const ada = connected({ Authorization: 'Bearer ada' });
assert.deepEqual(await all(ada, { query: '{ who }' }), [{ data: { who: 'key:ada' } }]);
ada.dispose();

const stranger = connected({ Authorization: 'Bearer wrong' });
await assert.rejects(all(stranger, { query: '{ who }' }), /401/);
stranger.dispose();
console.log('graphql-sse: as it should be');
