package io.adapt4j.core.internal.task.rl;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.monitor.EarlyWarnings;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.Checks;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.FixedDefinition;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.task.ReinforcementLearningTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Reinforcement learning. */
public final class ReinforcementLearningDefinition
    extends FixedDefinition<ReinforcementLearningTask> {

  public ReinforcementLearningDefinition() {
    super(ReinforcementLearningTask.class, TaskKind.REINFORCEMENT, ReinforcementKeys.NAMES);
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    return ReinforcementKeys.read(name, options);
  }

  @Override
  public Optional<JsonNode> write(ReinforcementLearningTask task) {
    return ReinforcementKeys.write(task.algorithm()).map(JsonNode.class::cast);
  }

  @Override
  public String identity(ReinforcementLearningTask task) {
    return "Reinforced[algorithm=" + task.algorithm() + "]";
  }

  @Override
  public List<String> metrics(ReinforcementLearningTask task) {
    return List.of("reward");
  }

  /** Checks that a rollout divides into steps, so that every update uses a single rollout. */
  @Override
  public void check(ReinforcementLearningTask task, Draft draft, int batchSize, Checks checks) {
    super.check(task, draft, batchSize, checks);
    Reinforcement options = task.algorithm();
    int accumulation = draft.get(Options.GRADIENT_ACCUMULATION);
    long step = (long) batchSize * accumulation;
    checks.require(
        step < 1 || options.completions() % step == 0,
        ("batchSize %s times gradientAccumulation %s must divide the completions of a rollout,"
                + " which are %s prompts times %s")
            .formatted(batchSize, accumulation, options.prompts(), options.groupSize()));
    checks.require(
        !Boolean.TRUE.equals(draft.get(Options.MODEL_DROPOUT)),
        "modelDropout changes what the policy is between drawing and updating; leave it out for"
            + " this task");
    checks.require(
        draft.get(Options.NEFTUNE) == 0,
        "neftune changes what the policy is between drawing and updating; leave it out for this"
            + " task");
  }

  @Override
  public TaskModel model(
      ReinforcementLearningTask task, Path folder, StoredModel stored, Dataset train) {
    return TaskModel.generating(stored, folder);
  }

  @Override
  public List<String> problems(
      ReinforcementLearningTask task, Network declared, MethodMechanics method) {
    Stream<String> data =
        method != null && method.initializesFromData()
            ? Stream.of(
                "The initialization runs over the training rows, but reinforcement learning has only"
                    + " prompts; initialize otherwise, or continue an adapter trained on answers.")
            : Stream.empty();
    Stream<String> rewards =
        RunReward.in(task.algorithm()).stream()
            .flatMap(reward -> reward.problems((Decoder) declared, method).stream());
    return Stream.of(data, rewards, aheadProblems(task.algorithm(), declared, method))
        .flatMap(problems -> problems)
        .toList();
  }

  /** Returns why rollouts cannot be sampled while others train. */
  private static Stream<String> aheadProblems(
      Reinforcement algorithm, Network declared, MethodMechanics method) {
    if (!(algorithm instanceof Grpo grpo) || !grpo.rolloutsAhead()) {
      return Stream.empty();
    }
    Stream<String> rewards =
        RunReward.in(algorithm).stream()
            .filter(AdapterReward.class::isInstance)
            .map(
                reward ->
                    "rolloutsAhead cannot score by a reward adapter on the policy's base, which"
                        + " trains meanwhile; load the reward with RewardModel.load (model in"
                        + " YAML), or leave rolloutsAhead out");
    Stream<String> copies =
        method == null || method.copies(declared)
            ? Stream.empty()
            : Stream.of(
                ("rolloutsAhead samples from a copy of the trained weights, which %s does not make."
                        + " Use full fine-tuning, or Lora or QLora without modulesToSave, biases,"
                        + " embeddings and LoftQ, or leave rolloutsAhead out")
                    .formatted(method.description()));
    return Stream.concat(rewards, copies);
  }

  @Override
  public TrainingListener warning(List<TrainingListener> listeners) {
    return EarlyWarnings.ofRewards(listeners);
  }

  @Override
  public PreparedTask<?> prepare(
      ReinforcementLearningTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return PreparedPolicy.of(task.algorithm(), settings, tokenizer);
  }
}
