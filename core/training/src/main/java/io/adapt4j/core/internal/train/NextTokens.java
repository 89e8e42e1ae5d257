package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Next-token prediction task of a decoder. */
public record NextTokens(
    Decoder decoder,
    LanguageModelLoss.Form form,
    Function<TrainingTask<Batch>, Evaluation<Batch>> evaluations,
    Optional<SourceLosses> sources)
    implements TrainingTask<Batch> {

  /**
   * Families whose classes in Transformers do not take the number of targets of a step ({@code
   * accepts_loss_kwargs}), so that its loss is the mean of its batches' means.
   */
  private static final Set<String> MEANS =
      Set.of("gemma3", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "glm_ocr");

  /** Creates a task of plain cross-entropy that evaluates the loss only. */
  public NextTokens(Decoder decoder) {
    this(decoder, VocabularyLoss::forwardBackward);
  }

  /** Creates a task that evaluates the loss only. */
  public NextTokens(Decoder decoder, LanguageModelLoss.Form form) {
    this(decoder, form, task -> task::evaluate, Optional.empty());
  }

  /** Returns the task that also measures the training loss of each file. */
  public NextTokens measuring(SourceLosses losses) {
    return new NextTokens(decoder, form, evaluations, Optional.of(losses));
  }

  @Override
  public Evaluation<Batch> evaluation() {
    return evaluations.apply(this);
  }

  @Override
  public double forwardBackward(Batch batch, double scale, boolean recompute, long seed) {
    LanguageModelLoss.Form own = sources.map(losses -> losses.of(batch, form)).orElse(form);
    double share = share(batch);
    return LanguageModelLoss.forwardBackward(decoder, batch, own, scale / share, recompute, seed)
        / share;
  }

  /** Returns the divisor of each batch's loss, for families whose steps take the mean of means. */
  private double share(Batch batch) {
    return takesMeans() ? Math.max(1, batch.targetWeight()) : 1;
  }

  private boolean takesMeans() {
    return decoder.pictureEncoder().isPresent()
        && MEANS.contains(decoder.modelConfig().modelType());
  }

  @Override
  public Map<String, Double> takeStepMetrics() {
    return sources.map(SourceLosses::take).orElse(Map.of());
  }

  @Override
  public boolean isTokenLoss() {
    return true;
  }

  @Override
  public double evaluate(Batch batch) {
    return LanguageModelLoss.evaluate(decoder, batch) / share(batch);
  }

  @Override
  public Optional<boolean[]> targetTokens(Batch batch) {
    boolean[] targets = new boolean[batch.labels().length];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = batch.labels()[i] != Batch.IGNORED;
    }
    return Optional.of(targets);
  }

  @Override
  public long targets(Batch batch) {
    return batch.targetTokens();
  }

  @Override
  public double weight(Batch batch) {
    return takesMeans() ? 1 : batch.targetWeight();
  }

  @Override
  public long tokens(Batch batch) {
    return batch.tokens();
  }
}
