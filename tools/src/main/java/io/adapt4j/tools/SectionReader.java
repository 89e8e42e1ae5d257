package io.adapt4j.tools;

import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads calls between markers, each a name followed by its arguments as JSON. */
final class SectionReader implements CallReader {

  private static final int MOST_HEAD = 400;

  /**
   * The markers of a format.
   *
   * @param open before all calls
   * @param begin before each call
   * @param head matches the text between {@code begin} and the arguments, with the name
   * @param ends after the arguments
   * @param close after all calls
   */
  record Markers(String open, String begin, Pattern head, List<String> ends, String close) {

    static final Markers DEEPSEEK =
        new Markers(
            "<｜tool▁calls▁begin｜>",
            "<｜tool▁call▁begin｜>",
            Pattern.compile(
                "\\s*(?:function<｜tool▁sep｜>)?([^<\\s]+)\\s*(?:<｜tool▁sep｜>)?\\s*(?:```(?:json)?\\s*)?"),
            List.of("<｜tool▁call▁end｜>", "```<｜tool▁call▁end｜>"),
            "<｜tool▁calls▁end｜>");

    static final Markers KIMI =
        new Markers(
            "<|tool_calls_section_begin|>",
            "<|tool_call_begin|>",
            Pattern.compile(
                "\\s*(?:functions\\.)?([^<\\s]+?)(?::\\d+)?\\s*<\\|tool_call_argument_begin\\|>\\s*"),
            List.of("<|tool_call_end|>"),
            "<|tool_calls_section_end|>");
  }

  private enum State {
    BETWEEN,
    HEAD,
    CALL,
    AFTER
  }

  private final Markers markers;
  private final Tools tools;
  private final AnswerBuilder answer;
  private final StringBuilder rest;
  private final StringBuilder head = new StringBuilder();
  private final Expected between;
  private final Expected after;
  private State state;
  private @Nullable JsonCall call;
  private boolean hasCall;

  SectionReader(String sign, Markers markers, Tools tools, AnswerBuilder answer) {
    this.rest = new StringBuilder(sign);
    this.markers = markers;
    this.tools = tools;
    this.answer = answer;
    this.between = new Expected(markers.begin, markers.close);
    this.after = new Expected(markers.ends.toArray(String[]::new));
    this.state = sign.equals(markers.begin) ? State.HEAD : State.BETWEEN;
  }

  @Override
  public Step accept(char c) {
    rest.append(c);
    return switch (state) {
      case BETWEEN -> between(c);
      case HEAD -> head(c);
      case CALL -> inCall(c);
      case AFTER -> after(c);
    };
  }

  private Step between(char c) {
    if (!between.accept(c)) {
      return hasCall ? Step.LEFT : Step.BROKEN;
    }
    String found = between.complete().orElse("");
    if (found.equals(markers.close)) {
      return hasCall ? Step.DONE : Step.BROKEN;
    }
    if (found.equals(markers.begin)) {
      between.reset();
      head.setLength(0);
      state = State.HEAD;
    }
    return Step.MORE;
  }

  private Step head(char c) {
    if (c != '{') {
      head.append(c);
      return head.length() > MOST_HEAD ? Step.BROKEN : Step.MORE;
    }
    Matcher matcher = markers.head.matcher(head);
    Tool tool = matcher.matches() ? tools.called(matcher.group(1), answer) : null;
    if (tool == null) {
      return Step.BROKEN;
    }
    answer.begin(tool.name());
    call = JsonCall.arguments(tools, answer);
    state = State.CALL;
    return inCall(c);
  }

  private Step inCall(char c) {
    JsonCall.Step step = Objects.requireNonNull(call).accept(c);
    if (step == JsonCall.Step.COMPLETE) {
      hasCall = true;
      rest.setLength(0);
      after.reset();
      state = State.AFTER;
    }
    return step == JsonCall.Step.BROKEN ? Step.BROKEN : Step.MORE;
  }

  private Step after(char c) {
    if (!after.accept(c)) {
      return Step.LEFT;
    }
    if (after.complete().isPresent()) {
      rest.setLength(0);
      state = State.BETWEEN;
    }
    return Step.MORE;
  }

  @Override
  public boolean finish() {
    answer.drop();
    return hasCall && (state == State.AFTER || state == State.BETWEEN);
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
