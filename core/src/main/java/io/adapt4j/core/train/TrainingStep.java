package io.adapt4j.core.train;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.checkpoint.TensorData;
import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.model.LanguageModelLoss;
import java.util.ArrayList;
import java.util.List;

/**
 * Performs optimizer steps: accumulates gradients over micro-batches, clips their norm, updates.
 *
 * <p>The loss of a step is the sum of all its target tokens' cross-entropies over one divisor, so a
 * step of two micro-batches of ragged lengths equals the step of their union. A step whose loss or
 * gradient norm is not finite leaves every value as it was.
 *
 * @param <I> a batch
 */
public final class TrainingStep<I> implements AutoCloseable {

  /**
   * What is minimised.
   *
   * @param <I> a batch
   */
  @FunctionalInterface
  public interface Objective<I> {

    /**
     * Sums the loss over a batch's targets and adds the gradients of the sum times a scale to the
     * trained parameters.
     *
     * @param inputs the batch
     * @param scale multiplies the gradients
     * @param recompute whether to trade time for memory, layer by layer
     * @param seed decides dropout masks
     * @return the sum, not scaled
     */
    double differentiate(I inputs, double scale, boolean recompute, long seed);
  }

  /**
   * What a step needs to know besides its data.
   *
   * @param beta1 AdamW's decay of the first moment
   * @param beta2 AdamW's decay of the second moment
   * @param eps added to AdamW's root
   * @param weightDecay decoupled decay of all values but biases and norms
   * @param maxGradientNorm gradients of a larger norm are scaled down to it; 0 for no limit
   * @param recompute whether layers are recomputed in the backward pass to save memory
   */
  public record Settings(
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      double maxGradientNorm,
      boolean recompute) {}

  /**
   * What a step did.
   *
   * @param microLosses each micro-batch's share of the loss
   * @param loss their sum
   * @param gradientNorm before clipping
   * @param applied false if the step was skipped because a figure is not finite
   */
  public record Outcome(
      List<Double> microLosses, double loss, double gradientNorm, boolean applied) {}

  /** Keeps the norm's reciprocal finite, as PyTorch's clip_grad_norm_ does. */
  private static final double CLIP_EPS = 1e-6;

  private final Objective<I> objective;
  private final Adaptation adaptation;
  private final Settings settings;
  private final AdamW optimizer;

  /**
   * Prepares the optimizer's state.
   *
   * @param objective what is minimised
   * @param adaptation what trains
   * @param settings the options
   */
  public TrainingStep(Objective<I> objective, Adaptation adaptation, Settings settings) {
    this.objective = objective;
    this.adaptation = adaptation;
    this.settings = settings;
    this.optimizer =
        new AdamW(
            adaptation.trained(),
            new AdamW.Options(
                settings.beta1(), settings.beta2(), settings.eps(), settings.weightDecay()));
  }

  /**
   * Makes steps that minimise the cross-entropy of next tokens.
   *
   * @param decoder the model
   * @param adaptation what trains in it
   * @param settings the options
   * @return the steps, closed by the caller
   */
  public static TrainingStep<LanguageModelLoss.Inputs> ofLanguageModel(
      Decoder decoder, Adaptation adaptation, Settings settings) {
    return new TrainingStep<>(
        (inputs, scale, recompute, seed) ->
            LanguageModelLoss.differentiate(decoder, inputs, scale, recompute, seed),
        adaptation,
        settings);
  }

  /**
   * Performs one step.
   *
   * @param microBatches batches whose gradients add up
   * @param divisor divides the summed loss; usually the number of target tokens of all
   *     micro-batches
   * @param learningRate the rate of this step
   * @param seed decides dropout masks
   * @return the losses and the gradient norm
   */
  public Outcome run(List<I> microBatches, double divisor, double learningRate, long seed) {
    List<Double> losses = new ArrayList<>();
    for (int i = 0; i < microBatches.size(); i++) {
      double sum =
          objective.differentiate(microBatches.get(i), 1 / divisor, settings.recompute(), seed + i);
      losses.add(sum / divisor);
    }
    double loss = losses.stream().mapToDouble(Double::doubleValue).sum();
    double norm = optimizer.gradientNorm();
    boolean finite = Double.isFinite(loss) && Double.isFinite(norm);
    if (finite) {
      clip(norm);
      optimizer.step(learningRate);
      adaptation.refresh();
    }
    optimizer.clearGradients();
    return new Outcome(List.copyOf(losses), loss, norm, finite);
  }

  /** What an exact continuation needs; written within the open scope. */
  List<TensorData> state() {
    return optimizer.state();
  }

  /** Takes over what {@link #state} gave. */
  void restore(Checkpoint state) {
    optimizer.restore(state);
    adaptation.refresh();
  }

  private void clip(double norm) {
    if (settings.maxGradientNorm() > 0) {
      double factor = settings.maxGradientNorm() / (norm + CLIP_EPS);
      if (factor < 1) {
        optimizer.scaleGradients(factor);
      }
    }
  }

  /** Frees the optimizer's state. */
  @Override
  public void close() {
    optimizer.close();
  }
}
