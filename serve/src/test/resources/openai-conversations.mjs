// Continues stored responses and conversations, and writes what the server answered as JSON.
import OpenAI from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const ask = { model: "stories", max_output_tokens: 12, temperature: 0 };
const found = {};

const first = await client.responses.create({ ...ask, input: "Hello" });
const second = await client.responses.create({
  ...ask,
  input: "Why?",
  previous_response_id: first.id,
});
found.first = first.output_text;
found.second = second.output_text;
found.same = (await client.responses.retrieve(second.id)).output_text === second.output_text;
found.inputs = [];
// One item a page, so that the client asks for further pages.
for await (const item of client.responses.inputItems.list(second.id, { limit: 1, order: "asc" })) {
  found.inputs.push(`${item.role}: ${item.content[0].text}`);
}

const conversation = await client.conversations.create({
  metadata: { topic: "cats" },
  items: [{ type: "message", role: "user", content: "Hello" }],
});
await client.conversations.items.create(conversation.id, {
  items: [{ role: "assistant", content: first.output_text }],
});
const reader = client.responses.stream({ ...ask, input: "Why?", conversation: conversation.id });
for await (const event of reader) {
  found.last = event.type;
}
found.third = (await reader.finalResponse()).output_text;
const items = [];
for await (const item of client.conversations.items.list(conversation.id, { limit: 3 })) {
  items.push(item);
}
found.items = items.map((item) => item.role);
const item = await client.conversations.items.retrieve(items[3].id, {
  conversation_id: conversation.id,
});
found.item = item.content[0].text;
await client.conversations.items.delete(items[3].id, { conversation_id: conversation.id });
await client.conversations.update(conversation.id, { metadata: { topic: "dogs" } });
found.topic = (await client.conversations.retrieve(conversation.id)).metadata.topic;
found.left = (await client.conversations.items.list(conversation.id)).data.length;
found.deleted = (await client.conversations.delete(conversation.id)).deleted;
await client.responses.delete(first.id);

found.errors = [];
async function fails(request) {
  try {
    await request();
    found.errors.push("none");
  } catch (e) {
    found.errors.push(`${e.constructor.name} ${e.status} ${e.code}`);
  }
}
await fails(() => client.responses.retrieve(first.id));
await fails(() => client.conversations.retrieve(conversation.id));
await fails(() =>
  client.responses.create({ ...ask, input: "Hi", previous_response_id: first.id }));

console.log(JSON.stringify(found));
