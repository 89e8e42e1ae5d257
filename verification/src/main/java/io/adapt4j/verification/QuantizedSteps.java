package io.adapt4j.verification;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.List;

/**
 * Predictions of a model that decodes texts token by token, including any rounding of activations.
 * Computed in fp32.
 */
final class QuantizedSteps {

  /** The BOS token. */
  private static final int BEGINNING = 1;

  private final double nats;
  private final int[] likeliest;

  private QuantizedSteps(double nats, int[] likeliest) {
    this.nats = nats;
    this.likeliest = likeliest;
  }

  /** Decodes texts with weights in a format. Needs the kernels in C++. */
  static QuantizedSteps of(Path model, WeightFormat format, List<List<Integer>> texts) {
    int[] likeliest = new int[texts.stream().mapToInt(List::size).sum()];
    double sum = 0;
    int count = 0;
    try (Decoder decoder = load(model, format)) {
      float[] logits = new float[Math.toIntExact(decoder.head().weight().sizes()[0])];
      for (List<Integer> text : texts) {
        try (KvCache cache = decoder.newCache(1, text.size());
            DecoderSteps steps = StepKernels.prepared(decoder, cache, 1).orElseThrow()) {
          int id = BEGINNING;
          for (int next : text) {
            int place = Math.toIntExact(cache.length());
            likeliest[count++] =
                steps.run(List.of(new DecoderSteps.Token(id, 0, place, 0, true)))[0];
            cache.advance(1);
            steps.logits(0, logits, 0);
            sum -= logProbability(logits, next);
            id = next;
          }
        }
      }
    }
    return new QuantizedSteps(sum / count, likeliest);
  }

  private static Decoder load(Path model, WeightFormat format) {
    StoredModel stored = StoredModel.read(model, format);
    Decoder decoder = Architectures.declareDecoder(stored.config());
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      stored.weights().install(decoder, checkpoint);
      Weights.check(decoder, checkpoint);
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
    }
    return decoder;
  }

  private static double logProbability(float[] logits, int token) {
    double most = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      most = Math.max(most, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - most);
    }
    return logits[token] - most - Math.log(sum);
  }

  double perplexity() {
    return Math.exp(nats);
  }

  /** Returns the fraction of positions where another model has the same most likely token. */
  double agreement(QuantizedSteps other) {
    long same = 0;
    for (int i = 0; i < likeliest.length; i++) {
      same += likeliest[i] == other.likeliest[i] ? 1 : 0;
    }
    return (double) same / likeliest.length;
  }
}
