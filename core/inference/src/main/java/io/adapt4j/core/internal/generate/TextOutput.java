package io.adapt4j.core.internal.generate;

import io.adapt4j.core.tokenize.TextStream;
import java.util.List;
import java.util.function.Consumer;

/** Decodes the tokens of one sequence to text, streams it and watches for stop strings. */
final class TextOutput {

  private final TextStream stream;
  private final StopMatcher matcher;
  private final Consumer<String> onText;
  private final StringBuilder text = new StringBuilder();

  private TextOutput(TextStream stream, List<String> stopStrings, Consumer<String> onText) {
    this.stream = stream;
    this.matcher = new StopMatcher(stopStrings);
    this.onText = onText;
  }

  static TextOutput of(TextStream stream, List<String> stopStrings, Consumer<String> onText) {
    return new TextOutput(stream, stopStrings, onText);
  }

  /** Output that ignores the text. */
  static TextOutput none() {
    return new TextOutput(null, List.of(), piece -> {});
  }

  void push(int id) {
    if (stream != null) {
      emit(matcher.push(stream.push(id)));
    }
  }

  boolean isStopped() {
    return matcher.stopped();
  }

  void finish() {
    if (stream != null && !isStopped()) {
      emit(matcher.push(stream.finish()));
      emit(matcher.finish());
    }
  }

  String text() {
    return text.toString();
  }

  private void emit(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      onText.accept(piece);
    }
  }
}
