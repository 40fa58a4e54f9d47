import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { getIntrospectionQuery } from 'graphql';

// GraphiQL's own introspection leaves out @oneOf; without it the editor accepts inputs that the
// gateway refuses.
const INTROSPECTION = getIntrospectionQuery({
  inputValueDeprecation: true,
  oneOf: true,
  schemaDescription: true,
  specifiedByUrl: true,
});

/**
 * Sends operations to the gateway: by POST, and subscriptions over a WebSocket at the same address
 * (graphql-transport-ws). What the headers editor holds goes along; on a WebSocket, where a page
 * cannot set headers, as connection parameters.
 */
export function createFetcher(endpoint) {
  const socket = new URL(endpoint);
  socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';
  const send = createGraphiQLFetcher({
    url: endpoint.href,
    subscriptionUrl: socket.href,
    enableIncrementalDelivery: false, // the gateway has neither @defer nor @stream
  });
  return (params, options) =>
    send(
      params.operationName === 'IntrospectionQuery' ? { ...params, query: INTROSPECTION } : params,
      options,
    );
}
