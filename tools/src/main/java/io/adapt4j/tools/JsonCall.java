package io.adapt4j.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads a call that is a JSON object, or only its arguments, and reports them as they arrive. */
final class JsonCall {

  private static final int MOST_CHARACTERS = 1 << 20;

  /** Beyond this length before the arguments, the name is not searched for while reading. */
  private static final int MOST_HEAD = 500;

  private static final Pattern BEGINNING =
      Pattern.compile(
          "\\s*\\{\\s*(?:\"(?:id|type|tool_call_id)\"\\s*:\\s*\"[^\"\\\\]*\"\\s*,\\s*)*"
              + "\"(?:tool_)?name\"\\s*:\\s*\"([^\"\\\\]{1,64})\"\\s*,\\s*"
              + "\"(?:arguments|parameters)\"\\s*:\\s*\\{");

  /** Fields of a call. One with others is text, so that they are not lost. */
  private static final Set<String> FIELDS =
      Set.of("id", "type", "tool_call_id", "name", "tool_name", "arguments", "parameters");

  /** Classification of a character. */
  enum Step {
    MORE,
    COMPLETE,
    BROKEN
  }

  private final Tools tools;
  private final AnswerBuilder answer;
  private final JsonScanner scanner = new JsonScanner();
  private final StringBuilder raw = new StringBuilder();
  private final int argumentsDepth;
  private boolean begun;
  private boolean argumentsAreOpen;
  private boolean argumentsAreOver;
  private int argumentsEnd;

  private JsonCall(Tools tools, AnswerBuilder answer, boolean onlyArguments) {
    this.tools = tools;
    this.answer = answer;
    this.begun = onlyArguments;
    this.argumentsAreOpen = onlyArguments;
    this.argumentsDepth = onlyArguments ? 0 : 1;
  }

  static JsonCall of(Tools tools, AnswerBuilder answer) {
    return new JsonCall(tools, answer, false);
  }

  /** Reads the arguments of a call that has begun. */
  static JsonCall arguments(Tools tools, AnswerBuilder answer) {
    return new JsonCall(tools, answer, true);
  }

  /** Accepts the next character, the first of which is a brace. */
  Step accept(char c) {
    boolean tooLong = raw.length() == MOST_CHARACTERS;
    if (tooLong || !scanner.accept(c)) {
      // With the arguments complete, only the call's own closing brace is missing.
      if (argumentsAreOver && nothingFollows()) {
        return answer.complete() ? Step.COMPLETE : Step.BROKEN;
      }
      if (tooLong) {
        answer.problem(UnparsedCall.Reason.TOO_LONG);
      } else if (begun) {
        answer.problem(UnparsedCall.Reason.INVALID_ARGUMENTS);
      }
      answer.drop();
      return Step.BROKEN;
    }
    raw.append(c);
    if (!begun && c == '{' && scanner.depth() == 2 && raw.length() < MOST_HEAD) {
      begin();
    }
    if (argumentsAreOpen) {
      answer.arguments(String.valueOf(c));
      if (c == '}' && scanner.depth() == argumentsDepth && scanner.isOutsideText()) {
        argumentsAreOpen = false;
        argumentsAreOver = true;
        argumentsEnd = raw.length();
      }
    }
    return scanner.depth() > 0 ? Step.MORE : complete() ? Step.COMPLETE : Step.BROKEN;
  }

  /** Returns whether the last character was refused although the call is complete. */
  boolean leftOne() {
    return scanner.depth() > 0;
  }

  private void begin() {
    Matcher beginning = BEGINNING.matcher(raw);
    if (beginning.matches() && tools.has(beginning.group(1))) {
      answer.begin(beginning.group(1));
      begun = true;
      argumentsAreOpen = true;
    }
  }

  /** Returns whether the call has no further fields, which would be lost. */
  private boolean nothingFollows() {
    return raw.substring(argumentsEnd).replace("}", "").isBlank();
  }

  private boolean complete() {
    if (argumentsAreOver && nothingFollows()) {
      return answer.complete();
    }
    ObjectNode call = object(raw.toString());
    if (call == null || call.properties().stream().anyMatch(f -> !FIELDS.contains(f.getKey()))) {
      answer.drop();
      return false;
    }
    if (argumentsAreOver) {
      return answer.complete();
    }
    JsonNode named = call.has("name") ? call.path("name") : call.path("tool_name");
    String name = named.asText();
    JsonNode arguments = call.has("arguments") ? call.get("arguments") : call.get("parameters");
    if (call.has("arguments") && call.has("parameters")) {
      return false;
    }
    if (arguments != null && arguments.isTextual()) {
      arguments = object(arguments.textValue());
    }
    if (!named.isTextual() || tools.called(name, answer) == null) {
      return false;
    }
    if (arguments == null || arguments.isNull()) {
      arguments = Json.written("{}");
    }
    if (!arguments.isObject()) {
      answer.problem(UnparsedCall.Reason.INVALID_ARGUMENTS);
      return false;
    }
    answer.begin(name);
    answer.arguments(arguments.toString());
    return answer.complete();
  }

  private static @Nullable ObjectNode object(String json) {
    try {
      return Json.parseStrictly(json) instanceof ObjectNode object ? object : null;
    } catch (JsonProcessingException e) {
      // It is not a call then.
      return null;
    }
  }

  /** Ends the text; returns whether the call is complete except for its own brace. */
  boolean finish() {
    if (argumentsAreOver && nothingFollows()) {
      return answer.complete();
    }
    answer.drop();
    return false;
  }
}
