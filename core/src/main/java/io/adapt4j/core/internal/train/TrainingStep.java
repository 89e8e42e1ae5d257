package io.adapt4j.core.internal.train;

import com.google.common.collect.Multimaps;
import com.google.common.primitives.Doubles;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.LanguageModelLoss;
import io.adapt4j.core.internal.optim.OptimizerState;
import io.adapt4j.core.internal.optim.OptimizerStates;
import io.adapt4j.core.internal.tensor.CachingAllocator;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.optim.Optimizer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/**
 * Performs optimizer steps: accumulates gradients over micro-batches, clips their norm, updates.
 *
 * <p>The loss of a step is the sum of all its target tokens' cross-entropies over one divisor, so a
 * step of two micro-batches of ragged lengths equals the step of their union. The gradient of each
 * micro-batch is formed by itself, then added ({@link GradientSum}). A step whose loss or gradient
 * norm is not finite leaves every value as it was.
 */
public final class TrainingStep<I> implements AutoCloseable {

  /** What is minimized. */
  @FunctionalInterface
  public interface Objective<I> {

    /**
     * Sums the loss over a batch's targets and adds the gradients of the sum times a scale to the
     * trained parameters.
     */
    double forwardBackward(I inputs, double scale, boolean recompute, long seed);
  }

  /**
   * What a step needs to know besides its data.
   *
   * @param maxGradientNorm gradients of a larger norm are scaled down to it; 0 for no limit
   */
  public record Settings(
      Optimizer optimizer,
      double weightDecay,
      double maxGradientNorm,
      boolean recompute,
      List<LearningRateFactor> rates) {

    /** Copies the list. */
    public Settings {
      rates = List.copyOf(rates);
    }

    /** Makes settings with one learning rate for all values. */
    public Settings(
        Optimizer optimizer, double weightDecay, double maxGradientNorm, boolean recompute) {
      this(optimizer, weightDecay, maxGradientNorm, recompute, List.of());
    }
  }

  /** Values that share a learning rate. */
  private record Group(OptimizerState state, double factor) {}

  /** What a step did. */
  public record Outcome(
      List<Double> microLosses, double loss, double penalty, double gradientNorm, boolean applied) {

    /** What is not finite in a step that was skipped. */
    String problem() {
      if (!Double.isFinite(loss)) {
        return "the loss is " + loss;
      }
      return Double.isFinite(penalty)
          ? "the gradient norm is " + gradientNorm
          : "the penalty is " + penalty;
    }
  }

  /** Keeps the norm's reciprocal finite, as PyTorch's clip_grad_norm_ does. */
  private static final double CLIP_EPS = 1e-6;

  private final Objective<I> objective;
  private final Adaptation adaptation;
  private final Settings settings;
  private final StepHooks hooks;
  private final List<Tensor> gradients;
  private final GradientSum sum;
  private final List<Group> groups = new ArrayList<>();
  private int applied;
  private boolean closed;

  /** Prepares the optimizer's state. */
  public TrainingStep(Objective<I> objective, Adaptation adaptation, Settings settings) {
    this(objective, adaptation, settings, StepHooks.NONE);
  }

  /** Prepares the optimizer's state. */
  public TrainingStep(
      Objective<I> objective, Adaptation adaptation, Settings settings, StepHooks hooks) {
    this(
        objective,
        adaptation,
        settings,
        hooks,
        (trained, decay) -> OptimizerStates.start(settings.optimizer(), trained, decay));
  }

  /** Makes the optimizer's state of values and weight decay as it is told to, for tests. */
  public TrainingStep(
      Objective<I> objective,
      Adaptation adaptation,
      Settings settings,
      StepHooks hooks,
      BiFunction<List<Trainable>, Double, OptimizerState> start) {
    this.objective = objective;
    this.adaptation = adaptation;
    this.settings = settings;
    this.hooks = hooks;
    this.gradients = adaptation.trained().stream().map(Trainable::gradient).toList();
    this.sum = new GradientSum(gradients, hooks.workers());
    Multimaps.asMap(Multimaps.index(adaptation.trained(), parameter -> factor(parameter.name())))
        .forEach(
            (factor, trained) ->
                groups.add(new Group(start.apply(trained, settings.weightDecay()), factor)));
    CachingAllocator.host().retain();
  }

  /** The factor of the first expression that fits. */
  private double factor(String name) {
    return settings.rates().stream()
        .filter(rate -> Pattern.compile(rate.names()).matcher(name).find())
        .mapToDouble(LearningRateFactor::factor)
        .findFirst()
        .orElse(1);
  }

  /**
   * Makes steps that minimize the cross-entropy of next tokens.
   *
   * @return the steps, closed by the caller
   */
  public static TrainingStep<LanguageModelLoss.Inputs> ofLanguageModel(
      Decoder decoder, Adaptation adaptation, Settings settings) {
    return new TrainingStep<>(
        (inputs, scale, recompute, seed) ->
            LanguageModelLoss.forwardBackward(decoder, inputs, scale, recompute, seed),
        adaptation,
        settings);
  }

  /**
   * Performs one step. Among several workers each is given all micro-batches and computes its own.
   */
  public Outcome run(List<I> microBatches, double divisor, double learningRate, long seed) {
    List<Double> losses = forwardBackward(microBatches, divisor, seed);
    double loss = losses.stream().mapToDouble(Double::doubleValue).sum();
    double penalty =
        hooks.penalties().stream().mapToDouble(other -> other.add(applied, seed)).sum();
    double norm = TensorLists.norm(gradients);
    boolean finite = Double.isFinite(loss) && Double.isFinite(penalty) && Double.isFinite(norm);
    if (finite) {
      update(norm, learningRate);
    }
    TensorLists.zero(gradients);
    return new Outcome(List.copyOf(losses), loss, penalty, norm, finite);
  }

  /** The losses of all micro-batches, by whichever worker they were computed. */
  private List<Double> forwardBackward(List<I> microBatches, double divisor, long seed) {
    double[] losses = new double[microBatches.size()];
    for (int number : sum.own(microBatches.size())) {
      // What the backward pass before has left in pieces would lie beside what this one keeps.
      Torch.giveBackMemory();
      losses[number] =
          objective.forwardBackward(
                  microBatches.get(number), 1 / divisor, settings.recompute(), seed + number)
              / divisor;
      adaptation.collectGradients();
      sum.add(number, microBatches.size());
    }
    sum.finish(microBatches.size());
    return shared(losses);
  }

  private List<Double> shared(double[] losses) {
    WorkerGroup workers = hooks.workers();
    if (workers.size() > 1) {
      ByteBuffer own = ByteBuffer.allocate(losses.length * Double.BYTES);
      own.asDoubleBuffer().put(losses);
      List<byte[]> all = workers.exchange(own.array());
      for (int number = 0; number < losses.length; number++) {
        losses[number] =
            ByteBuffer.wrap(all.get(number % workers.size())).asDoubleBuffer().get(number);
      }
    }
    return Doubles.asList(losses);
  }

  private void update(double norm, double learningRate) {
    clip(norm);
    applied++;
    groups.forEach(group -> group.state().step(group.factor() * learningRate));
    adaptation.refresh();
  }

  /** What an exact continuation needs; written within the open scope. */
  public List<TensorData> state() {
    return groups.stream().flatMap(group -> group.state().save().stream()).toList();
  }

  /** Takes over what {@link #state} gave. */
  void restore(Checkpoint state, int stepsApplied) {
    applied = stepsApplied;
    groups.forEach(group -> group.state().restore(state, stepsApplied));
    adaptation.refresh();
  }

  /** Steps applied, those skipped left out. */
  int applied() {
    return applied;
  }

  private void clip(double norm) {
    if (settings.maxGradientNorm() > 0) {
      double factor = settings.maxGradientNorm() / (norm + CLIP_EPS);
      if (factor < 1) {
        TensorLists.scale(gradients, factor);
      }
    }
  }

  /** Frees the optimizer's state, and memory that was kept for the next step. */
  @Override
  public void close() {
    groups.forEach(group -> group.state().close());
    sum.close();
    if (!closed) {
      closed = true;
      CachingAllocator.host().release();
    }
  }
}
