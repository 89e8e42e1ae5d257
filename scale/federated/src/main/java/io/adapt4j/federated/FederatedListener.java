package io.adapt4j.federated;

import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.Optional;

/** Listener of rounds, called on the thread that runs them. */
@FunctionalInterface
public interface FederatedListener {

  /**
   * Called when a round is complete and on disk. The folders exist until the method returns.
   *
   * @param report report of the round
   * @param base the adapter's base model
   * @param adapter the common adapter; empty with {@link Aggregation#STACK_MERGE}
   */
  void roundEnded(RoundReport report, ModelSource base, Optional<Path> adapter);
}
