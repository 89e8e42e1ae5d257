package io.adapt4j.core.internal.chat;

/** How a model writes the calls of tools, by what its chat template makes of one. */
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
  /** The template has tools, but writes calls in a way that is not read here. */
  TEMPLATES_OWN,
  /**
   * The template has no tools: tools, calls and results are told in messages of text, in the words
   * of {@link #TAGGED_JSON}.
   */
  TOLD_IN_TEXT
}
