package io.adapt4j.core.internal.train;

import com.google.common.collect.Multimaps;
import com.google.common.primitives.Doubles;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.optim.NonFiniteUpdateException;
import io.adapt4j.core.internal.optim.OptimizerState;
import io.adapt4j.core.internal.optim.OptimizerStates;
import io.adapt4j.core.internal.tensor.CachingAllocator;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.train.TrainingException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/**
 * Optimizer step: accumulates gradients over micro-batches, clips their norm, and updates.
 *
 * <p>The loss of a step is the sum of its target tokens' cross-entropies over one divisor, so a
 * step of two micro-batches of different lengths equals the step of their union. The gradient of
 * each micro-batch is computed separately, then accumulated ({@link GradientSum}). A step whose
 * loss or gradient norm is not finite changes no parameter.
 */
public final class TrainingStep<I> implements AutoCloseable {

  /** The objective to minimize. */
  @FunctionalInterface
  public interface Objective<I> {

    /**
     * Returns the sum of the loss over a batch's targets, and accumulates the gradients of the sum
     * times a scale.
     */
    double forwardBackward(I inputs, double scale, boolean recompute, long seed);
  }

  /** Settings of a step. */
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

    /** Creates settings with one learning rate for all parameters. */
    public Settings(
        Optimizer optimizer, double weightDecay, double maxGradientNorm, boolean recompute) {
      this(optimizer, weightDecay, maxGradientNorm, recompute, List.of());
    }
  }

  /** Parameters that share a learning rate. */
  private record Group(OptimizerState state, double factor) {}

  /** Result of a step. */
  public record Outcome(
      List<Double> microLosses, double loss, double penalty, double gradientNorm, boolean applied) {

    /** Describes the non-finite value of a skipped step. */
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
  private final List<String> withoutGradient = new ArrayList<>();
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

  /** Returns the factor of the first matching expression. */
  private double factor(String name) {
    return settings.rates().stream()
        .filter(rate -> Pattern.compile(rate.names()).matcher(name).find())
        .mapToDouble(LearningRateFactor::factor)
        .findFirst()
        .orElse(1);
  }

  /** Creates the steps of a language model, which minimize the cross-entropy of next tokens. */
  public static TrainingStep<Batch> ofLanguageModel(
      Decoder decoder, Adaptation adaptation, Settings settings) {
    return new TrainingStep<>(
        (inputs, scale, recompute, seed) ->
            LanguageModelLoss.forwardBackward(decoder, inputs, scale, recompute, seed),
        adaptation,
        settings);
  }

  /** Performs a step. In a group, every worker receives all micro-batches and computes its own. */
  public Outcome run(List<I> microBatches, double divisor, double learningRate, long seed) {
    List<Double> losses = forwardBackward(microBatches, divisor, seed);
    double loss = losses.stream().mapToDouble(Double::doubleValue).sum();
    double penalty = hooks.penalties().stream().mapToDouble(term -> term.add(applied, seed)).sum();
    double norm = TensorLists.norm(gradients);
    boolean finite = Double.isFinite(loss) && Double.isFinite(penalty) && Double.isFinite(norm);
    if (finite) {
      if (applied == 0 && norm > 0) {
        lookForGradients();
      }
      update(norm, learningRate);
    }
    TensorLists.zero(gradients);
    return new Outcome(List.copyOf(losses), loss, penalty, norm, finite);
  }

  /** Returns the losses of all micro-batches, including those of other workers. */
  private List<Double> forwardBackward(List<I> microBatches, double divisor, long seed) {
    double[] losses = new double[microBatches.size()];
    for (int number : sum.own(microBatches.size())) {
      // Otherwise memory freed by the previous backward pass would fragment the activations of this
      // one.
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
    try {
      groups.forEach(group -> group.state().step(group.factor() * learningRate));
    } catch (NonFiniteUpdateException e) {
      throw new TrainingException(e.getMessage(), e);
    }
    adaptation.refresh();
  }

  /** Returns the optimizer state for resuming exactly; owned by the open scope. */
  public List<TensorData> state() {
    return groups.stream().flatMap(group -> group.state().save().stream()).toList();
  }

  /** Restores a saved {@link #state}. */
  void restore(Checkpoint state, int stepsApplied) {
    applied = stepsApplied;
    groups.forEach(group -> group.state().restore(state, stepsApplied));
    adaptation.refresh();
  }

  /** Runs an action on the values to evaluate and save; training then continues from its own. */
  void evaluating(Runnable action) {
    conclude();
    try {
      action.run();
    } finally {
      List<OptimizerState> averaging = averaging();
      averaging.forEach(OptimizerState::train);
      if (!averaging.isEmpty()) {
        adaptation.refresh();
      }
    }
  }

  /** Puts the values to evaluate and save in place of the trained ones, at the end of a run. */
  void conclude() {
    List<OptimizerState> averaging = averaging();
    averaging.forEach(OptimizerState::average);
    if (!averaging.isEmpty()) {
      adaptation.refresh();
    }
  }

  /** Returns whether the values to evaluate differ from the trained ones. */
  boolean averages() {
    return !averaging().isEmpty();
  }

  private List<OptimizerState> averaging() {
    return groups.stream().map(Group::state).filter(OptimizerState::averages).toList();
  }

  /** Returns the number of applied steps, without skipped ones. */
  int applied() {
    return applied;
  }

  /** Keeps the names of modules none of whose tensors has a gradient. */
  private void lookForGradients() {
    Map<String, Boolean> found = new LinkedHashMap<>();
    for (Trainable parameter : adaptation.trained()) {
      adaptation
          .moduleOf(parameter.name())
          .ifPresent(
              module ->
                  found.merge(
                      module,
                      TensorLists.norm(List.of(parameter.gradient())) > 0,
                      Boolean::logicalOr));
    }
    found.forEach(
        (module, any) -> {
          if (!any) {
            withoutGradient.add(module);
          }
        });
  }

  /** Returns the modules that had no gradient in the first step. */
  List<String> withoutGradient() {
    return List.copyOf(withoutGradient);
  }

  private void clip(double norm) {
    if (settings.maxGradientNorm() > 0) {
      double factor = settings.maxGradientNorm() / (norm + CLIP_EPS);
      if (factor < 1) {
        TensorLists.scale(gradients, factor);
      }
    }
  }

  /** Frees the optimizer state and memory cached for the next step. */
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
