package io.adapt4j.speech.internal.whisper;

import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.sequence.SequenceCache;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.zip.Deflater;

/** Writes the tokens of one window, one after the other. Not thread safe. */
public final class WindowWriter {

  private final EncoderDecoder network;
  private final SpeechTokens tokens;
  private final int vocabulary;

  /**
   * The tokens of a window.
   *
   * @param compressionRatio of the ids with the end, as bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Written(
      int[] ids,
      double averageLogProbability,
      double compressionRatio,
      double noSpeechProbability) {}

  /** Creates a writer. */
  public WindowWriter(EncoderDecoder network, SpeechTokens tokens) {
    this.network = network;
    this.tokens = tokens;
    this.vocabulary = Math.toIntExact(network.head().weight().sizes()[0]);
  }

  /**
   * Writes a window.
   *
   * @param random chooses tokens at temperatures above 0
   */
  public Written write(
      SequenceSource source,
      int[] prompt,
      boolean timestamps,
      int most,
      double temperature,
      SplittableRandom random,
      BooleanSupplier cancelled) {
    WindowRules rules = new WindowRules(tokens, timestamps);
    int[] ids = new int[most];
    int count = 0;
    double sum = 0;
    boolean ended = false;
    try (Scope scope = Scope.open(network.engine());
        SequenceCache cache = network.newCache(source, new long[] {0}, prompt.length + most)) {
      float[][] first = begin(prompt, cache);
      double silent = silence(first[0]);
      float[] scores = first[1];
      while (!ended && count < most && !cancelled.getAsBoolean()) {
        if (count > 0) {
          scores = next(ids[count - 1], cache);
        }
        rules.apply(scores, ids, count);
        int token = choose(scores, temperature, random);
        ended = token == tokens.end();
        if (!ended) {
          sum += scores[token] - WindowRules.logSum(scores, 0, vocabulary);
          ids[count++] = token;
        }
      }
      int[] written = Arrays.copyOf(ids, count);
      return new Written(written, sum / (count + 1), ratio(written, ended), silent);
    }
  }

  /** Returns the scores after the start token and after the whole prompt. */
  private float[][] begin(int[] prompt, SequenceCache cache) {
    int start = prompt.length - 1;
    while (start > 0 && prompt[start] != tokens.start()) {
      start--;
    }
    try (Scope scope = Scope.open(network.engine())) {
      long[] ids = Arrays.stream(prompt).asLongStream().toArray();
      Tensor states = network.next(ids, ids.length, cache);
      return new float[][] {
        network.head().logits(states.narrow(1, start, 1)).toFloats(),
        network.head().logits(states.narrow(1, ids.length - 1, 1)).toFloats()
      };
    }
  }

  private float[] next(int token, SequenceCache cache) {
    try (Scope scope = Scope.open(network.engine())) {
      return network.head().logits(network.next(new long[] {token}, cache)).toFloats();
    }
  }

  private double silence(float[] scores) {
    // The token for silence stands before that for no timestamps.
    return Math.exp(scores[tokens.noTimestamps() - 1] - WindowRules.logSum(scores, 0, vocabulary));
  }

  /** Detects the language spoken. */
  public Map.Entry<String, Integer> language(SequenceSource source) {
    float[] scores = languageScores(source);
    return tokens.languages().entrySet().stream()
        .reduce((a, b) -> scores[b.getValue()] > scores[a.getValue()] ? b : a)
        .orElseThrow();
  }

  /** Returns the scores of all tokens after the start token. */
  public float[] languageScores(SequenceSource source) {
    try (Scope scope = Scope.open(network.engine());
        SequenceCache cache = network.newCache(source, new long[] {0}, 1)) {
      return next(tokens.start(), cache);
    }
  }

  private int choose(float[] scores, double temperature, SplittableRandom random) {
    int best = 0;
    for (int i = 1; i < vocabulary; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    if (temperature == 0) {
      return best;
    }
    double all = 0;
    for (float score : scores) {
      all += Math.exp((score - scores[best]) / temperature);
    }
    double left = random.nextDouble() * all;
    for (int i = 0; i < vocabulary; i++) {
      left -= Math.exp((scores[i] - scores[best]) / temperature);
      if (left < 0) {
        return i;
      }
    }
    return best;
  }

  /** Returns the length of the ids as bytes over their length when compressed. */
  private double ratio(int[] ids, boolean ended) {
    int width = (int) (Math.log(vocabulary) / Math.log(2) / Byte.SIZE) + 1;
    ByteBuffer bytes =
        ByteBuffer.allocate((ids.length + 1) * width + Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    int count = 0;
    for (int id : ids) {
      bytes.putInt(count++ * width, id);
    }
    if (ended) {
      bytes.putInt(count++ * width, tokens.end());
    }
    if (count == 0) {
      return 0;
    }
    Deflater deflater = new Deflater();
    try {
      deflater.setInput(bytes.array(), 0, count * width);
      deflater.finish();
      byte[] packed = new byte[count * width + 64];
      return (double) count * width / deflater.deflate(packed);
    } finally {
      deflater.end();
    }
  }
}
