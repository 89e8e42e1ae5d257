package io.adapt4j.tools;

import java.util.function.Consumer;

/**
 * Separates thinking, between markers such as {@code <think>} and {@code </think>}, from the
 * answer.
 */
final class ThoughtSplitter {

  private enum State {
    START,
    THINKING,
    AFTER,
    ANSWER
  }

  private final Thoughts markers;
  private final Consumer<CharSequence> onThought;
  private final TextSink onText;
  private final StringBuilder space = new StringBuilder();
  private final StringBuilder tag = new StringBuilder();
  private boolean hasThought;
  private State state;

  /** Receives the characters of the answer. */
  interface TextSink {
    void accept(char c);
  }

  /** Creates a splitter; open if the prompt has begun a thought. */
  ThoughtSplitter(
      Thoughts markers, boolean open, Consumer<CharSequence> onThought, TextSink onText) {
    this.markers = markers;
    this.state = open ? State.THINKING : State.START;
    this.onThought = onThought;
    this.onText = onText;
  }

  void accept(char c) {
    switch (state) {
      case START -> start(c);
      case THINKING -> thinking(c);
      case AFTER -> {
        if (!Character.isWhitespace(c)) {
          state = State.ANSWER;
          onText.accept(c);
        }
      }
      case ANSWER -> onText.accept(c);
    }
  }

  private void start(char c) {
    if (tag.isEmpty() && Character.isWhitespace(c)) {
      space.append(c);
      return;
    }
    tag.append(c);
    if (markers.open().contentEquals(tag)) {
      clear();
      state = State.THINKING;
    } else if (!markers.open().startsWith(tag.toString())) {
      state = State.ANSWER;
      tellText();
    }
  }

  /** White space at the ends of a thought is dropped. */
  private void thinking(char c) {
    tag.append(c);
    while (!tag.isEmpty() && !markers.close().startsWith(tag.toString())) {
      thought(tag.charAt(0));
      tag.deleteCharAt(0);
    }
    if (markers.close().contentEquals(tag)) {
      clear();
      state = State.AFTER;
    }
  }

  private void thought(char c) {
    if (Character.isWhitespace(c)) {
      space.append(c);
      return;
    }
    onThought.accept(hasThought ? space.toString() + c : String.valueOf(c));
    hasThought = true;
    space.setLength(0);
  }

  void finish() {
    if (state == State.THINKING) {
      for (int i = 0; i < tag.length(); i++) {
        thought(tag.charAt(i));
      }
    } else if (state == State.START) {
      tellText();
    }
    clear();
  }

  private void tellText() {
    String text = space.append(tag).toString();
    clear();
    for (int i = 0; i < text.length(); i++) {
      onText.accept(text.charAt(i));
    }
  }

  private void clear() {
    space.setLength(0);
    tag.setLength(0);
  }
}
