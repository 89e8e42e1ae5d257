package io.adapt4j.core.internal.sequence;

import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.sequence.SequenceCache;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Generates target texts for source texts. Not thread safe. */
public record SequenceWriter(EncoderDecoder network) {

  /** Generates a text for each source of a batch. */
  public List<int[]> write(List<int[]> sources, SequenceSettings settings) {
    try (Scope scope = Scope.open(network.engine());
        SequenceCache cache = read(sources, settings)) {
      return settings.beams() == 1
          ? greedy(sources.size(), settings, cache)
          : new BeamSearch(settings, sources.size(), vocabulary())
              .run((last, order) -> scores(last, order, cache));
    }
  }

  private int vocabulary() {
    return Math.toIntExact(network.head().weight().sizes()[0]);
  }

  private SequenceCache read(List<int[]> sources, SequenceSettings settings) {
    int rows = sources.size();
    int longest = sources.stream().mapToInt(ids -> ids.length).max().orElseThrow();
    long[] ids = new long[rows * longest];
    long[] mask = new long[ids.length];
    Arrays.fill(ids, settings.padding());
    for (int row = 0; row < rows; row++) {
      int[] source = sources.get(row);
      for (int i = 0; i < source.length; i++) {
        ids[row * longest + i] = source[i];
        mask[row * longest + i] = 1;
      }
    }
    long[] each = new long[rows * settings.beams()];
    for (int i = 0; i < each.length; i++) {
      each[i] = i / settings.beams();
    }
    try (Scope scope = Scope.open(network.engine())) {
      SequenceInputs inputs = new SequenceInputs(ids, mask, new long[0], rows, longest);
      SequenceSource source = network.read(Ops.inference(), inputs, false, null);
      return network.newCache(source, each, settings.maxLength());
    }
  }

  /** Returns the next-token scores of every row. */
  private float[] scores(int[] last, long[] order, SequenceCache cache) {
    if (order.length > 0) {
      cache.reorder(order);
    }
    try (Scope scope = Scope.open(network.engine())) {
      long[] ids = Arrays.stream(last).asLongStream().toArray();
      return network.head().logits(network.next(ids, cache)).toFloats();
    }
  }

  private List<int[]> greedy(int rows, SequenceSettings settings, SequenceCache cache) {
    TokenRules rules = new TokenRules(settings);
    int vocabulary = vocabulary();
    int[][] written = new int[rows][];
    Arrays.fill(written, new int[] {settings.start()});
    boolean[] ended = new boolean[rows];
    int[] last = new int[rows];
    Arrays.fill(last, settings.start());
    for (int length = 1; length < settings.maxLength() && !all(ended); length++) {
      float[] scores = scores(last, new long[0], cache);
      for (int row = 0; row < rows; row++) {
        if (ended[row]) {
          last[row] = settings.padding();
          continue;
        }
        rules.apply(scores, row * vocabulary, vocabulary, written[row]);
        last[row] = best(scores, row * vocabulary, vocabulary);
        written[row] = appended(written[row], last[row]);
        ended[row] = settings.eos().contains(last[row]);
      }
    }
    List<int[]> texts = new ArrayList<>();
    for (int[] ids : written) {
      texts.add(Arrays.copyOfRange(ids, 1, ids.length));
    }
    return texts;
  }

  static int[] appended(int[] ids, int token) {
    int[] longer = Arrays.copyOf(ids, ids.length + 1);
    longer[ids.length] = token;
    return longer;
  }

  private static int best(float[] scores, int from, int count) {
    int best = from;
    for (int i = from + 1; i < from + count; i++) {
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best - from;
  }

  private static boolean all(boolean[] values) {
    for (boolean value : values) {
      if (!value) {
        return false;
      }
    }
    return true;
  }
}
