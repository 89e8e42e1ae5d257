package io.adapt4j.core.finetune;

import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.task.reward.CompletionScorer;
import io.adapt4j.core.internal.task.rl.AdapterReward;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.task.Task;
import java.util.List;
import java.util.Map;

/**
 * A reward model, which scores a completion (higher is better): a {@code
 * ...ForSequenceClassification} with one label, as trained by {@link Task#reward}.
 *
 * <p>Prompt and completion are read as one text, to which a decoder's end-of-sequence token is
 * appended. Holds native memory: close it. Safe for use by several threads, one at a time.
 */
public final class RewardModel implements RewardFunction, AutoCloseable {

  private final CompletionScorer scorer;
  private final SingleUse use;

  private RewardModel(LoadedEncoder model) {
    this.scorer = new CompletionScorer(model.encoder(), model.tokenizer());
    this.use = new SingleUse("RewardModel", model::close);
  }

  /**
   * Loads a reward model.
   *
   * @param source its folder, or that of the base of an adapter
   * @param adapters adapters to apply, such as the one that a run of {@link Task#reward} saved
   * @return the model, to be closed
   * @throws io.adapt4j.core.exception.CheckpointException if the model does not give one number
   */
  public static RewardModel load(ModelSource source, Adapter... adapters) {
    return load(source, Precision.AUTO, adapters);
  }

  /**
   * Loads a reward model in a given precision.
   *
   * @param precision the data type of computation
   * @param adapters adapters to apply
   * @return the model, to be closed
   * @throws io.adapt4j.core.exception.CheckpointException if the model does not give one number
   */
  public static RewardModel load(ModelSource source, Precision precision, Adapter... adapters) {
    return new RewardModel(
        LoadedEncoder.load(
            source.folder(),
            precision,
            AdapterMechanics.of(List.of(adapters)),
            (encoder, tokenizer) -> CompletionScorer.requireUsable(encoder)));
  }

  /**
   * Creates a reward from an adapter on the policy's own base, so that policy, reference, value
   * model and reward share one network in memory: to compute rewards, the run swaps the policy's
   * adapter for this one. The policy must itself be an adapter.
   *
   * <p>The function works only inside a run of {@link Task#reinforcement}, and in one at a time;
   * afterwards {@link #load} the model to score with it.
   *
   * @param adapter trained by {@link Task#reward} on the policy's base, such as {@code
   *     LoraAdapter.at(report.best())}
   * @return the reward function
   */
  public static RewardFunction onPolicy(Adapter adapter) {
    return AdapterReward.of(AdapterMechanics.of(adapter));
  }

  /**
   * Scores a completion of a plain prompt.
   *
   * @param prompt the prompt
   * @param completion its completion
   * @return the reward
   */
  public double score(String prompt, String completion) {
    Texts.require("prompt", prompt);
    Texts.require("completion", completion);
    return scoreAll(List.of(Completion.of(prompt, completion)))[0];
  }

  @Override
  public double score(String prompt, String completion, Map<String, Object> fields) {
    Texts.require("prompt", prompt);
    Texts.require("completion", completion);
    return score(prompt, completion);
  }

  @Override
  public double[] scoreAll(List<Completion> completions) {
    Texts.requireAll("completions", completions);
    return use.call(() -> scorer.scoreAll(completions));
  }

  /**
   * Sets whether the score of a completion is bit-identical whatever else is in the call; default
   * off, where scores agree up to rounding. Texts are then batched only with others of exactly
   * their length, which takes about the same time for hundreds of texts in a call, and longer for
   * few. Verified for weights in full and half precision, not for quantized ones. Results of
   * machines with other processors, or of other numbers of threads, may still differ.
   *
   * @param on true for the same results in every batch
   */
  public void batchInvariant(boolean on) {
    use.run(() -> scorer.batchInvariant(on));
  }

  @Override
  public void close() {
    use.close();
  }
}
