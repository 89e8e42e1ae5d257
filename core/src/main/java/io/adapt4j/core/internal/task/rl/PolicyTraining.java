package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The parts of a run that trains a policy: what is minimized, rollouts as batches, and what trains.
 * Policy, reference and values share one network wherever an adapter trains.
 */
public final class PolicyTraining implements AutoCloseable {

  private final Optional<ValueHead> valueHead;
  private final Optional<Reference> reference;
  private final Adaptation adaptation;
  private final PolicyTask task;
  private final BatchSource<RolloutBatch> batches;
  private final Optional<BatchSource<RolloutBatch>> held;

  /**
   * What a run is made of.
   *
   * @param adaptation what trains in it; closed by whoever made it
   */
  public record Setup(
      Reinforcement algorithm,
      BestModelMetric selection,
      Decoder decoder,
      Adaptation adaptation,
      Generator generator,
      int padId,
      PromptRows prompts,
      Optional<PromptRows> held,
      int batchSize,
      int accumulation,
      long seed,
      Supplier<Decoder> second) {}

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
            algorithm,
            new Sampling(setup.generator(), options),
            policy,
            reference,
            setup.padId(),
            setup.batchSize(),
            onPolicy);
    task = new PolicyTask(policy, algorithm, setup.selection());
    batches = new RolloutSource(maker, setup.prompts(), setup.batchSize(), setup.seed());
    held = setup.held().map(prompts -> new HeldRollouts(maker, prompts, setup.seed()));
  }

  /**
   * Puts the parts together.
   *
   * @return the parts, to be closed before the network
   */
  public static PolicyTraining start(Setup setup) {
    return new PolicyTraining(setup);
  }

  /** Returns what is minimized. */
  public TrainingTask<RolloutBatch> task() {
    return task;
  }

  /** Returns the batches to train on. */
  public BatchSource<RolloutBatch> batches() {
    return batches;
  }

  /** Returns the batches to evaluate on. */
  public Optional<BatchSource<RolloutBatch>> held() {
    return held;
  }

  /** Returns what trains. */
  public Adaptation adaptation() {
    return adaptation;
  }

  @Override
  public void close() {
    reference.ifPresent(Reference::close);
    valueHead.ifPresent(ValueHead::close);
  }
}
