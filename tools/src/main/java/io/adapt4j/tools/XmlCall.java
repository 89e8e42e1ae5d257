package io.adapt4j.tools;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads {@code <function=NAME><parameter=KEY>VALUE</parameter></function>}. Arguments are reported
 * as JSON, one after the other.
 */
final class XmlCall {

  static final String FUNCTION = "<function=";
  static final String PARAMETER = "<parameter=";
  static final String END_FUNCTION = "</function>";
  static final String END_PARAMETER = "</parameter>";

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
  private final Expected opening = new Expected(FUNCTION);
  private final Expected body = new Expected(PARAMETER, END_FUNCTION);
  private final StringBuilder current = new StringBuilder();
  private final Set<String> keys = new HashSet<>();
  private State state;
  private String key = "";
  private ParameterTypes types = ParameterTypes.NONE;
  private int length;

  XmlCall(String sign, Tools tools, AnswerBuilder answer) {
    this.tools = tools;
    this.answer = answer;
    this.state = sign.equals(FUNCTION) ? State.NAME : State.OPENING;
  }

  JsonCall.Step accept(char c) {
    length++;
    if (length > MOST_CHARACTERS) {
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
    Tool tool = tools.find(current.toString().strip());
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
    if (found.equals(END_FUNCTION)) {
      answer.arguments("}");
      return answer.complete() ? JsonCall.Step.COMPLETE : JsonCall.Step.BROKEN;
    }
    if (found.equals(PARAMETER)) {
      body.reset();
      to(State.KEY);
    }
    return JsonCall.Step.MORE;
  }

  private JsonCall.Step key(char c) {
    if (c != '>') {
      return inName(c);
    }
    key = current.toString();
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
      answer.arguments(types.json(key, withoutLineEnds(current.toString())));
      to(State.BODY);
    }
    return JsonCall.Step.MORE;
  }

  private static boolean endsWith(StringBuilder text, String end) {
    int from = text.length() - end.length();
    return from >= 0 && text.indexOf(end, from) == from;
  }

  /** Strips the line feeds around a value, which is on separate lines. */
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
