// Asks a server as the readers of OpenAI's documentation do, and writes what it answered as JSON.
import OpenAI from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const ask = {
  model: "stories",
  messages: [{ role: "user", content: "Tell me of Lily." }],
  max_completion_tokens: 20,
  temperature: 0,
};
const found = {};

const chat = await client.chat.completions.create(ask);
found.chat = chat.choices[0].message.content;
found.finish = chat.choices[0].finish_reason;

found.streamed = "";
found.pieces = 0;
const stream = await client.chat.completions.create({
  ...ask,
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  found.streamed += chunk.choices[0]?.delta?.content ?? "";
  found.pieces++;
  found.usage = chunk.usage ?? found.usage;
}

const several = await client.chat.completions.create({ ...ask, temperature: 1, seed: 5, n: 3 });
found.choices = several.choices.length;

const completion = await client.completions.create({
  model: "stories",
  prompt: "Once upon a time",
  max_tokens: 8,
  temperature: 0,
});
found.completion = completion.choices[0].text;

const likely = await client.chat.completions.create({ ...ask, logprobs: true, top_logprobs: 2 });
found.tokens = likely.choices[0].logprobs.content.map((entry) => entry.token).join("");
found.tops = likely.choices[0].logprobs.content[0].top_logprobs.length;

const respond = {
  model: "stories",
  input: "Tell me of Lily.",
  max_output_tokens: 20,
  temperature: 0,
};
const response = await client.responses.create(respond);
found.response = response.output_text;
found.responseStatus = `${response.status} ${response.incomplete_details?.reason}`;
found.responseUsage = response.usage;
// The client's own reader of streams puts the events together and refuses those it does not know.
found.responseEvents = [];
found.responseDeltas = "";
const reader = client.responses.stream(respond);
for await (const event of reader) {
  found.responseEvents.push(event.type);
  found.responseDeltas += event.type === "response.output_text.delta" ? event.delta : "";
}
found.responseFinal = (await reader.finalResponse()).output_text;

// Base64 is what this client asks for where nothing is said.
const base64 = await client.embeddings.create({ model: "vectors", input: "a cat" });
found.base64 = Array.from(base64.data[0].embedding);
const float = await client.embeddings.create({
  model: "vectors",
  input: ["a cat"],
  encoding_format: "float",
});
found.float = float.data[0].embedding;

found.models = [];
for await (const model of client.models.list()) {
  found.models.push(model.id);
}
await client.models.retrieve("stories");

found.errors = [];
async function fails(request) {
  try {
    await request();
    found.errors.push("none");
  } catch (e) {
    found.errors.push(`${e.constructor.name} ${e.status} ${e.code}`);
  }
}
const stranger = new OpenAI({ baseURL, apiKey: "another", maxRetries: 0 });
await fails(() => stranger.chat.completions.create(ask));
await fails(() => client.chat.completions.create({ ...ask, model: "another" }));
await fails(() => client.chat.completions.create({ ...ask, modalities: ["audio"] }));
await fails(() => client.responses.create({ ...respond, previous_response_id: "resp_1" }));
await fails(() => client.responses.create({ ...respond, input: "Once upon a time. ".repeat(300) }));
await fails(() =>
  client.chat.completions.create({
    ...ask,
    messages: [{ role: "user", content: "Once upon a time. ".repeat(300) }],
  }));

console.log(JSON.stringify(found));
