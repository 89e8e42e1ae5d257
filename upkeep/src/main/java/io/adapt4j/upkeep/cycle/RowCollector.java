package io.adapt4j.upkeep.cycle;

import java.io.IOException;
import java.nio.file.Path;

/** Source of a cycle's training rows, such as rules over a feedback log. */
@FunctionalInterface
public interface RowCollector {

  /**
   * Writes checked training rows. Called again with the same window if the process ended before
   * they were complete.
   *
   * @param window the period of the rows
   * @param target file to write or overwrite, such as JSON Lines; absent for no rows
   * @return what was written
   */
  CollectedRows collect(CycleWindow window, Path target) throws IOException;
}
