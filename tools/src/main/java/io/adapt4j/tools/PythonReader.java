package io.adapt4j.tools;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;

/** Reads {@code [NAME(KEY=VALUE, ...), ...]}, with or without markers around it. */
final class PythonReader implements CallReader {

  static final String LFM2 = "<|tool_call_start|>";
  static final String LFM2_END = "<|tool_call_end|>";
  static final String LLAMA = "<|python_start|>";
  static final String LLAMA_END = "<|python_end|>";
  static final String LIST = "[";

  private static final int MOST_CHARACTERS = 1 << 20;
  private static final int MOST_NAME = 256;

  private enum State {
    START,
    NAME,
    ARGUMENTS,
    AFTER_CALL,
    END
  }

  private final boolean marked;
  private final Tools tools;
  private final AnswerBuilder answer;
  private final StringBuilder rest;
  private final StringBuilder current = new StringBuilder();
  private final Expected end = new Expected(LFM2_END, LLAMA_END);
  private State state;
  private String name = "";
  private char mark;
  private boolean escaped;
  private boolean mayEnd;
  private int depth;
  private boolean hasCall;

  PythonReader(String sign, Tools tools, AnswerBuilder answer) {
    this.rest = new StringBuilder(sign);
    this.tools = tools;
    this.answer = answer;
    this.marked = !sign.equals(LIST);
    this.state = marked ? State.START : State.NAME;
  }

  @Override
  public Step accept(char c) {
    rest.append(c);
    if (rest.length() > MOST_CHARACTERS) {
      answer.problem(UnparsedCall.Reason.TOO_LONG);
      return Step.BROKEN;
    }
    return switch (state) {
      case START -> start(c);
      case NAME -> name(c);
      case ARGUMENTS -> arguments(c);
      case AFTER_CALL -> afterCall(c);
      case END -> end(c);
    };
  }

  private Step start(char c) {
    if (c == '[') {
      state = State.NAME;
      return Step.MORE;
    }
    return Character.isWhitespace(c) ? Step.MORE : Step.BROKEN;
  }

  private Step name(char c) {
    if (c == '(') {
      name = current.toString().strip();
      current.setLength(0);
      if (tools.called(name, answer) == null) {
        return Step.BROKEN;
      }
      state = State.ARGUMENTS;
      return Step.MORE;
    }
    current.append(c);
    boolean fits =
        Character.isLetterOrDigit(c) || "_-.".indexOf(c) >= 0 || Character.isWhitespace(c);
    return fits && current.length() <= MOST_NAME ? Step.MORE : Step.BROKEN;
  }

  private Step arguments(char c) {
    if (c == ')' && depth == 0 && (mark == 0 || mayEnd)) {
      return complete();
    }
    current.append(c);
    if (mark == 0) {
      outsideText(c);
    } else if (escaped) {
      escaped = false;
    } else if (mayEnd && !Character.isWhitespace(c)) {
      mayEnd = false;
      if (Literals.endsText(c)) {
        mark = 0;
        outsideText(c);
      } else {
        inText(c);
      }
    } else if (!mayEnd) {
      inText(c);
    }
    return Step.MORE;
  }

  private void outsideText(char c) {
    if (c == '"' || c == '\'') {
      mark = c;
    } else if ("([{".indexOf(c) >= 0) {
      depth++;
    } else if (")]}".indexOf(c) >= 0) {
      depth--;
    }
  }

  private void inText(char c) {
    escaped = c == '\\';
    mayEnd = c == mark;
  }

  private Step complete() {
    ObjectNode arguments = Literals.python(current.toString());
    if (arguments == null) {
      answer.problem(UnparsedCall.Reason.INVALID_ARGUMENTS);
      return Step.BROKEN;
    }
    if (!answer.whole(tools.require(name), arguments)) {
      return Step.BROKEN;
    }
    hasCall = true;
    rest.setLength(0);
    current.setLength(0);
    mark = 0;
    mayEnd = false;
    state = State.AFTER_CALL;
    return Step.MORE;
  }

  private Step afterCall(char c) {
    if (c == ',') {
      state = State.NAME;
      return Step.MORE;
    }
    if (c == ']') {
      rest.setLength(0);
      state = State.END;
      return marked ? Step.MORE : Step.DONE;
    }
    return Character.isWhitespace(c) ? Step.MORE : Step.LEFT;
  }

  private Step end(char c) {
    if (!end.accept(c)) {
      return Step.LEFT;
    }
    return end.complete().isPresent() ? Step.DONE : Step.MORE;
  }

  @Override
  public boolean finish() {
    return state == State.AFTER_CALL || state == State.END;
  }

  @Override
  public String rest() {
    return rest.toString();
  }

  @Override
  public boolean hasCall() {
    return hasCall;
  }
}
