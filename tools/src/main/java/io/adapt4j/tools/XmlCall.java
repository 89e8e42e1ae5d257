package io.adapt4j.tools;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads {@code <function=NAME><parameter=KEY>VALUE</parameter></function>}, or {@code <invoke
 * name="NAME"><parameter name="KEY">VALUE</parameter></invoke>}. Arguments are reported as JSON,
 * one after the other.
 */
final class XmlCall {

  static final String END_PARAMETER = "</parameter>";

  /** The tags of a format; names end before {@code afterName}. */
  record Tags(String function, String parameter, String afterName, String endFunction, String end) {

    static final Tags QWEN =
        new Tags("<function=", "<parameter=", ">", "</function>", "</tool_call>");

    /** MiniMax's tags. */
    static final Tags MINIMAX =
        new Tags(
            "<invoke name=\"", "<parameter name=\"", "\">", "</invoke>", "</minimax:tool_call>");

    private String name(CharSequence read) {
      String name = read.toString();
      return afterName.length() > 1 && name.endsWith("\"")
          ? name.substring(0, name.length() - 1)
          : name;
    }
  }

  private static final int MOST_CHARACTERS = 1 << 20;
  private static final int MOST_NAME = 256;

  private enum State {
    OPENING,
    NAME,
    BODY,
    KEY,
    VALUE
  }

  private final Tools tools;
  private final AnswerBuilder answer;
  private final Tags tags;
  private final Expected opening;
  private final Expected body;
  private final StringBuilder current = new StringBuilder();
  private final Set<String> keys = new HashSet<>();
  private State state;
  private String key = "";
  private ParameterTypes types = ParameterTypes.NONE;
  private int length;

  XmlCall(String sign, Tags tags, Tools tools, AnswerBuilder answer) {
    this.tags = tags;
    this.opening = new Expected(tags.function);
    this.body = new Expected(tags.parameter, tags.endFunction);
    this.tools = tools;
    this.answer = answer;
    this.state = sign.equals(tags.function) ? State.NAME : State.OPENING;
  }

  JsonCall.Step accept(char c) {
    length++;
    if (length > MOST_CHARACTERS) {
      answer.problem(UnparsedCall.Reason.TOO_LONG);
      answer.drop();
      return JsonCall.Step.BROKEN;
    }
    return switch (state) {
      case OPENING -> opening(c);
      case NAME -> name(c);
      case BODY -> body(c);
      case KEY -> key(c);
      case VALUE -> value(c);
    };
  }

  private JsonCall.Step opening(char c) {
    if (!opening.accept(c)) {
      return broken();
    }
    if (opening.complete().isPresent()) {
      state = State.NAME;
    }
    return JsonCall.Step.MORE;
  }

  private JsonCall.Step name(char c) {
    if (c != '>') {
      return inName(c);
    }
    Tool tool = tools.called(tags.name(current).strip(), answer);
    if (tool == null) {
      return broken();
    }
    types = new ParameterTypes(tool.parameters());
    answer.begin(tool.name());
    answer.arguments("{");
    to(State.BODY);
    return JsonCall.Step.MORE;
  }

  private JsonCall.Step inName(char c) {
    current.append(c);
    return c == '<' || c == '\n' || current.length() > MOST_NAME ? broken() : JsonCall.Step.MORE;
  }

  private JsonCall.Step body(char c) {
    if (!body.accept(c)) {
      return broken();
    }
    String found = body.complete().orElse("");
    if (found.equals(tags.endFunction)) {
      answer.arguments("}");
      return answer.complete() ? JsonCall.Step.COMPLETE : JsonCall.Step.BROKEN;
    }
    if (found.equals(tags.parameter)) {
      body.reset();
      to(State.KEY);
    }
    return JsonCall.Step.MORE;
  }

  private JsonCall.Step key(char c) {
    if (c != '>') {
      return inName(c);
    }
    key = tags.name(current);
    if (!keys.add(key)) {
      return broken();
    }
    to(State.VALUE);
    return JsonCall.Step.MORE;
  }

  private JsonCall.Step value(char c) {
    current.append(c);
    if (c == '>' && endsWith(current, END_PARAMETER)) {
      current.setLength(current.length() - END_PARAMETER.length());
      answer.arguments(keys.size() > 1 ? ", " : "");
      answer.arguments(JsonNodeFactory.instance.textNode(key) + ": ");
      answer.arguments(
          types.json(
              key,
              tags.equals(Tags.QWEN) ? withoutLineEnds(current.toString()) : current.toString()));
      to(State.BODY);
    }
    return JsonCall.Step.MORE;
  }

  private static boolean endsWith(StringBuilder text, String end) {
    int from = text.length() - end.length();
    return from >= 0 && text.indexOf(end, from) == from;
  }

  /** Strips the line feeds around a value, which is on separate lines in Qwen's format. */
  private static String withoutLineEnds(String value) {
    String without = value.startsWith("\n") ? value.substring(1) : value;
    return without.endsWith("\n") ? without.substring(0, without.length() - 1) : without;
  }

  private JsonCall.Step broken() {
    answer.drop();
    return JsonCall.Step.BROKEN;
  }

  private void to(State next) {
    current.setLength(0);
    state = next;
  }

  /** Ends the text: an unfinished function is not a call. */
  boolean finish() {
    answer.drop();
    return false;
  }
}
