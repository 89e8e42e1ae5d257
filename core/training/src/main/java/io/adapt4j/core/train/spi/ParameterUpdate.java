package io.adapt4j.core.train.spi;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/**
 * A parameter with its gradient and optimizer state, for one step of an {@link OptimizerRule}.
 *
 * <p>Value and gradient hold one float per value of the parameter, moments as many as {@link
 * OptimizerRule#state} says, row-major, from position 0 to their limit. On a CPU value and moments
 * are the parameter's own memory. On a GPU they are copies that are written back when the rule
 * returns. Buffers must not be kept: the memory behind them may be freed after the call.
 *
 * @param name the parameter's name in checkpoints, such as {@code
 *     model.layers.0.mlp.up_proj.lora_A.weight}
 * @param sizes its dimensions; one for vectors, [rows, columns] for matrices
 * @param value the values, to be updated
 * @param gradient the gradient of the loss, already clipped; read-only
 * @param moments the optimizer state by name, to be updated
 * @param step number of this update of the parameter, from 1; steps skipped because a loss was not
 *     finite do not count
 * @param learningRate the scheduled learning rate of this step, with the factor of this parameter
 * @param weightDecay weight decay of this parameter: that of the run, or 0 for biases and the
 *     weights of norms. To be applied by the rule; decoupled decay (AdamW) subtracts {@code
 *     learningRate * weightDecay * value}
 */
public record ParameterUpdate(
    String name,
    List<Long> sizes,
    FloatBuffer value,
    FloatBuffer gradient,
    Map<String, FloatBuffer> moments,
    int step,
    double learningRate,
    double weightDecay) {

  /**
   * Checks the sizes of the buffers. Throws {@link IllegalArgumentException} if the size of value
   * or gradient does not match the dimensions.
   */
  public ParameterUpdate {
    sizes = List.copyOf(sizes);
    moments = Map.copyOf(moments);
    long count = sizes.stream().reduce(1L, Math::multiplyExact);
    requireCount("value", value, count);
    requireCount("gradient", gradient, count);
  }

  private static void requireCount(String what, FloatBuffer buffer, long count) {
    if (buffer.position() != 0 || buffer.limit() != count) {
      throw new IllegalArgumentException(
          what + ": expected a buffer of " + count + " floats from position 0, found " + buffer);
    }
  }

  /**
   * Returns the number of values.
   *
   * @return the product of the sizes
   */
  public int count() {
    return value.limit();
  }

  /**
   * Returns a moment.
   *
   * @param moment one of the names of {@link OptimizerRule#moments}
   * @return the buffer, to be updated
   * @throws IllegalArgumentException if the rule has no such moment
   */
  public FloatBuffer moment(String moment) {
    FloatBuffer found = moments.get(moment);
    if (found == null) {
      throw new IllegalArgumentException(
          "moment: expected one of " + moments.keySet() + ", found " + moment);
    }
    return found;
  }
}
