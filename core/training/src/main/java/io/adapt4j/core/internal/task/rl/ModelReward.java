package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.task.reward.CompletionScorer;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.reinforce.Completion;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reward model in a folder: loaded on first use, closed when the run ends. */
final class ModelReward implements RunReward {

  private final Path folder;
  private LoadedEncoder model;
  private CompletionScorer scorer;

  ModelReward(Path folder) {
    this.folder = folder;
  }

  Path folder() {
    return folder;
  }

  @Override
  public double score(String prompt, String completion, Map<String, Object> fields) {
    return scoreAll(List.of(Completion.of(prompt, completion)))[0];
  }

  @Override
  public double[] scoreAll(List<Completion> completions) {
    return scorer().scoreAll(completions);
  }

  private CompletionScorer scorer() {
    if (model == null) {
      model =
          LoadedEncoder.load(
              folder,
              Precision.AUTO,
              List.of(),
              (encoder, tokenizer) -> CompletionScorer.requireUsable(encoder));
      scorer = new CompletionScorer(model.encoder(), model.tokenizer());
    }
    return scorer;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelReward reward && folder.equals(reward.folder);
  }

  @Override
  public int hashCode() {
    return Objects.hash(folder);
  }

  @Override
  public List<String> problems(Decoder declared, MethodMechanics method) {
    try (Encoder network = declare()) {
      CompletionScorer.requireUsable(network);
      return List.of();
    } catch (CheckpointException e) {
      return List.of(e.getMessage());
    }
  }

  private Encoder declare() {
    return Architectures.declareEncoder(LoadedEncoder.config(folder, List.of()));
  }

  @Override
  public Planner beside(Planner planner, Decoder declared) {
    try (Encoder network = declare()) {
      return planner.beside(MemoryNames.REWARD, network);
    }
  }

  @Override
  public void begin(Policy policy) {
    // Loaded on first use.
  }

  @Override
  public void end() {
    if (model != null) {
      model.close();
      model = null;
      scorer = null;
    }
  }
}
