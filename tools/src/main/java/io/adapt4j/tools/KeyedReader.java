package io.adapt4j.tools;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads a call after {@code <tool_call>} with a name followed by arguments: {@code
 * NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value></tool_call>}, with or without line feeds
 * in between. Arguments are reported as JSON, one after the other.
 */
final class KeyedReader implements CallReader {

  static final String KEY = "<arg_key>";
  static final String END_KEY = "</arg_key>";
  static final String VALUE = "<arg_value>";
  static final String END_VALUE = "</arg_value>";
  static final String END = "</tool_call>";

  private static final int MOST_CHARACTERS = 1 << 20;
  private static final int MOST_NAME = 256;

  private enum State {
    NAME,
    BODY,
    KEY,
    BEFORE_VALUE,
    VALUE
  }

  private final Tools tools;
  private final AnswerBuilder answer;
  private final StringBuilder rest;
  private final StringBuilder current = new StringBuilder();
  private final Expected body = new Expected(KEY, END);
  private final Expected beforeValue = new Expected(VALUE);
  private final Set<String> keys = new HashSet<>();
  private State state = State.NAME;
  private String key = "";
  private ParameterTypes types = ParameterTypes.NONE;
  private boolean complete;

  KeyedReader(String sign, Tools tools, AnswerBuilder answer) {
    this.rest = new StringBuilder(sign);
    this.tools = tools;
    this.answer = answer;
  }

  @Override
  public Step accept(char c) {
    rest.append(c);
    if (rest.length() > MOST_CHARACTERS) {
      answer.problem(UnparsedCall.Reason.TOO_LONG);
      return broken();
    }
    return switch (state) {
      case NAME -> name(c);
      case BODY -> body(c);
      case KEY -> key(c);
      case BEFORE_VALUE -> beforeValue(c);
      case VALUE -> value(c);
    };
  }

  private Step name(char c) {
    boolean begun = !current.toString().isBlank();
    if (c != '<' && !(c == '\n' && begun)) {
      current.append(c);
      return current.length() > MOST_NAME ? broken() : Step.MORE;
    }
    Tool tool = tools.called(current.toString().strip(), answer);
    if (tool == null) {
      return broken();
    }
    types = new ParameterTypes(tool.parameters());
    answer.begin(tool.name());
    answer.arguments("{");
    to(State.BODY);
    return body(c);
  }

  private Step body(char c) {
    if (!body.accept(c)) {
      return broken();
    }
    String found = body.complete().orElse("");
    if (found.equals(END)) {
      answer.arguments("}");
      complete = answer.complete();
      if (complete) {
        rest.setLength(0);
      }
      return complete ? Step.DONE : Step.BROKEN;
    }
    if (found.equals(KEY)) {
      body.reset();
      to(State.KEY);
    }
    return Step.MORE;
  }

  private Step key(char c) {
    current.append(c);
    if (current.length() > MOST_NAME) {
      return broken();
    }
    if (isAtEnd(c, END_KEY)) {
      key = current.toString().strip();
      if (!keys.add(key)) {
        return broken();
      }
      to(State.BEFORE_VALUE);
    }
    return Step.MORE;
  }

  private Step beforeValue(char c) {
    if (!beforeValue.accept(c)) {
      return broken();
    }
    if (beforeValue.complete().isPresent()) {
      beforeValue.reset();
      to(State.VALUE);
    }
    return Step.MORE;
  }

  private Step value(char c) {
    current.append(c);
    if (isAtEnd(c, END_VALUE)) {
      answer.arguments(keys.size() > 1 ? ", " : "");
      answer.arguments(JsonNodeFactory.instance.textNode(key) + ": ");
      answer.arguments(types.json(key, current.toString()));
      to(State.BODY);
    }
    return Step.MORE;
  }

  /** Returns whether the text ends with a tag, which is then removed. */
  private boolean isAtEnd(char c, String tag) {
    int from = current.length() - tag.length();
    if (c != '>' || from < 0 || current.indexOf(tag, from) != from) {
      return false;
    }
    current.setLength(from);
    return true;
  }

  private Step broken() {
    answer.drop();
    return Step.BROKEN;
  }

  private void to(State next) {
    current.setLength(0);
    state = next;
  }

  /** Ends the text: an unfinished call is not a call. */
  @Override
  public boolean finish() {
    answer.drop();
    return complete;
  }

  @Override
  public String rest() {
    return rest.toString();
  }

  @Override
  public boolean hasCall() {
    return complete;
  }
}
