// The protocol's own client uses our server over HTTP.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, key] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${key}` };
const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
const client = new Client({ name: "test", version: "1" });
await client.connect(transport);
const found = { version: client.getServerVersion().name };
await client.ping();
const { tools } = await client.listTools();
found.tools = tools.map((tool) => tool.name);
// The client checks each result against the tool's schema.
const call = (name, args) => client.callTool({ name, arguments: args });
found.generated = (
  await call("generate", { prompt: "Tell me of Lily.", max_tokens: 20, temperature: 0 })
).structuredContent;
found.asked = (await call("ask", { question: "When?" })).structuredContent;
found.searched = (await call("search", { question: "When?" })).structuredContent;
found.vectors = (await call("embed", { texts: ["a cat"] })).structuredContent.vectors;
found.ranked = (
  await call("rerank", { query: "a", documents: ["aa", "aaaa"], top_n: 1 })
).structuredContent.results;
const wrong = await call("generate", { prompt: "Hi", model: "none" });
found.wrong = [wrong.isError, wrong.content[0].text];
found.unknown = await call("nothing", {}).then(
  () => "none",
  (error) => error.code,
);
await client.close();
console.log(JSON.stringify(found));
