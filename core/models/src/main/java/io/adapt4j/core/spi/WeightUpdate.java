package io.adapt4j.core.spi;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A custom fine-tuning method that freezes the weights of linear layers and adds an update to each:
 * W' = W + delta, where delta is computed from a few trainable parameters, as in LoRA, LoHa or
 * LoKr. Use it with {@code FineTuningMethod.custom}; {@code Adapter.custom} loads the saved result
 * onto a model.
 *
 * <p>The update and the gradients of its parameters are computed once a step; products with it are
 * the engine's. In training it takes 8 bytes per adapted weight (10 in bf16), and in inference as
 * many as the weight itself.
 *
 * <p>All buffers are row-major, from position 0 to their limit, and must not be kept. An update is
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
   * Returns the method's name for logs and the identity of a run.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the method as text. A run resumes, and an adapter loads, only under the
   * same name and options.
   *
   * @return all options that change the updates; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns the trainable parameters of a projection's update.
   *
   * @param projection the projection
   * @return their dimensions by name, the same at every call; none to leave the projection as it is
   */
  Map<String, List<Integer>> parameters(Projection projection);

  /**
   * Initializes the parameters.
   *
   * @param parameters by name, initially 0
   * @param random seeded by the run, for this projection
   */
  void initialize(
      Projection projection, Map<String, FloatBuffer> parameters, RandomGenerator random);

  /**
   * Computes the update of a projection's weight.
   *
   * @param parameters by name; read-only
   * @param delta receives [outputs, inputs], initially 0
   */
  void apply(Projection projection, Map<String, FloatBuffer> parameters, FloatBuffer delta);

  /**
   * Accumulates the gradients of the parameters.
   *
   * @param byDelta gradient of the loss by the update, [outputs, inputs]; read-only
   * @param gradients gradients of the parameters by name, to be added to
   */
  void forwardBackward(
      Projection projection,
      Map<String, FloatBuffer> parameters,
      FloatBuffer byDelta,
      Map<String, FloatBuffer> gradients);
}
