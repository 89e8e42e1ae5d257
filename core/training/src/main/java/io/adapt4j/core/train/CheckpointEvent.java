package io.adapt4j.core.train;

import java.nio.file.Path;
import java.util.Objects;

/**
 * A checkpoint has been written to disk.
 *
 * @param step optimizer steps done so far
 * @param path folder of the checkpoint
 * @param best whether it is the best checkpoint so far
 */
public record CheckpointEvent(int step, Path path, boolean best) {

  /** Checks that the path is given. Throws {@link NullPointerException} if it is null. */
  public CheckpointEvent {
    Objects.requireNonNull(path, "path");
  }
}
