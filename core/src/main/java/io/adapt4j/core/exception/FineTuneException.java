package io.adapt4j.core.exception;

import java.util.List;
import java.util.stream.Collectors;

/** Thrown when a fine-tuning cannot start; says everything that is wrong at once. */
public final class FineTuneException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** What is wrong, one sentence a problem. */
  @SuppressWarnings("serial") // an immutable list of strings is serializable
  private final List<String> problems;

  /**
   * Says what is wrong.
   *
   * @param problems one sentence a problem, at least one
   */
  public FineTuneException(List<String> problems) {
    super(
        problems.stream()
            .collect(
                Collectors.joining(
                    "\n  - ",
                    "This fine-tuning cannot start:\n  - ",
                    "\nNothing was loaded or written.")));
    this.problems = List.copyOf(problems);
  }

  /**
   * Returns what is wrong.
   *
   * @return one sentence a problem, at least one
   */
  public List<String> problems() {
    return problems;
  }
}
