package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Scores the classes of texts and text pairs. Not thread safe; the caller closes encoder and
 * tokenizer.
 */
public final class Classifier {

  private final Encoder encoder;
  private final Tokenizer tokenizer;
  private final int maxTokens;
  private final EncoderRunner runner;

  public Classifier(Encoder encoder, Tokenizer tokenizer, int maxTokens) {
    this.encoder = encoder;
    this.tokenizer = tokenizer;
    this.maxTokens = maxTokens;
    this.runner = new EncoderRunner(encoder, tokenizer.paddingId());
  }

  /** Sets whether the scores of a text are bit-identical whatever it is batched with. */
  public void batchInvariant(boolean on) {
    runner.batchInvariant(on);
  }

  public List<float[]> logits(List<String> texts) {
    return run(TokenSequence.of(tokenizer.encodeAllTruncated(texts, maxTokens)));
  }

  /** Scores pairs of one text with others. */
  public List<float[]> pairLogits(String first, List<String> seconds) {
    List<Encoding> encoded = tokenizer.encodePairs(first, seconds, maxTokens);
    List<TokenSequence> pairs = new ArrayList<>();
    for (int i = 0; i < encoded.size(); i++) {
      pairs.add(TokenSequence.of(i, encoded.get(i)));
    }
    return run(pairs);
  }

  /** Scores pairs of texts. */
  public List<float[]> pairLogits(List<String> firsts, List<String> seconds) {
    List<TokenSequence> pairs = new ArrayList<>();
    for (int i = 0; i < firsts.size(); i++) {
      Encoding pair = tokenizer.encodePair(firsts.get(i), seconds.get(i), maxTokens);
      pairs.add(TokenSequence.of(i, pair));
    }
    return run(pairs);
  }

  /** Scores tokenized texts. */
  public List<float[]> logitsOf(List<int[]> sequences) {
    return run(TokenSequence.of(sequences));
  }

  private List<float[]> run(List<TokenSequence> sequences) {
    int classes = encoder.classes();
    float[][] all = new float[sequences.size()][];
    runner.run(
        sequences,
        (ops, batch, hidden) -> {
          Batch inputs = batch.inputs();
          Tensor logits = encoder.classLogits(ops, hidden, inputs.ids(), inputs.attentionMask());
          float[] values = logits.toFloats();
          for (int row = 0; row < batch.rows().size(); row++) {
            all[batch.rows().get(row).index()] =
                Arrays.copyOfRange(values, row * classes, (row + 1) * classes);
          }
        });
    return Arrays.asList(all);
  }
}
