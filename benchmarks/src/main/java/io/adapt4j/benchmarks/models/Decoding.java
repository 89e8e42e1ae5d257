package io.adapt4j.benchmarks.models;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Inputs of a decoder, and forward passes over its cache. */
public final class Decoding {

  private Decoding() {}

  /** Returns options for exactly that many tokens. */
  public static GenerationOptions greedy(int tokens) {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).ignoreEos(true).build();
  }

  /** Returns random prompts, always the same. */
  public static List<int[]> prompts(int rows, int length, int least, int end) {
    SplittableRandom random = new SplittableRandom(1);
    return IntStream.range(0, rows)
        .mapToObj(row -> random.ints(length, least, end).toArray())
        .toList();
  }

  public static int[] joined(int[] first, int[] second) {
    int[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }

  /** Returns ids that are neither 0 nor the same in a row. */
  public static long[] ids(int count, int vocabulary) {
    long[] ids = new long[count];
    Arrays.setAll(ids, i -> 1 + i * 7919L % (vocabulary - 1));
    return ids;
  }

  /** Reads tokens, {@code count} of each row, operator by operator, up to the last one's logits. */
  public static float[] forward(Decoder decoder, KvCache cache, long[] ids, int count) {
    int rows = ids.length / count;
    long[] mask = new long[Math.toIntExact(rows * (cache.length() + count))];
    Arrays.fill(mask, 1);
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, rows, count, cache)) {
      Tensor hidden =
          decoder.hidden(Ops.inference(), Tensor.of(ids, rows, count), positions, false);
      return decoder.logits(hidden.narrow(1, count - 1L, 1)).toFloats();
    }
  }

  /** Returns the size of the linear layers, without the output layer. */
  public static long layerBytes(Decoder decoder) {
    long bytes = 0;
    for (LinearSlot slot : decoder.layerLinears()) {
      for (Parameter parameter : slot.linear().parameters()) {
        bytes += parameter.count() * parameter.value().type().bytes();
      }
    }
    return bytes;
  }
}
