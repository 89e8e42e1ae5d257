package io.adapt4j.core.internal.task.reward;

import io.adapt4j.core.internal.encode.Classifier;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * Scores completions by a reward model. Prompt and completion are encoded as one text, to which an
 * end-of-sequence token is appended for decoders.
 */
public final class CompletionScorer {

  private final Tokenizer tokenizer;
  private final OptionalInt end;
  private final int maxTokens;
  private final Classifier classifier;

  public CompletionScorer(Encoder encoder, Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.end = encoder.isCausal() ? tokenizer.eosId() : OptionalInt.empty();
    this.maxTokens = LoadedEncoder.maxTokens(encoder, tokenizer, OptionalInt.empty());
    this.classifier = new Classifier(encoder, tokenizer, maxTokens);
  }

  /** Checks that a network outputs one number per text. */
  public static void requireUsable(Encoder encoder) {
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

  /** Sets whether the score of a completion is bit-identical in every batch. */
  public void batchInvariant(boolean on) {
    classifier.batchInvariant(on);
  }

  public double[] scoreAll(List<Completion> completions) {
    return classifier.logitsOf(completions.stream().map(this::ids).toList()).stream()
        .mapToDouble(logits -> logits[0])
        .toArray();
  }

  /** Returns the tokens as in training, truncated on the right if too long. */
  private int[] ids(Completion completion) {
    int[] ids = tokenizer.encode(completion.prompt() + completion.text(), !completion.templated());
    boolean ended = end.isEmpty() || (ids.length > 0 && ids[ids.length - 1] == end.getAsInt());
    if (!ended) {
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = end.getAsInt();
    }
    return ids.length > maxTokens ? Arrays.copyOf(ids, maxTokens) : ids;
  }
}
