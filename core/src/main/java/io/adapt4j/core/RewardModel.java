package io.adapt4j.core;

import io.adapt4j.core.encode.Classifier;
import io.adapt4j.core.model.Adapter;
import io.adapt4j.core.model.Encoder;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A model that gives a completion a number, the higher the better: a {@code
 * ...ForSequenceClassification} of one label, as {@link Task#reward} trains it.
 *
 * <p>Prompt and completion are read as one text, at whose end a decoder sees its end-of-sequence
 * token. Holds native memory: close it. Safe for use by several threads, one at a time.
 */
public final class RewardModel implements RewardFunction, AutoCloseable {

  private final Tokenizer tokenizer;
  private final OptionalInt end;
  private final int maxTokens;
  private final Classifier classifier;
  private final SingleUse use;

  private RewardModel(LoadedEncoder model) {
    this.tokenizer = model.tokenizer();
    this.end = model.encoder().isCausal() ? tokenizer.eosId() : OptionalInt.empty();
    this.maxTokens = LoadedEncoder.maxTokens(model.encoder(), tokenizer, OptionalInt.empty());
    this.classifier = new Classifier(model.encoder(), tokenizer, maxTokens);
    this.use = new SingleUse("RewardModel", model::close);
  }

  /**
   * Loads a reward model.
   *
   * @param source its folder, or that of the base of an adapter
   * @param adapters put onto it, such as the one that a run of {@link Task#reward} saved
   * @return the model, to be closed
   * @throws io.adapt4j.core.config.ConfigException if the model does not give one number
   */
  public static RewardModel load(ModelSource source, Adapter... adapters) {
    return new RewardModel(
        LoadedEncoder.load(
            source.folder(), Precision.AUTO, List.of(adapters), RewardModel::requireUsable));
  }

  private static void requireUsable(Encoder encoder, Tokenizer tokenizer) {
    if (encoder.classes() != 1 || encoder.classifiesTokens()) {
      throw encoder
          .modelConfig()
          .fields()
          .invalid(
              "architectures",
              "a class that ends in ForSequenceClassification, with one label",
              "The model gives no reward; train it with Task.reward() first.");
    }
  }

  /**
   * Scores a completion of a plain prompt.
   *
   * @param prompt the prompt
   * @param completion what was written after it
   * @return the reward
   */
  public double score(String prompt, String completion) {
    return scoreAll(List.of(Completion.of(prompt, completion)))[0];
  }

  @Override
  public double score(String prompt, String completion, Map<String, Object> fields) {
    return score(prompt, completion);
  }

  @Override
  public double[] scoreAll(List<Completion> completions) {
    return use.call(
        () ->
            classifier.logitsOf(completions.stream().map(this::ids).toList()).stream()
                .mapToDouble(logits -> logits[0])
                .toArray());
  }

  /** The tokens as training had them: cut on the right where they are too many. */
  private int[] ids(Completion completion) {
    int[] ids = tokenizer.encode(completion.prompt() + completion.text(), !completion.templated());
    boolean ended = end.isEmpty() || (ids.length > 0 && ids[ids.length - 1] == end.getAsInt());
    if (!ended) {
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = end.getAsInt();
    }
    return ids.length > maxTokens ? Arrays.copyOf(ids, maxTokens) : ids;
  }

  @Override
  public void close() {
    use.close();
  }
}
