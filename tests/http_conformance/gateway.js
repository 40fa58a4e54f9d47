// Asks the gateway itself the same over both protocols: node gateway.js ADDRESS
import assert from 'node:assert/strict';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import WebSocket from 'ws';

const url = process.argv[2];
const query = '{ backends { name provider } }';

async function one(client) {
  for await (const result of client.iterate({ query })) return result;
}

const socket = createWsClient({
  url: url.replace(/^http/, 'ws'),
  webSocketImpl: WebSocket,
  retryAttempts: 0,
});
const stream = createSseClient({ url, retryAttempts: 0 });
const [overSocket, overStream] = [await one(socket), await one(stream)];

assert.equal(overSocket.errors, undefined);
assert.ok(overSocket.data.backends.length > 0);
assert.deepEqual(overSocket.data, overStream.data);
await socket.dispose();
stream.dispose();
console.log('both protocols: as it should be');
