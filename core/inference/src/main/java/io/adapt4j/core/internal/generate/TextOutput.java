package io.adapt4j.core.internal.generate;

import io.adapt4j.core.tokenize.TextStream;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Text of one answer: decodes its tokens, finds stop strings and passes the text on.
 *
 * <p>Text that could still become part of a stop string is held back, so the text never contains
 * one. The stop string that is complete first wins and, of several that complete at the same
 * character, the longest; the result does not depend on how the text is split into pieces. Not
 * thread safe.
 */
final class TextOutput {

  private final @Nullable TextStream stream;
  private final List<String> stopStrings;
  private final Consumer<String> onText;
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  /** Creates the output of an answer; without a stream, tokens have no text. */
  TextOutput(@Nullable TextStream stream, List<String> stopStrings, Consumer<String> onText) {
    this.stream = stream;
    this.stopStrings = List.copyOf(stopStrings);
    this.onText = onText;
  }

  /** Takes the next token. */
  void push(int id) {
    if (stream != null) {
      push(stream.push(id));
    }
  }

  /** Takes the next piece of text. */
  void push(String piece) {
    for (int i = 0; i < piece.length() && !stopped; i++) {
      held.append(piece.charAt(i));
      int match = longestMatchAtEnd();
      if (match > 0) {
        held.setLength(held.length() - match);
        stopped = true;
      }
    }
    release(stopped ? held.length() : held.length() - undecided());
  }

  /** Returns whether a stop string was found; later tokens are ignored. */
  boolean isStopped() {
    return stopped;
  }

  /** Ends the text. */
  void finish() {
    if (!stopped && stream != null) {
      push(stream.finish());
    }
    release(held.length());
  }

  String text() {
    return text.toString();
  }

  private int longestMatchAtEnd() {
    int longest = 0;
    for (String stop : stopStrings) {
      if (stop.length() > longest && endsWith(stop, stop.length())) {
        longest = stop.length();
      }
    }
    return longest;
  }

  /** Returns the length of the longest suffix that is a proper prefix of a stop string. */
  private int undecided() {
    int longest = 0;
    for (String stop : stopStrings) {
      for (int length = stop.length() - 1; length > longest; length--) {
        if (endsWith(stop, length)) {
          longest = length;
        }
      }
    }
    return longest;
  }

  private boolean endsWith(String stop, int length) {
    int start = held.length() - length;
    if (start < 0) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (held.charAt(start + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private void release(int length) {
    if (length > 0) {
      String piece = held.substring(0, length);
      held.delete(0, length);
      text.append(piece);
      onText.accept(piece);
    }
  }
}
