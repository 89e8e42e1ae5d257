// The protocol's own client starts a command and uses its tools.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [command, ...args] = process.argv.slice(2);
const client = new Client({ name: "test", version: "1" });
await client.connect(new StdioClientTransport({ command, args }));
const { tools } = await client.listTools();
const { structuredContent } = await client.callTool({
  name: "generate",
  arguments: { prompt: "Tell me of Lily.", max_tokens: 9, temperature: 0 },
});
await client.close();
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), generated: structuredContent }));
