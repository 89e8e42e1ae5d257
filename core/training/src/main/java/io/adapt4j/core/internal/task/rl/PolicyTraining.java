package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Components of a reinforcement learning run: the task, rollouts as batches, and the adaptation.
 * Policy, reference and value head share one network if an adapter trains.
 */
public final class PolicyTraining implements AutoCloseable {

  private final Optional<ValueHead> valueHead;
  private final Optional<Reference> reference;
  private final Adaptation adaptation;
  private final PolicyTask task;
  private final BatchSource<RolloutBatch> batches;
  private final Optional<BatchSource<RolloutBatch>> held;

  /**
   * Inputs of a run. Their creator closes the policy's adaptation, and what draws rollouts while
   * others train.
   */
  public record Setup(
      Reinforcement algorithm,
      BestModelMetric selection,
      Decoder decoder,
      Adaptation adaptation,
      Draws draws,
      Optional<RolloutsAhead> ahead,
      int padId,
      Prompts prompts,
      int batchSize,
      int accumulation,
      long seed,
      Supplier<Decoder> second) {}

  /** Prompts to train on, and those held out. */
  public record Prompts(PromptRows trained, Optional<PromptRows> held) {}

  private PolicyTraining(Setup setup) {
    Reinforcement algorithm = setup.algorithm();
    Reinforcement options = algorithm;
    Decoder decoder = setup.decoder();
    valueHead =
        algorithm instanceof Ppo
            ? Optional.of(ValueHead.create(decoder.dimensions().hiddenSize(), decoder.type()))
            : Optional.empty();
    adaptation =
        valueHead
            .map(head -> (Adaptation) new WithValueHead(setup.adaptation(), head))
            .orElse(setup.adaptation());
    reference =
        Reference.of(
            decoder,
            setup.adaptation(),
            options.temperature(),
            algorithm.usesReference(),
            setup.second());
    Policy policy = new Policy(decoder, valueHead, options.temperature());
    boolean onPolicy =
        options.passes() == 1 && options.completions() == setup.batchSize() * setup.accumulation();
    RolloutMaker maker =
        new RolloutMaker(
            new RolloutDrawing(algorithm, setup.draws()),
            policy,
            reference,
            setup.padId(),
            setup.batchSize(),
            onPolicy);
    task = new PolicyTask(policy, algorithm, setup.selection());
    batches =
        new RolloutSource(
            maker, setup.ahead(), setup.prompts().trained(), setup.batchSize(), setup.seed());
    held =
        setup
            .prompts()
            .held()
            .map(prompts -> new HeldRollouts(maker, setup.ahead(), prompts, setup.seed()));
  }

  /**
   * Creates the components.
   *
   * @return the components, to be closed before the network
   */
  public static PolicyTraining start(Setup setup) {
    return new PolicyTraining(setup);
  }

  public TrainingTask<RolloutBatch> task() {
    return task;
  }

  public BatchSource<RolloutBatch> batches() {
    return batches;
  }

  /** Returns the batches to evaluate on. */
  public Optional<BatchSource<RolloutBatch>> held() {
    return held;
  }

  /** Returns the adaptation, including the value head. */
  public Adaptation adaptation() {
    return adaptation;
  }

  @Override
  public void close() {
    reference.ifPresent(Reference::close);
    valueHead.ifPresent(ValueHead::close);
  }
}
