package io.adapt4j.core.exception;

import java.util.List;

/** Thrown when a description cannot be used; says everything that is wrong at once. */
public final class DescriptionException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** What is wrong, one text a problem. */
  @SuppressWarnings("serial") // an immutable list of strings is serializable
  private final List<String> problems;

  /**
   * Makes an exception.
   *
   * @param problems what is wrong, one text a problem, at least one
   */
  public DescriptionException(List<String> problems) {
    super("This description cannot be used:\n  - " + String.join("\n  - ", problems));
    this.problems = List.copyOf(problems);
  }

  /**
   * Returns what is wrong.
   *
   * @return one text a problem, at least one
   */
  public List<String> problems() {
    return problems;
  }
}
