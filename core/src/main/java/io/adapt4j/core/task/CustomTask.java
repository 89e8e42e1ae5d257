package io.adapt4j.core.task;

import io.adapt4j.core.spi.TrainingObjective;

/**
 * See {@link Task#custom}.
 *
 * @param objective what is minimized
 */
public record CustomTask(TrainingObjective objective) implements Task {

  /**
   * Checks name and outputs.
   *
   * @param objective what is minimized
   * @throws IllegalArgumentException if its name is blank or its number of outputs negative
   */
  public CustomTask {
    if (objective.name().isBlank()) {
      throw new IllegalArgumentException("name: expected a text, found none");
    }
    if (objective.textOutputs() < 0) {
      throw new IllegalArgumentException(
          "textOutputs: expected at least 0, found " + objective.textOutputs());
    }
  }

  @Override
  public TaskKind kind() {
    return objective.textOutputs() == 0 ? TaskKind.NEXT_TOKENS : TaskKind.CLASSIFICATION;
  }
}
