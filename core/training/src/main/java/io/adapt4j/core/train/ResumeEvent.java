package io.adapt4j.core.train;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * A run resumes from a saved state.
 *
 * @param step optimizer steps done before
 * @param path folder of the state
 * @param damaged reasons why newer states could not be used, and other data of the run that is
 *     damaged or lost, one sentence each; usually empty
 */
public record ResumeEvent(int step, Path path, List<String> damaged) {

  /** Copies the list. */
  public ResumeEvent {
    Objects.requireNonNull(path, "path");
    damaged = List.copyOf(damaged);
  }
}
