package io.adapt4j.tools;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the text after {@code [TOOL_CALLS]}: a list of calls, or a name and its arguments; or a
 * list of calls up to a marker.
 */
final class MistralReader implements CallReader {

  static final String ARGUMENTS = "[ARGS]";
  static final String CALL_ID = "[CALL_ID]";

  private static final int MOST_NAME = 256;

  /** The name, and perhaps an id. */
  private static final Pattern HEAD =
      Pattern.compile("\\s*([^\\s\\[]+)\\s*(?:\\[CALL_ID\\]\\s*\\w*\\s*)?(?:\\[ARGS\\]\\s*)?");

  private enum State {
    START,
    NAME,
    BEFORE_ELEMENT,
    AFTER_ELEMENT,
    CALL,
    END
  }

  private final Tools tools;
  private final AnswerBuilder answer;
  private final String end;
  private final Expected after;
  private final StringBuilder rest;
  private final StringBuilder head = new StringBuilder();
  private State state = State.START;
  private boolean list;
  private @Nullable JsonCall call;
  private boolean hasCall;

  MistralReader(String sign, String end, Tools tools, AnswerBuilder answer) {
    this.end = end;
    this.after = new Expected(end);
    this.rest = new StringBuilder(sign);
    this.tools = tools;
    this.answer = answer;
  }

  @Override
  public Step accept(char c) {
    rest.append(c);
    return switch (state) {
      case START -> start(c);
      case NAME -> name(c);
      case BEFORE_ELEMENT -> beforeElement(c);
      case AFTER_ELEMENT -> afterElement(c);
      case CALL -> inCall(c);
      case END -> end(c);
    };
  }

  private Step start(char c) {
    if (Character.isWhitespace(c)) {
      return Step.MORE;
    }
    if (c == '[') {
      list = true;
      state = State.BEFORE_ELEMENT;
      return Step.MORE;
    }
    if (!end.isEmpty()) {
      return Step.BROKEN;
    }
    state = State.NAME;
    return name(c);
  }

  private Step name(char c) {
    if (c != '{') {
      head.append(c);
      return c == '\n' || head.length() > MOST_NAME ? Step.BROKEN : Step.MORE;
    }
    Matcher matcher = HEAD.matcher(head);
    if (!matcher.matches()) {
      return Step.BROKEN;
    }
    String tool = matcher.group(1);
    if (tools.called(tool, answer) == null) {
      return Step.BROKEN;
    }
    answer.begin(tool);
    call = JsonCall.arguments(tools, answer);
    state = State.CALL;
    return inCall(c);
  }

  private Step beforeElement(char c) {
    if (Character.isWhitespace(c)) {
      return Step.MORE;
    }
    if (c != '{') {
      return Step.BROKEN;
    }
    call = JsonCall.of(tools, answer);
    state = State.CALL;
    return inCall(c);
  }

  private Step inCall(char c) {
    JsonCall current = Objects.requireNonNull(call);
    JsonCall.Step step = current.accept(c);
    if (step == JsonCall.Step.MORE) {
      return Step.MORE;
    }
    if (step == JsonCall.Step.BROKEN) {
      return Step.BROKEN;
    }
    hasCall = true;
    rest.setLength(0);
    state = State.AFTER_ELEMENT;
    if (current.leftOne()) {
      rest.append(c);
      return list ? afterElement(c) : Step.LEFT;
    }
    return list ? Step.MORE : Step.DONE;
  }

  private Step afterElement(char c) {
    if (Character.isWhitespace(c)) {
      return Step.MORE;
    }
    if (c == ',') {
      state = State.BEFORE_ELEMENT;
      return Step.MORE;
    }
    if (c == ']') {
      rest.setLength(0);
      state = State.END;
      return end.isEmpty() ? Step.DONE : Step.MORE;
    }
    return Step.LEFT;
  }

  private Step end(char c) {
    if (!after.accept(c)) {
      return Step.LEFT;
    }
    return after.complete().isPresent() ? Step.DONE : Step.MORE;
  }

  @Override
  public boolean finish() {
    if (state == State.CALL && call != null && call.finish()) {
      hasCall = true;
      return true;
    }
    return state == State.AFTER_ELEMENT || state == State.END;
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
