package io.adapt4j.tools;

import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.Regex;
import io.adapt4j.structured.TextConstraint;
import io.adapt4j.structured.UnsupportedConstraintException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The texts allowed for an answer with calls. */
record ToolGrammar(AnswerForm form, List<Tool> tools, boolean parallel) {

  private static final int ANY_NUMBER = Integer.MAX_VALUE;

  /** Text that is not a call, if a call is a whole answer. */
  private static final String NO_OBJECT = "\\s*([^\\s{][\\s\\S]*)?";

  /** Keywords that may allow further properties. */
  private static final Set<String> OTHER_PROPERTIES =
      Set.of(
          "additionalProperties",
          "patternProperties",
          "unevaluatedProperties",
          "$ref",
          "allOf",
          "anyOf",
          "oneOf");

  /** Calls and nothing else, optionally after a thought. */
  TextConstraint calls() {
    return afterThought(form, TextConstraint.sequence(literal(sign()), afterSign()));
  }

  /** Text, or text and calls. The text is constrained only if there are no calls. */
  TextConstraint textOrCalls(Optional<TextConstraint> text) {
    if (text.isPresent()) {
      TextConstraint calls = TextConstraint.sequence(literal(sign()), afterSign());
      return afterThought(form, TextConstraint.alternatives(text.get(), calls));
    }
    if (form.format() == ToolFormat.LLAMA) {
      TextConstraint calls = TextConstraint.sequence(literal(sign()), afterSign());
      return afterThought(form, TextConstraint.alternatives(Regex.of(NO_OBJECT), calls));
    }
    TextConstraint calls = TextConstraint.sequence(TextConstraint.textUntil(sign()), afterSign());
    TextConstraint answer = TextConstraint.alternatives(TextConstraint.textWithout(sign()), calls);
    // Without a thought that must end, the marker may occur anywhere.
    return form.thinking() ? afterThought(form, answer) : mayThink(form, answer);
  }

  /** Answers of a model, optionally after a thought. */
  static TextConstraint afterThought(AnswerForm form, TextConstraint answer) {
    if (form.thinking()) {
      return TextConstraint.sequence(endOfThought(), answer);
    }
    return mayThink(form, answer);
  }

  private static TextConstraint mayThink(AnswerForm form, TextConstraint answer) {
    if (!form.mayThink()) {
      return answer;
    }
    TextConstraint thought = TextConstraint.sequence(literal(ThoughtSplitter.OPEN), endOfThought());
    return TextConstraint.sequence(thought.optional(), answer);
  }

  private static TextConstraint endOfThought() {
    return TextConstraint.sequence(
        TextConstraint.textUntil(ThoughtSplitter.CLOSE), literal("\n").repeated(0, 2));
  }

  /** Marker of the first call, which no text contains. */
  private String sign() {
    return switch (form.format()) {
      case HERMES, QWEN_XML, GLM -> ToolParser.TOOL_CALL;
      case LLAMA -> "{";
      case MISTRAL_LIST, MISTRAL -> ToolParser.TOOL_CALLS;
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
      case MISTRAL_LIST ->
          TextConstraint.sequence(literal(" ["), followed(call, ", ", more), literal("]"));
    };
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
              arguments(tool),
              literal("}\n</tool_call>"));
      case LLAMA ->
          TextConstraint.sequence(
              literal(named("", tool, "parameters")), arguments(tool), literal("}"));
      case MISTRAL_LIST ->
          TextConstraint.sequence(
              literal(named("{", tool, "arguments")), arguments(tool), literal("}"));
      case MISTRAL -> TextConstraint.sequence(literal(tool.name()), separator(), arguments(tool));
      case QWEN_XML -> ArgumentGrammar.xml().afterSign(tool);
      case GLM -> ArgumentGrammar.keyed(form.named()).afterSign(tool);
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

  private static TextConstraint arguments(Tool tool) {
    try {
      return JsonSchema.parseSpaced(PlainJson.object(closed(tool.parameters())).toString());
    } catch (UnsupportedConstraintException e) {
      if (tool.isStrict()) {
        throw ArgumentGrammar.unsupported(tool, e);
      }
      return JsonSchema.anyObject();
    }
  }

  /** Excludes undeclared parameters, unless the schema allows further ones. */
  private static Map<String, Object> closed(Map<String, Object> schema) {
    if (!Collections.disjoint(schema.keySet(), OTHER_PROPERTIES)) {
      return schema;
    }
    Map<String, Object> closed = new LinkedHashMap<>(schema);
    closed.put("additionalProperties", false);
    return closed;
  }

  private static TextConstraint literal(String text) {
    return TextConstraint.literal(text);
  }
}
