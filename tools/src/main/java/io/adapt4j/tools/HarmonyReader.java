package io.adapt4j.tools;

import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads gpt-oss' messages: thoughts in the channel {@code analysis}, text in {@code final} and
 * {@code commentary}, and calls, which have a recipient.
 */
final class HarmonyReader {

  static final String START = "<|start|>";
  static final String CHANNEL = "<|channel|>";
  static final String MESSAGE = "<|message|>";
  static final String CONSTRAIN = "<|constrain|>";
  static final String END = "<|end|>";
  static final String RETURN = "<|return|>";
  static final String CALL = "<|call|>";
  static final String ASSISTANT = "assistant";
  static final String FUNCTIONS = "functions.";

  static final List<String> MARKERS =
      List.of(START, CHANNEL, MESSAGE, CONSTRAIN, END, RETURN, CALL);

  private static final int MOST_HEADER = 400;
  private static final Pattern RECIPIENT = Pattern.compile("to=([^\\s<]+)");
  private static final Pattern CHANNEL_NAME = Pattern.compile("<\\|channel\\|>\\s*(\\w+)");

  private enum State {
    /** Before anything, where a header may continue that the prompt has begun. */
    START,
    HEADER,
    THINKING,
    TEXT,
    CALL,
    BETWEEN
  }

  private final Tools tools;
  private final AnswerBuilder answer;
  private final StringBuilder marker = new StringBuilder();
  private final StringBuilder header = new StringBuilder();
  private State state = State.START;
  private @Nullable JsonCall call;
  private boolean hasText;
  private boolean hasThought;

  HarmonyReader(Tools tools, AnswerBuilder answer) {
    this.tools = tools;
    this.answer = answer;
  }

  void accept(char c) {
    if (state == State.CALL) {
      inCall(c);
      return;
    }
    if (marker.isEmpty() && c != '<') {
      plain(c);
      return;
    }
    marker.append(c);
    while (!marker.isEmpty()) {
      String held = marker.toString();
      if (MARKERS.contains(held)) {
        marker.setLength(0);
        marker(held);
        return;
      }
      if (MARKERS.stream().anyMatch(known -> known.startsWith(held))) {
        return;
      }
      marker.deleteCharAt(0);
      plain(held.charAt(0));
    }
  }

  private void marker(String found) {
    boolean ends = found.equals(END) || found.equals(RETURN) || found.equals(CALL);
    boolean begins = found.equals(START) || found.equals(CHANNEL);
    switch (state) {
      case START, HEADER -> {
        header.append(found);
        if (found.equals(MESSAGE)) {
          begin();
        } else if (ends) {
          headerIsText(UnparsedCall.Reason.INVALID_SYNTAX);
        } else {
          state = State.HEADER;
        }
      }
      case BETWEEN, THINKING, TEXT -> {
        if (begins) {
          header.append(found);
          state = State.HEADER;
        } else if (ends) {
          state = State.BETWEEN;
        } else {
          found.chars().forEach(c -> plain((char) c));
        }
      }
      case CALL -> throw new IllegalStateException("a marker in a call is a part of it");
    }
  }

  private void plain(char c) {
    switch (state) {
      case START, HEADER -> {
        header.append(c);
        if (header.length() > MOST_HEADER || (state == State.START && !continuesHeader())) {
          headerIsText(null);
        }
      }
      case THINKING -> {
        answer.thinking(String.valueOf(c));
        hasThought = true;
      }
      case BETWEEN -> {
        if (!Character.isWhitespace(c)) {
          begin(State.TEXT);
          text(String.valueOf(c));
        }
      }
      default -> text(String.valueOf(c));
    }
  }

  /** Returns whether the text may be a recipient, after the role in the prompt. */
  private boolean continuesHeader() {
    String begun = header.toString().stripLeading();
    return begun.startsWith("to=") || "to=".startsWith(begun);
  }

  private void text(String text) {
    answer.text(text);
    hasText = true;
  }

  /** Begins the message of the complete header. */
  private void begin() {
    String raw = header.toString();
    Matcher recipient = RECIPIENT.matcher(raw);
    Matcher channel = CHANNEL_NAME.matcher(raw);
    String name = channel.find() ? channel.group(1) : "";
    if (recipient.find() && !recipient.group(1).equals(ASSISTANT)) {
      String tool = recipient.group(1).replaceFirst("^functions\\.", "");
      if (tools.called(tool, answer) == null) {
        headerIsText(UnparsedCall.Reason.UNKNOWN_TOOL);
        return;
      }
      answer.begin(tool);
      call = JsonCall.arguments(tools, answer);
      state = State.CALL;
    } else if (name.equals("analysis")) {
      header.setLength(0);
      begin(State.THINKING);
    } else if (name.equals("final") || name.equals("commentary")) {
      header.setLength(0);
      begin(State.TEXT);
    } else {
      headerIsText(null);
    }
  }

  /** Begins a message, on a new line if there was one of its kind. */
  private void begin(State next) {
    state = next;
    if (next == State.THINKING && hasThought) {
      answer.thinking("\n");
    } else if (next == State.TEXT && hasText) {
      answer.text("\n");
    }
  }

  private void headerIsText(UnparsedCall.@Nullable Reason reason) {
    String raw = header.toString();
    header.setLength(0);
    state = State.TEXT;
    text(raw);
    if (reason != null) {
      answer.unparsed(raw, reason);
    }
  }

  private void inCall(char c) {
    JsonCall open = call;
    boolean before = open == null || (header.toString().endsWith(MESSAGE) && c != '{');
    if (before && Character.isWhitespace(c)) {
      return;
    }
    header.append(c);
    JsonCall.Step step = before || open == null ? JsonCall.Step.BROKEN : open.accept(c);
    if (step == JsonCall.Step.COMPLETE) {
      header.setLength(0);
      state = State.BETWEEN;
    } else if (step == JsonCall.Step.BROKEN) {
      answer.drop();
      header.setLength(header.length() - 1);
      headerIsText(UnparsedCall.Reason.INVALID_ARGUMENTS);
      accept(c);
    }
  }

  void finish() {
    for (int i = 0; i < marker.length(); i++) {
      plain(marker.charAt(i));
    }
    if (!header.isEmpty()) {
      answer.drop();
      boolean begins = header.indexOf("to=") >= 0;
      headerIsText(begins ? UnparsedCall.Reason.CUT_OFF : null);
    }
  }
}
