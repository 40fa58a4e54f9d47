// Runs the audits of the GraphQL over HTTP working group against a running endpoint:
// node audits.js ADDRESS FEWEST
import { serverAudits } from 'graphql-http';

const [url, fewest] = process.argv.slice(2);
const audits = serverAudits({ url, fetchFn: fetch });

let failed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status !== 'ok') {
    failed += 1;
    console.log(`${result.status}: ${audit.id} ${audit.name}: ${result.reason}`);
  }
}
console.log(`${audits.length - failed} of ${audits.length} audits passed`);
// A suite that shrank would pass without judging.
process.exitCode = failed > 0 || audits.length < Number(fewest) ? 1 : 0;
