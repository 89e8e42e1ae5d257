package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Decoders whose layers keep states: however a text is read, in chunks, token by token, in pieces,
 * beside padding or packed with others, it is the same text.
 */
class HybridDecoderTest {

  /** More than two chunks of 64, and not a multiple of them. */
  private static final int LENGTH = 150;

  /** Of states of magnitude 1; rounding adds up over the tokens. */
  private static final double TOLERANCE = 5e-4;

  @ParameterizedTest
  @ValueSource(strings = {"lfm2", "qwen3_5", "qwen3_next", "granite_hybrid", "bamba", "falcon_h1"})
  void aTextReadTokenByTokenIsTheTextReadAtOnce(String name) {
    with(
        name,
        decoder -> {
          long[] ids = ids(LENGTH);
          float[] whole = hidden(decoder, ids, LENGTH);
          try (KvCache cache = decoder.newCache(1, LENGTH)) {
            for (int i = 0; i < LENGTH; i++) {
              assertSame(read(decoder, cache, ids, i, 1), whole, i, 1);
            }
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"lfm2", "qwen3_5", "granite_hybrid", "falcon_h1"})
  void aTextCutAnywhereIsTheWholeText(String name) {
    with(
        name,
        decoder -> {
          long[] ids = ids(LENGTH);
          float[] whole = hidden(decoder, ids, LENGTH);
          for (int cut : new int[] {1, 2, 3, 63, 64, 65, LENGTH - 1}) {
            try (KvCache cache = decoder.newCache(1, LENGTH)) {
              assertSame(read(decoder, cache, ids, 0, cut), whole, 0, cut);
              assertSame(read(decoder, cache, ids, cut, LENGTH - cut), whole, cut, LENGTH - cut);
            }
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"lfm2", "qwen3_5", "granite_hybrid", "falcon_h1"})
  void paddingOnEitherSideMovesNoState(String name) {
    with(
        name,
        decoder -> {
          int padding = 5;
          long[] text = ids(30);
          float[] alone = hidden(decoder, text, 30);
          for (int before : new int[] {0, padding}) {
            long[] ids = new long[35];
            long[] mask = new long[35];
            // What stands at padding must not matter, so it is not all the same.
            Arrays.setAll(ids, i -> 3 + i);
            System.arraycopy(text, 0, ids, before, 30);
            Arrays.fill(mask, before, before + 30, 1);
            float[] padded = hidden(decoder, ids, decoder.positions(mask, 1, 35), 35);
            assertSame(slice(padded, before, 30), alone, 0, 30);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"lfm2", "qwen3_5", "granite_hybrid", "falcon_h1"})
  void lossAndGradientsOfPackedDocumentsAreThoseOfTheDocumentsApart(String name) {
    int[] lengths = {70, 9, 1, 20};
    int total = Arrays.stream(lengths).sum();
    with(
        name,
        decoder -> {
          decoder.parameters().forEach(Parameter::train);
          long[] ids = ids(total);
          double apart = 0;
          int start = 0;
          for (int length : lengths) {
            if (length > 1) {
              long[] own = Arrays.copyOfRange(ids, start, start + length);
              long[] ones = new long[length];
              Arrays.fill(ones, 1);
              apart +=
                  LanguageModelLoss.forwardBackward(
                      decoder, new Batch(own, ones, own, 1, length), 1, false, 0);
            }
            start += length;
          }
          Map<String, float[]> wanted = takeGradients(decoder);
          long[] ones = new long[total];
          Arrays.fill(ones, 1);
          Batch packed =
              new Batch(
                  ids,
                  ones,
                  withoutFirst(ids, lengths),
                  1,
                  total,
                  new int[][] {lengths},
                  new float[0]);
          for (boolean recompute : new boolean[] {false, true}) {
            double loss = LanguageModelLoss.forwardBackward(decoder, packed, 1, recompute, 0);
            assertThat(loss).isCloseTo(apart, within(1e-3));
            assertEqual(takeGradients(decoder), wanted);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"lfm2", "qwen3_5", "granite_hybrid"})
  void gradientsAcrossChunksAreTheSlopesOfTheLoss(String name) {
    with(
        name,
        decoder -> {
          decoder.parameters().forEach(Parameter::train);
          long[] ids = ids(LENGTH);
          long[] ones = new long[LENGTH];
          Arrays.fill(ones, 1);
          Batch inputs = new Batch(ids, ones, ids, 1, LENGTH);
          LanguageModelLoss.forwardBackward(decoder, inputs, 1.0 / LENGTH, false, 0);
          for (Parameter parameter : decoder.body().layers().get(0).mixer().ownParameters()) {
            float[] gradient = parameter.gradient().toFloats();
            double square = 0;
            for (float value : gradient) {
              square += value * (double) value;
            }
            double step = 1e-3 / Math.sqrt(square);
            double slope =
                (lossAt(decoder, inputs, parameter, gradient, step)
                        - lossAt(decoder, inputs, parameter, gradient, -step))
                    / (2 * step);
            assertThat(slope / square)
                .as(parameter.slices().get(0).name())
                .isCloseTo(1, within(0.02));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"lfm2", "qwen3_5", "granite_hybrid", "falcon_h1"})
  void aStateTakesTheSameMemoryHoweverLongTheText(String name) {
    with(
        name,
        decoder -> {
          long perToken = 0;
          long states = 0;
          for (CacheShape shape : decoder.body().caches()) {
            perToken += shape.bytesPerToken(DType.F32);
            states += shape.stateValues() * Float.BYTES;
          }
          assertThat(states).isPositive();
          for (int capacity : new int[] {10, 1000}) {
            long bytes = states + capacity * perToken;
            assertThat(decoder.cacheBytes(1, capacity, DType.F32)).isEqualTo(bytes);
            try (KvCache cache = decoder.newCache(1, capacity)) {
              assertThat(cache.bytes()).isEqualTo(bytes);
            }
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"lfm2", "qwen3_5", "granite_hybrid"})
  void aCacheGoesOnBeginsAnewOrIsTakenOverWhole(String name) {
    with(
        name,
        decoder -> {
          long[] ids = ids(20);
          float[] whole = hidden(decoder, ids, 20);
          try (KvCache cache = decoder.newCache(1, 20)) {
            read(decoder, cache, ids, 0, 12);
            try (KvCache other = decoder.branchOf(cache, 12, 20)) {
              assertSame(read(decoder, other, ids, 12, 8), whole, 12, 8);
            }
            assertThatIllegalArgumentException().isThrownBy(() -> cache.truncate(11));
            assertThatIllegalArgumentException().isThrownBy(() -> decoder.copyOf(cache, 11, 20));
            cache.truncate(0);
            assertSame(read(decoder, cache, ids, 0, 20), whole, 0, 20);
          }
        });
  }

  static void with(String name, Consumer<Decoder> test) {
    long live = Tensor.live();
    try (FamilyFolder folder = FamilyFolder.open(name);
        Network network = folder.load()) {
      test.accept((Decoder) network);
    }
    assertThat(Tensor.live()).isEqualTo(live);
  }

  static long[] ids(int count) {
    return new SplittableRandom(11).longs(count, 3, 40).toArray();
  }

  static float[] hidden(Decoder decoder, long[] ids, int length) {
    long[] ones = new long[length];
    Arrays.fill(ones, 1);
    return hidden(decoder, ids, decoder.positions(ones, 1, length), length);
  }

  private static float[] hidden(Decoder decoder, long[] ids, Positions positions, int length) {
    try (Scope scope = Scope.open();
        positions) {
      return decoder
          .hidden(Ops.inference(), Tensor.of(ids, 1, length), positions, false)
          .toFloats();
    }
  }

  static float[] read(Decoder decoder, KvCache cache, long[] ids, int from, int count) {
    long[] ones = new long[from + count];
    Arrays.fill(ones, 1);
    long[] own = Arrays.copyOfRange(ids, from, from + count);
    return hidden(decoder, own, decoder.positions(ones, 1, count, cache), count);
  }

  private static float[] slice(float[] states, int from, int count) {
    int width = states.length / 35;
    return Arrays.copyOfRange(states, from * width, (from + count) * width);
  }

  static void assertSame(float[] found, float[] whole, int from, int count) {
    int width = found.length / count;
    for (int i = 0; i < found.length; i++) {
      assertThat((double) found[i]).isCloseTo(whole[from * width + i], within(TOLERANCE));
    }
  }

  /** The first token of a document is no target. */
  private static long[] withoutFirst(long[] ids, int[] lengths) {
    long[] labels = ids.clone();
    int start = 0;
    for (int length : lengths) {
      labels[start] = TargetRows.IGNORED;
      start += length;
    }
    return labels;
  }

  private static Map<String, float[]> takeGradients(Decoder decoder) {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    for (Parameter parameter : decoder.parameters()) {
      for (Parameter.Trainable trainable : parameter.trained()) {
        gradients.put(trainable.name(), trainable.gradient().toFloats());
      }
      try (Scope scope = Scope.open()) {
        parameter.gradient().copyFrom(Tensor.zeros(DType.F32, 1));
      }
    }
    return gradients;
  }

  private static void assertEqual(Map<String, float[]> found, Map<String, float[]> wanted) {
    wanted.forEach(
        (name, values) -> {
          double largest = 1;
          for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
          }
          for (int i = 0; i < values.length; i++) {
            assertThat((double) found.get(name)[i])
                .as(name)
                .isCloseTo(values[i], within(1e-4 * largest));
          }
        });
  }

  private static double lossAt(
      Decoder decoder, Batch inputs, Parameter parameter, float[] direction, double step) {
    float[] before = parameter.value().toFloats();
    float[] moved = before.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += (float) (step * direction[i]);
    }
    parameter.value().data().asFloatBuffer().put(moved);
    double loss = LanguageModelLoss.evaluate(decoder, inputs) / LENGTH;
    parameter.value().data().asFloatBuffer().put(before);
    return loss;
  }
}
