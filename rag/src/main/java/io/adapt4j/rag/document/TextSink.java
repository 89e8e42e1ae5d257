package io.adapt4j.rag.document;

/** Text buffer with a limit. */
final class TextSink {

  private final StringBuilder text = new StringBuilder();
  private final long most;
  private boolean afterLine;
  private int pages;

  TextSink(long most) {
    this.most = most;
  }

  /** Thrown when the text exceeds the limit. */
  static final class TooLong extends RuntimeException {

    private static final long serialVersionUID = 1;

    private TooLong(long most) {
      super("has more than " + most + " characters of text");
    }
  }

  /** Throws if a number of further characters would exceed the limit. */
  void require(long more) {
    if (text.length() + more > most) {
      throw new TooLong(most);
    }
  }

  /** Adds a paragraph, or another block. */
  void block(String block) {
    add("\n\n", block);
    afterLine = false;
  }

  /** Adds a line without a blank line before it. */
  void line(String line) {
    add(afterLine ? "\n" : "\n\n", line);
    afterLine = true;
  }

  /** Ends a run of lines. */
  void endLines() {
    afterLine = false;
  }

  void page() {
    if (pages++ > 0) {
      add("\n\n", "\f");
      afterLine = false;
    }
  }

  int pages() {
    return pages;
  }

  String text() {
    return text.isEmpty() ? "" : text + "\n";
  }

  private void add(String before, String part) {
    if (part.isEmpty()) {
      return;
    }
    require(before.length() + part.length() + 1);
    text.append(text.isEmpty() ? "" : before).append(part);
  }
}
