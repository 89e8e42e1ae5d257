// The client of revision 2026-07-28 uses our server, without a session.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [url, key] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${key}` };
const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
const options = { versionNegotiation: { mode: "auto" } };
const client = new Client({ name: "test", version: "1" }, options);
await client.connect(transport);
const { tools } = await client.listTools();
const { structuredContent } = await client.callTool({
  name: "generate",
  arguments: { prompt: "Tell me of Lily.", max_tokens: 20, temperature: 0 },
});
const version = client.getNegotiatedProtocolVersion();
await client.close();
console.log(
  JSON.stringify({ version, tools: tools.map((tool) => tool.name), generated: structuredContent }),
);
