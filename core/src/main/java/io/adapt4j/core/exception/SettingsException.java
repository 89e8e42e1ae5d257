package io.adapt4j.core.exception;

import java.util.List;
import java.util.stream.Collectors;

/** Settings that cannot be used, in code or in a file; says everything that is wrong at once. */
public final class SettingsException extends Adapt4jException {
  private static final long serialVersionUID = 1L;

  /** What is wrong, one text a problem. */
  @SuppressWarnings("serial") // an immutable list of strings is serializable
  private final List<String> problems;

  private SettingsException(String message, List<String> problems) {
    super(message);
    this.problems = List.copyOf(problems);
  }

  /**
   * A description, a file in YAML or JSON, that cannot be used.
   *
   * @param problems what is wrong, one text a problem, at least one
   * @return the exception
   */
  public static SettingsException inDescription(List<String> problems) {
    return new SettingsException(
        "This description cannot be used:\n  - " + String.join("\n  - ", problems), problems);
  }

  /**
   * A fine-tuning that cannot start.
   *
   * @param problems what is wrong, one text a problem, at least one
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

  /** {@return what is wrong, one text a problem, at least one} */
  public List<String> problems() {
    return problems;
  }
}
