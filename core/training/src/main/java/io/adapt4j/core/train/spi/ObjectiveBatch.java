package io.adapt4j.core.train.spi;

import java.nio.FloatBuffer;
import java.util.List;

/**
 * Samples of a {@link TrainingObjective} and the model's outputs for them: a matrix with a row for
 * each text, or for each position of each sample, in order. Buffers are row-major, start at
 * position 0, and must not be kept.
 *
 * @param samples the samples
 * @param rows number of rows of the outputs
 * @param columns width of a row: the number of text outputs, or the vocabulary size
 * @param outputs the model's outputs; read-only
 * @param gradient receives the derivative of the loss by each output; initially 0
 */
public record ObjectiveBatch(
    List<ObjectiveSample> samples,
    int rows,
    int columns,
    FloatBuffer outputs,
    FloatBuffer gradient) {

  /**
   * Checks the sizes of the buffers. Throws {@link IllegalArgumentException} if the size of a
   * buffer is not rows times columns.
   */
  public ObjectiveBatch {
    samples = List.copyOf(samples);
    int count = Math.multiplyExact(rows, columns);
    if (outputs.limit() != count || gradient.limit() != count) {
      throw new IllegalArgumentException(
          "expected buffers of %s x %s floats, found outputs of %s and gradient of %s"
              .formatted(rows, columns, outputs.limit(), gradient.limit()));
    }
  }

  /**
   * Returns an output.
   *
   * @param row its row
   * @param column its column
   * @return the value
   */
  public float output(int row, int column) {
    return outputs.get(row * columns + column);
  }

  /**
   * Adds to the derivative by an output.
   *
   * @param value value to add
   */
  public void addGradient(int row, int column, double value) {
    int index = row * columns + column;
    gradient.put(index, (float) (gradient.get(index) + value));
  }
}
