package io.adapt4j.core.exception;

import java.util.List;
import java.util.stream.Collectors;

/** Settings that cannot be used, in code or in a file; lists all problems at once. */
public final class SettingsException extends Adapt4jException {
  private static final long serialVersionUID = 1L;

  /** The problems, one text each. */
  @SuppressWarnings("serial") // an immutable list of strings is serializable
  private final List<String> problems;

  private SettingsException(String message, List<String> problems) {
    super(message);
    this.problems = List.copyOf(problems);
  }

  /**
   * Creates an exception for a YAML or JSON description that cannot be used.
   *
   * @param problems the problems, at least one
   * @return the exception
   */
  public static SettingsException inDescription(List<String> problems) {
    return new SettingsException(
        "This description cannot be used:\n  - " + String.join("\n  - ", problems), problems);
  }

  /**
   * Creates an exception for a fine-tuning that cannot start.
   *
   * @return the exception
   */
  public static SettingsException ofFineTuning(List<String> problems) {
    return new SettingsException(
        problems.stream()
            .collect(
                Collectors.joining(
                    "\n  - ",
                    "This fine-tuning cannot start:\n  - ",
                    "\nNothing was loaded or written.")),
        problems);
  }

  /** {@return the problems, at least one} */
  public List<String> problems() {
    return problems;
  }
}
