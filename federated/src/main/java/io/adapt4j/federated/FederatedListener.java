package io.adapt4j.federated;

import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.Optional;

/** Is told of rounds, on the thread that runs them. */
@FunctionalInterface
public interface FederatedListener {

  /**
   * A round is whole and on disk. The folders are there until the method returns.
   *
   * @param report how it went
   * @param base the model that the adapter belongs on
   * @param adapter the common adapter; empty with {@link Aggregation#STACK_MERGE}
   */
  void roundEnded(RoundReport report, ModelSource base, Optional<Path> adapter);
}
