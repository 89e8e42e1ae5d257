package io.adapt4j.upkeep.cycle;

import java.io.IOException;
import java.nio.file.Path;

/** Training of a new version, with whatever remedy against forgetting the application chose. */
@FunctionalInterface
public interface VersionTrainer {

  /**
   * Trains, or resumes an interrupted training.
   *
   * @param job what to train on and from, and where to write
   * @return the folder of the new adapter or model, which is copied into the registry
   */
  Path train(TrainingJob job) throws IOException;
}
