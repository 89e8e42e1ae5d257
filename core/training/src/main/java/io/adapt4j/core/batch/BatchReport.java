package io.adapt4j.core.batch;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Result of a batch.
 *
 * @param output the file with a line for each row; it does not exist if the batch is incomplete
 * @param rows number of input rows
 * @param kept number of rows done by earlier calls
 * @param done number of rows done by this call
 * @param failed number of rows in the whole output with an error instead of a result
 * @param duration duration of this call
 */
public record BatchReport(
    Path output, int rows, int kept, int done, int failed, Duration duration) {

  /** {@return whether every row is done, so that the output exists} */
  public boolean isComplete() {
    return kept + done == rows;
  }
}
