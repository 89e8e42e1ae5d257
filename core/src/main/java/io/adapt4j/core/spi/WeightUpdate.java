package io.adapt4j.core.spi;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A fine-tuning method that leaves the weights of linear layers frozen and adds an update to each:
 * W' = W + delta, where delta is made of a few parameters that train, as in LoRA, LoHa or LoKr.
 * {@code FineTuningMethod.custom} makes a method of it, and {@code Adapter.custom} puts what it has
 * saved on a model.
 *
 * <p>The update is made once a step, and so are the gradients of its parameters; products with it
 * are the engine's. While it trains it takes 8 bytes for each adapted weight (10 in bf16), and in
 * use as many as the weight itself.
 *
 * <p>All buffers are row by row, from position 0 to their limit, and must not be kept. An update is
 * called on one thread for one projection after the other. It has no state, so one may serve
 * several models.
 */
public interface WeightUpdate {

  /**
   * A projection of the model.
   *
   * @param module its path in checkpoints, such as {@code model.layers.0.self_attn.q_proj}
   * @param outputs rows of its weight
   * @param inputs columns of its weight
   */
  record Projection(String module, int outputs, int inputs) {}

  /**
   * Returns what the method is called in logs and in the identity of a run.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the method as text. A run resumes, and an adapter loads, only under the
   * same name and options.
   *
   * @return all that changes the updates; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns the parameters that the update of a projection is made of.
   *
   * @param projection the projection
   * @return their dimensions by name, the same at every call; none to leave the projection as it is
   */
  Map<String, List<Integer>> parameters(Projection projection);

  /**
   * Gives the parameters their first values.
   *
   * @param projection the projection
   * @param parameters by name, all 0 before
   * @param random seeded by the run, for this projection
   */
  void initialize(
      Projection projection, Map<String, FloatBuffer> parameters, RandomGenerator random);

  /**
   * Makes the update of a projection's weight.
   *
   * @param projection the projection
   * @param parameters by name; read-only
   * @param delta takes [outputs, inputs], all 0 before
   */
  void apply(Projection projection, Map<String, FloatBuffer> parameters, FloatBuffer delta);

  /**
   * Adds the gradients of the parameters.
   *
   * @param projection the projection
   * @param parameters by name; read-only
   * @param byDelta derivative of the loss by the update, [outputs, inputs]; read-only
   * @param gradients of the parameters by name, to be added to
   */
  void forwardBackward(
      Projection projection,
      Map<String, FloatBuffer> parameters,
      FloatBuffer byDelta,
      Map<String, FloatBuffer> gradients);
}
