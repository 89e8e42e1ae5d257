// Has a model call a tool as the readers of OpenAI's documentation do, and writes what came as JSON.
import OpenAI from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const weather = {
  type: "function",
  function: {
    name: "weather",
    strict: true,
    parameters: {
      type: "object",
      properties: { city: { type: "string", enum: ["Rome", "Oslo"] } },
      required: ["city"],
      additionalProperties: false,
    },
  },
};
const ask = {
  model: "stories",
  messages: [{ role: "user", content: "Warm?" }],
  tools: [weather],
  tool_choice: "required",
  parallel_tool_calls: false,
  max_completion_tokens: 100,
  temperature: 0,
};
const found = {};

const whole = await client.chat.completions.create(ask);
found.finish = whole.choices[0].finish_reason;
found.content = whole.choices[0].message.content;
found.call = whole.choices[0].message.tool_calls[0];

// The client's reader of streams puts calls together and refuses events it does not understand.
const reader = client.chat.completions.stream(ask);
found.deltas = "";
reader.on("tool_calls.function.arguments.delta", (event) => (found.deltas += event.arguments_delta));
const final = await reader.finalChatCompletion();
found.streamedFinish = final.choices[0].finish_reason;
found.streamedCall = final.choices[0].message.tool_calls[0];

// Its runner calls functions of JavaScript, sends what they gave, and asks again.
found.ran = [];
const runner = client.chat.completions.runTools(
  {
    ...ask,
    tool_choice: { type: "function", function: { name: "weather" } },
    tools: [
      {
        type: "function",
        function: {
          ...weather.function,
          parse: JSON.parse,
          function: (args) => {
            found.ran.push(args.city);
            return "warm";
          },
        },
      },
    ],
  },
  { maxChatCompletions: 1 },
);
runner.on("message", (message) => (found.last = message.role));
await runner.done();

const shaped = await client.chat.completions.create({
  ...ask,
  tools: undefined,
  tool_choice: undefined,
  parallel_tool_calls: undefined,
  response_format: {
    type: "json_schema",
    json_schema: { name: "answer", strict: true, schema: weather.function.parameters },
  },
});
found.shaped = JSON.parse(shaped.choices[0].message.content);

const answered = await client.chat.completions.create({
  ...ask,
  tool_choice: "none",
  max_completion_tokens: 8,
  messages: [
    ...ask.messages,
    whole.choices[0].message,
    { role: "tool", tool_call_id: found.call.id, content: "warm" },
  ],
});
found.answered = answered.choices[0].message.content;

// The same in the newer form, where a function stands beside its type.
const respond = {
  model: "stories",
  input: [{ role: "user", content: "Warm?" }],
  tools: [{ type: "function", ...weather.function }],
  tool_choice: "required",
  parallel_tool_calls: false,
  max_output_tokens: 100,
  temperature: 0,
};
const response = await client.responses.create(respond);
found.responseStatus = response.status;
found.responseCall = response.output[0];
const responses = client.responses.stream({
  ...respond,
  tool_choice: { type: "function", name: "weather" },
});
found.responseDeltas = "";
found.responseEvents = [];
responses.on("event", (event) => found.responseEvents.push(event.type));
responses.on("response.function_call_arguments.delta", (event) => {
  found.responseDeltas += event.delta;
  found.responseSnapshot = event.snapshot;
});
const streamed = await responses.finalResponse();
found.responseParsed = streamed.output[0].parsed_arguments;
const next = await client.responses.create({
  ...respond,
  tool_choice: "none",
  max_output_tokens: 8,
  input: [
    ...respond.input,
    ...response.output,
    { type: "function_call_output", call_id: response.output[0].call_id, output: "warm" },
  ],
});
found.responseAnswered = next.output_text;
const formed = await client.responses.parse({
  model: "stories",
  input: "Warm?",
  max_output_tokens: 100,
  temperature: 0,
  text: {
    format: {
      type: "json_schema",
      name: "answer",
      strict: true,
      schema: weather.function.parameters,
    },
  },
});
found.responseShaped = JSON.parse(formed.output_text);

console.log(JSON.stringify(found));
