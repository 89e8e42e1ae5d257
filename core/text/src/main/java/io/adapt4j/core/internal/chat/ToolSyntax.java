package io.adapt4j.core.internal.chat;

/** Syntax of a model's tool calls, detected from how its chat template writes one. */
public enum ToolSyntax {
  /** {@code <tool_call>{"name": ..., "arguments": {...}}</tool_call>}: Hermes, Qwen. */
  TAGGED_JSON,
  /** {@code <tool_call><function=NAME><parameter=KEY>...}: Qwen3-Coder, Qwen3.5. */
  TAGGED_XML,
  /** {@code <tool_call>NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value>...}: GLM-4.5. */
  TAGGED_KEYS,
  /** {@code {"name": ..., "parameters": {...}}} as the whole answer: Llama 3. */
  BARE_JSON,
  /** {@code [TOOL_CALLS] [{"name": ..., "arguments": {...}}]}: Mistral up to v7. */
  MISTRAL_LIST,
  /** {@code [TOOL_CALLS]NAME[ARGS]{...}}: Mistral from v11. */
  MISTRAL_NAMED,
  /** {@code <｜tool▁call▁begin｜>NAME<｜tool▁sep｜>{...}}: DeepSeek. */
  DEEPSEEK,
  /** {@code <|tool_call_begin|>functions.NAME:0<|tool_call_argument_begin|>{...}}: Kimi K2. */
  KIMI,
  /**
   * {@code <|START_ACTION|>[{"tool_call_id": ..., "tool_name": ..., "parameters": ...}]}: Cohere.
   */
  COMMAND_R,
  /** {@code <invoke name="NAME"><parameter name="KEY">}: MiniMax M2. */
  MINIMAX,
  /** {@code [NAME(KEY="VALUE")]}: LFM2, Llama 4. */
  PYTHONIC,
  /** {@code call:NAME{KEY:VALUE}}: Gemma 4, FunctionGemma. */
  GEMMA,
  /** {@code to=functions.NAME<|channel|>commentary json<|message|>{...}}: gpt-oss. */
  HARMONY,
  /** The template supports tools but writes calls in a syntax that is not supported here. */
  TEMPLATES_OWN,
  /**
   * The template does not support tools: tools, calls and results are written into messages as
   * text, in the syntax of {@link #TAGGED_JSON}.
   */
  TOLD_IN_TEXT
}
