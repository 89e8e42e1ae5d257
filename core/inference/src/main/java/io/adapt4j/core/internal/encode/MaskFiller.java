package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.score.MaskPrediction;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Predicts the masked tokens of a text. Not thread safe; the caller closes encoder and tokenizer.
 */
public final class MaskFiller {

  private final Encoder encoder;
  private final Tokenizer tokenizer;
  private final int maskId;
  private final int maxTokens;
  private final EncoderRunner runner;

  public MaskFiller(Encoder encoder, Tokenizer tokenizer, int maskId, int maxTokens) {
    this.encoder = encoder;
    this.tokenizer = tokenizer;
    this.maskId = maskId;
    this.maxTokens = maxTokens;
    this.runner = new EncoderRunner(encoder, tokenizer.paddingId());
  }

  public List<MaskPrediction> fill(String text, int best) {
    int[] ids = tokenizer.encode(text, true);
    requireFitting(ids);
    int[] masks = IntStream.range(0, ids.length).filter(i -> ids[i] == maskId).toArray();
    if (masks.length == 0) {
      throw new IllegalArgumentException(
          "The text has no mask token; write "
              + tokenizer.token(maskId)
              + " where a token is to be predicted");
    }
    List<MaskPrediction> predictions = new ArrayList<>();
    runner.run(
        TokenSequence.of(List.of(ids)),
        (ops, batch, hidden) -> {
          long[] index = IntStream.of(masks).asLongStream().toArray();
          Tensor rows = ops.gatherRows(hidden, Tensor.of(index, index.length));
          Tensor logits = encoder.vocabularyHead().logits(encoder.vocabularyInput(ops, rows));
          for (int i = 0; i < masks.length; i++) {
            predictions.add(prediction(logits.narrow(0, i, 1).toFloats(), best));
          }
        });
    return List.copyOf(predictions);
  }

  private void requireFitting(int[] ids) {
    if (ids.length > maxTokens) {
      throw new IllegalArgumentException(
          "The text has %s tokens, but the model reads %s; give a shorter text around the mask"
              .formatted(ids.length, maxTokens));
    }
  }

  private MaskPrediction prediction(float[] logits, int best) {
    double[] probabilities = Softmax.of(logits);
    Comparator<Integer> likeliest = Comparator.comparingDouble(id -> -probabilities[id]);
    return new MaskPrediction(
        IntStream.range(0, Math.min(probabilities.length, tokenizer.vocabularySize()))
            .boxed()
            .sorted(likeliest)
            .limit(best)
            .map(id -> candidate(id, probabilities[id]))
            .toList());
  }

  private MaskPrediction.Candidate candidate(int id, double probability) {
    return new MaskPrediction.Candidate(id, tokenizer.decode(new int[] {id}, false), probability);
  }
}
