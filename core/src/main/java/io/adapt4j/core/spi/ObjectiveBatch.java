package io.adapt4j.core.spi;

import java.nio.FloatBuffer;
import java.util.List;

/**
 * Samples of a {@link TrainingObjective} and what the model says of them: a matrix with a row for
 * each text, or for each position of each sample, in their order. Buffers are row by row, from
 * position 0, and must not be kept.
 *
 * @param samples the samples
 * @param rows rows of the outputs
 * @param columns numbers of a row: the text outputs, or the tokens of the vocabulary
 * @param outputs what the model says; read-only
 * @param gradient takes the derivative of the loss by each output; 0 before
 */
public record ObjectiveBatch(
    List<ObjectiveSample> samples,
    int rows,
    int columns,
    FloatBuffer outputs,
    FloatBuffer gradient) {

  /**
   * Checks the sizes of the buffers.
   *
   * @param samples the samples
   * @param rows rows of the outputs
   * @param columns numbers of a row
   * @param outputs what the model says
   * @param gradient takes the derivative
   * @throws IllegalArgumentException if a buffer does not hold rows times columns
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
   * @param row its row
   * @param column its column
   * @param value what is added
   */
  public void addGradient(int row, int column, double value) {
    int index = row * columns + column;
    gradient.put(index, (float) (gradient.get(index) + value));
  }
}
