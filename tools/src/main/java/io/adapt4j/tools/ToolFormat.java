package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.chat.ToolSyntax;
import io.adapt4j.core.internal.chat.ToolTemplate;
import java.util.List;
import java.util.Map;

/** Formats of tool calls by model family. */
public enum ToolFormat {
  /** {@code <tool_call>{"name": ..., "arguments": {...}}</tool_call>}: Hermes, Qwen 2.5 and 3. */
  HERMES,
  /**
   * {@code <tool_call><function=NAME><parameter=KEY>VALUE</parameter></function></tool_call>}:
   * Qwen3-Coder, Qwen3.5.
   */
  QWEN_XML,
  /**
   * {@code <tool_call>NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value></tool_call>}: GLM-4.5.
   */
  GLM,
  /** {@code {"name": ..., "parameters": {...}}} instead of text: Llama 3.1 to 3.3. */
  LLAMA,
  /** {@code [TOOL_CALLS] [{"name": ..., "arguments": {...}}]}: Mistral's first format. */
  MISTRAL_LIST,
  /** {@code [TOOL_CALLS]NAME[ARGS]{...}}: Mistral's newer format. */
  MISTRAL,
  /**
   * {@code <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>NAME<｜tool▁sep｜>{...}<｜tool▁call▁end｜>}, in V3
   * and R1 with the arguments in a block of code.
   */
  DEEPSEEK,
  /**
   * {@code <|tool_calls_section_begin|><|tool_call_begin|>functions.NAME:0...}: Kimi K2, whose ids
   * contain the name.
   */
  KIMI,
  /**
   * {@code <|START_ACTION|>[{"tool_name": ..., "parameters": {...}}]<|END_ACTION|>}: Command R7B.
   */
  COMMAND_R,
  /**
   * {@code <minimax:tool_call><invoke name="NAME"><parameter name="KEY">VALUE</parameter>...}:
   * MiniMax M2.
   */
  MINIMAX,
  /** {@code [NAME(KEY=VALUE)]}: LFM2 between {@code <|tool_call_start|>} and its end; Llama 4. */
  PYTHONIC,
  /** {@code <|tool_call>call:NAME{KEY:VALUE}<tool_call|>}: Gemma 4, FunctionGemma. */
  GEMMA,
  /**
   * {@code <|channel|>commentary to=functions.NAME <|constrain|>json<|message|>{...}<|call|>}:
   * gpt-oss, whose channels separate thoughts from text.
   */
  HARMONY;

  private static final Map<String, ?> ANY = Map.of("name", "any");

  /**
   * Determines the format of calls in a chat template. If it does not support tools, or has an
   * unknown format, tools are described in the system message and calls are written as in {@link
   * #HERMES}.
   *
   * @param template the template
   * @return the format
   */
  public static ToolFormat of(ChatTemplate template) {
    ChatOptions options = ChatOptions.defaults().withTools(List.of(ANY));
    return of(ToolTemplate.of(template, options).syntax());
  }

  static ToolFormat of(ToolSyntax syntax) {
    return switch (syntax) {
      case TAGGED_JSON, TEMPLATES_OWN, TOLD_IN_TEXT -> HERMES;
      case TAGGED_XML -> QWEN_XML;
      case TAGGED_KEYS -> GLM;
      case BARE_JSON -> LLAMA;
      case MISTRAL_LIST -> MISTRAL_LIST;
      case MISTRAL_NAMED -> MISTRAL;
      case DEEPSEEK -> DEEPSEEK;
      case KIMI -> KIMI;
      case COMMAND_R -> COMMAND_R;
      case MINIMAX -> MINIMAX;
      case PYTHONIC -> PYTHONIC;
      case GEMMA -> GEMMA;
      case HARMONY -> HARMONY;
    };
  }
}
