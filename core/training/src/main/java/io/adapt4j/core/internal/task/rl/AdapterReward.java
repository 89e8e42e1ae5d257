package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.adapter.AdapterFormat;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.weights.NewParameters;
import io.adapt4j.core.internal.task.reward.CompletionScorer;
import io.adapt4j.core.reinforce.Completion;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Reward model that is an adapter on the policy's base: an additional scalar output, and LoRA
 * matrices that are enabled only while completions are scored, with the policy's disabled.
 */
public final class AdapterReward implements RunReward {

  private final Optional<Path> folder;
  private final Supplier<AdapterMechanics> adapter;
  private OnPolicy present;

  private AdapterReward(Optional<Path> folder, Supplier<AdapterMechanics> adapter) {
    this.folder = folder;
    this.adapter = adapter;
  }

  public static AdapterReward of(AdapterMechanics adapter) {
    return new AdapterReward(adapter.folder(), () -> adapter);
  }

  /** Returns the reward of an adapter in a folder, which may not exist until the run starts. */
  static AdapterReward stored(Path folder) {
    return new AdapterReward(Optional.of(folder), () -> AdapterFormat.read(folder));
  }

  /** Returns the folder of the adapter; empty if it is not on disk. */
  Optional<Path> folder() {
    return folder;
  }

  /** The adapter attached to a policy. */
  private record OnPolicy(
      Adaptation policy, Encoder output, AttachedAdapter attached, CompletionScorer scorer) {

    double[] scoreAll(List<Completion> completions) {
      return policy.withoutAdapter(
          () -> {
            attached.enabled(true);
            try {
              return scorer.scoreAll(completions);
            } finally {
              attached.enabled(false);
            }
          });
    }
  }

  @Override
  public List<String> problems(Decoder declared, MethodMechanics method) {
    if (method.trainsBase()) {
      return List.of(
          label()
              + " is to stand on the policy's base, which full fine-tuning changes; train the"
              + " policy as an adapter, or give RewardModel.load(...), its own network");
    }
    try {
      Optional<ModelConfig> config = adapter.get().modelConfig(declared.modelConfig());
      return config.isEmpty()
          ? List.of(label() + " brings no output for a reward; train it with Task.reward()")
          : problems(declared, config.get());
    } catch (CheckpointException e) {
      return List.of(label() + ": " + e.getMessage());
    }
  }

  private List<String> problems(Decoder declared, ModelConfig config) {
    try (Encoder output = Architectures.withClassOutput(declared, config)) {
      CompletionScorer.requireUsable(output);
      return adapter.get().problems(output).stream().map(text -> label() + ": " + text).toList();
    }
  }

  private String label() {
    return "the reward's adapter" + folder.map(at -> " " + at).orElse("");
  }

  @Override
  public Planner beside(Planner planner, Decoder declared) {
    try (Encoder output =
        Architectures.withClassOutput(
            declared, adapter.get().modelConfig(declared.modelConfig()).orElseThrow())) {
      return planner.besideAdapter(
          MemoryNames.REWARD, output, adapter.get().trainableSummary(output));
    }
  }

  @Override
  public void begin(Policy policy) {
    if (present != null) {
      throw new IllegalStateException(
          label() + " is in use by another run; make one with RewardModel.onPolicy for each");
    }
    // The adapter must read the base weights as they are without the policy's changes.
    present = policy.adaptation().withoutAdapter(() -> attached(policy));
  }

  private OnPolicy attached(Policy policy) {
    Encoder output =
        Architectures.withClassOutput(
            policy.decoder(),
            adapter.get().modelConfig(policy.decoder().modelConfig()).orElseThrow());
    try {
      output.allocate(policy.decoder().type());
      NewParameters.initialize(output, 0);
      AttachedAdapter attached = adapter.get().attach(output);
      attached.enabled(false);
      return new OnPolicy(
          policy.adaptation(), output, attached, new CompletionScorer(output, policy.tokenizer()));
    } catch (RuntimeException | Error e) {
      output.close();
      throw e;
    }
  }

  @Override
  public double score(String prompt, String completion, Map<String, Object> fields) {
    return scoreAll(List.of(Completion.of(prompt, completion)))[0];
  }

  @Override
  public double[] scoreAll(List<Completion> completions) {
    if (present == null) {
      throw new IllegalStateException(
          label()
              + " has no base outside a run: give this function itself to a builder's reward(...),"
              + " or load the reward model with RewardModel.load(base, adapter)");
    }
    return present.scoreAll(completions);
  }

  @Override
  public void end() {
    if (present != null) {
      present.attached().close();
      present.output().close();
      present = null;
    }
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof AdapterReward reward
            && folder.isPresent()
            && folder.equals(reward.folder));
  }

  @Override
  public int hashCode() {
    return folder.hashCode();
  }
}
