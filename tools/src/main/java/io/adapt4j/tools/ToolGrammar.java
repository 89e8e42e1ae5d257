package io.adapt4j.tools;

import io.adapt4j.structured.Regex;
import io.adapt4j.structured.TextConstraint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The texts allowed for an answer with calls. */
record ToolGrammar(AnswerForm form, List<Tool> tools, boolean parallel) {

  private static final int ANY_NUMBER = Integer.MAX_VALUE;

  /** Text that is not a call, if a call is a whole answer. */
  private static final String NO_OBJECT = "\\s*([^\\s{][\\s\\S]*)?";

  private static final String NO_LIST = "\\s*([^\\s\\[][\\s\\S]*)?";

  /** Calls and nothing else, optionally after a thought. */
  TextConstraint calls() {
    if (form.format() == ToolFormat.HARMONY) {
      return HarmonyGrammar.calls(tools);
    }
    return afterThought(form, TextConstraint.sequence(literal(sign()), afterSign()));
  }

  /** Text, or text and calls. The text is constrained only if there are no calls. */
  TextConstraint textOrCalls(Optional<TextConstraint> text) {
    if (form.format() == ToolFormat.HARMONY) {
      return HarmonyGrammar.textOrCalls(tools, text);
    }
    if (text.isPresent()) {
      TextConstraint calls = TextConstraint.sequence(literal(sign()), afterSign());
      return afterThought(form, TextConstraint.alternatives(text.get(), calls));
    }
    if (sign().length() == 1) {
      TextConstraint calls = TextConstraint.sequence(literal(sign()), afterSign());
      String other = sign().equals("{") ? NO_OBJECT : NO_LIST;
      return afterThought(form, TextConstraint.alternatives(Regex.of(other), calls));
    }
    TextConstraint calls = TextConstraint.sequence(TextConstraint.textUntil(sign()), afterSign());
    TextConstraint answer = TextConstraint.alternatives(TextConstraint.textWithout(sign()), calls);
    // Without a thought that must end, the marker may occur anywhere.
    return form.thinking() ? afterThought(form, answer) : mayThink(form, answer);
  }

  /** Answers of a model, optionally after a thought. */
  static TextConstraint afterThought(AnswerForm form, TextConstraint answer) {
    if (form.format() == ToolFormat.HARMONY) {
      return HarmonyGrammar.text(answer);
    }
    if (form.thinking()) {
      return TextConstraint.sequence(endOfThought(form), answer);
    }
    return mayThink(form, answer);
  }

  private static TextConstraint mayThink(AnswerForm form, TextConstraint answer) {
    if (!form.mayThink()) {
      return answer;
    }
    String open = Thoughts.of(form.format()).open();
    TextConstraint thought = TextConstraint.sequence(literal(open), endOfThought(form));
    return TextConstraint.sequence(thought.optional(), answer);
  }

  private static TextConstraint endOfThought(AnswerForm form) {
    return TextConstraint.sequence(
        TextConstraint.textUntil(Thoughts.of(form.format()).close()), literal("\n").repeated(0, 2));
  }

  /** Marker of the first call, which no text contains. */
  private String sign() {
    return switch (form.format()) {
      case HERMES, QWEN_XML, GLM -> ToolParser.TOOL_CALL;
      case LLAMA -> "{";
      case MISTRAL_LIST, MISTRAL -> ToolParser.TOOL_CALLS;
      case DEEPSEEK -> SectionReader.Markers.DEEPSEEK.open();
      case KIMI -> SectionReader.Markers.KIMI.open();
      case COMMAND_R -> ToolParser.START_ACTION;
      case MINIMAX -> ToolParser.MINIMAX_CALL;
      case PYTHONIC -> form.named().isEmpty() ? PythonReader.LIST : form.named();
      case GEMMA -> GemmaReader.Markers.quoting(form.named()).open();
      case HARMONY -> throw new IllegalStateException("its grammar is another");
    };
  }

  /** The first call without its marker, and all others. */
  private TextConstraint afterSign() {
    TextConstraint[] each = tools.stream().map(this::afterSign).toArray(TextConstraint[]::new);
    TextConstraint call = TextConstraint.alternatives(each);
    int more = parallel ? ANY_NUMBER : 0;
    return switch (form.format()) {
      case HERMES, QWEN_XML, GLM -> followed(call, "\n" + sign(), more);
      case MISTRAL -> followed(call, sign(), more);
      // A single call: the template cannot write more.
      case LLAMA -> call;
      case MISTRAL_LIST -> enclosed(" [", followed(call, ", ", more), "]");
      case DEEPSEEK ->
          enclosed(
              "",
              followed(call, deepseekBlock() ? "\n" : "", more),
              SectionReader.Markers.DEEPSEEK.close());
      case KIMI -> enclosed("", followed(call, "", more), SectionReader.Markers.KIMI.close());
      case COMMAND_R ->
          enclosed("[\n    ", followed(call, ",\n    ", more), "\n]" + ToolParser.END_ACTION);
      case MINIMAX -> enclosed("\n", followed(call, "\n", more), "\n" + XmlCall.Tags.MINIMAX.end());
      case PYTHONIC ->
          form.named().isEmpty()
              ? enclosed("", followed(call, ", ", more), "]")
              : enclosed("[", followed(call, ", ", more), "]" + PythonReader.LFM2_END);
      case GEMMA -> followed(call, sign(), more);
      case HARMONY -> throw new IllegalStateException("its grammar is another");
    };
  }

  private static TextConstraint enclosed(String open, TextConstraint calls, String close) {
    return TextConstraint.sequence(literal(open), calls, literal(close));
  }

  /** Returns whether DeepSeek's arguments are in a block of code, as in V3 and R1. */
  private boolean deepseekBlock() {
    return form.named().contains("```");
  }

  /** A call of a section: a name with what is around it, and its arguments. */
  private TextConstraint named(Tool tool) {
    SectionReader.Markers markers = SectionReader.Markers.DEEPSEEK;
    if (form.format() == ToolFormat.DEEPSEEK) {
      String kind = deepseekBlock() ? "function<｜tool▁sep｜>" : "";
      String end = (deepseekBlock() ? "\n```" : "") + markers.ends().get(0);
      return enclosed(
          markers.begin() + kind + tool.name() + form.named(), JsonArguments.of(tool), end);
    }
    markers = SectionReader.Markers.KIMI;
    return TextConstraint.sequence(
        literal(markers.begin() + "functions." + tool.name() + ":"),
        Regex.of("[0-9]{1,4}"),
        literal("<|tool_call_argument_begin|>"),
        JsonArguments.of(tool),
        literal(markers.ends().get(0)));
  }

  private static TextConstraint followed(TextConstraint call, String between, int more) {
    return more == 0
        ? call
        : TextConstraint.sequence(
            call, TextConstraint.sequence(literal(between), call).repeated(0, more));
  }

  private TextConstraint afterSign(Tool tool) {
    return switch (form.format()) {
      case HERMES ->
          TextConstraint.sequence(
              literal("\n" + named("{", tool, "arguments")),
              JsonArguments.of(tool),
              literal("}\n</tool_call>"));
      case LLAMA ->
          TextConstraint.sequence(
              literal(named("", tool, "parameters")), JsonArguments.of(tool), literal("}"));
      case MISTRAL_LIST ->
          TextConstraint.sequence(
              literal(named("{", tool, "arguments")), JsonArguments.of(tool), literal("}"));
      case MISTRAL ->
          TextConstraint.sequence(literal(tool.name()), separator(), JsonArguments.of(tool));
      case QWEN_XML -> ArgumentGrammar.xml().afterSign(tool);
      case GLM -> ArgumentGrammar.keyed(form.named()).afterSign(tool);
      case MINIMAX -> ArgumentGrammar.invoke().afterSign(tool);
      case DEEPSEEK, KIMI -> named(tool);
      case COMMAND_R ->
          TextConstraint.sequence(
              literal("{\"tool_call_id\": \""),
              Regex.of("[0-9]{1,4}"),
              literal("\", \"tool_name\": \"" + tool.name() + "\", \"parameters\": "),
              JsonArguments.of(tool),
              literal("}"));
      case PYTHONIC -> enclosed(tool.name() + "(", LiteralGrammar.python(tool), ")");
      case GEMMA ->
          enclosed(
              "call:" + tool.name() + "{",
              LiteralGrammar.gemma(tool, form.named()),
              "}" + GemmaReader.Markers.quoting(form.named()).close());
      case HARMONY -> throw new IllegalStateException("its grammar is another");
    };
  }

  private static String named(String brace, Tool tool, String arguments) {
    return brace + "\"name\": \"" + tool.name() + "\", \"" + arguments + "\": ";
  }

  /** Text between name and arguments, optionally with an id. */
  private TextConstraint separator() {
    int id = form.named().indexOf(MistralReader.CALL_ID);
    if (id < 0) {
      return literal(form.named());
    }
    int start = id + MistralReader.CALL_ID.length();
    int end = form.named().indexOf(MistralReader.ARGUMENTS);
    List<TextConstraint> parts = new ArrayList<>();
    parts.add(literal(form.named().substring(0, start)));
    parts.add(Regex.of("[a-zA-Z0-9]{9}"));
    parts.add(literal(form.named().substring(Math.max(start, end))));
    return TextConstraint.sequence(parts.toArray(TextConstraint[]::new));
  }

  private static TextConstraint literal(String text) {
    return TextConstraint.literal(text);
  }
}
