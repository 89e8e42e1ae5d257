package io.adapt4j.rag.document;

import java.util.Objects;

/** Thrown when a file gives no document. */
final class Unreadable extends Exception {

  private static final long serialVersionUID = 1;

  private final String remedy;
  private final boolean expected;

  private Unreadable(String reason, String remedy, boolean expected) {
    super(reason);
    this.remedy = remedy;
    this.expected = expected;
  }

  /** Creates an exception for a file that should have given one. */
  static Unreadable failed(String reason, String remedy) {
    return new Unreadable(reason, remedy, false);
  }

  /** Creates an exception for a file without content. */
  static Unreadable skipped(String reason, String remedy) {
    return new Unreadable(reason, remedy, true);
  }

  /** Returns this problem as one of a page, numbered from 1. */
  Unreadable ofPage(int number) {
    Unreadable ofPage = failed("page " + number + ": " + getMessage(), remedy);
    ofPage.initCause(this);
    return ofPage;
  }

  boolean isSkipped() {
    return expected;
  }

  FileProblem problem(String id) {
    return new FileProblem(id, Objects.requireNonNull(getMessage()), remedy);
  }
}
