package io.adapt4j.core.batch;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What became of a batch.
 *
 * @param output the file with a line for each row; it is not there if the batch is not complete
 * @param rows rows of the input
 * @param kept rows that an earlier process had done
 * @param done rows that this call did
 * @param failed rows of the whole output that have an error instead of a result
 * @param duration how long this call took
 */
public record BatchReport(
    Path output, int rows, int kept, int done, int failed, Duration duration) {

  /** {@return whether every row is done, so that the output is there} */
  public boolean isComplete() {
    return kept + done == rows;
  }
}
