package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tokenize.Words;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Arrays;
import java.util.List;

/** Classifies the tokens of a text. Not thread safe; the caller closes encoder and tokenizer. */
public final class TokenTagger {

  private final Encoder encoder;
  private final Tokenizer tokenizer;
  private final int maxTokens;
  private final EncoderRunner runner;

  /** Creates a tagger. */
  public TokenTagger(Encoder encoder, Tokenizer tokenizer, int maxTokens) {
    this.encoder = encoder;
    this.tokenizer = tokenizer;
    this.maxTokens = maxTokens;
    this.runner = new EncoderRunner(encoder, tokenizer.paddingId());
  }

  /** The tokens of a text with their classes and scores. */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record Tagged(Encoding encoding, int[] labels, double[] scores) {}

  /** Tags a text. */
  public Tagged tag(String text) {
    Encoding whole = tokenizer.encodeWithOffsets(text, true);
    Encoding encoding = whole.at(Words.within(whole, maxTokens));
    int[] labels = new int[encoding.length()];
    double[] scores = new double[labels.length];
    int classes = encoder.classes();
    runner.run(
        List.of(TokenSequence.of(0, encoding)),
        (ops, batch, hidden) -> {
          Tensor logits = encoder.classLogits(ops, hidden, batch.inputs().attentionMask());
          float[] values = logits.toFloats();
          for (int i = 0; i < labels.length; i++) {
            double[] probabilities =
                Softmax.of(Arrays.copyOfRange(values, i * classes, (i + 1) * classes));
            for (int label = 1; label < classes; label++) {
              labels[i] = probabilities[label] > probabilities[labels[i]] ? label : labels[i];
            }
            scores[i] = probabilities[labels[i]];
          }
        });
    return new Tagged(encoding, labels, scores);
  }
}
