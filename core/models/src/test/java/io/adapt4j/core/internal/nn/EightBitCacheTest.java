package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and values in 8 bits, read by operators. */
class EightBitCacheTest {

  private static final int LENGTH = 40;

  @Test
  void aHeadsVectorTakesAByteAnEntryAndFourForItsScale() {
    inEightBits(
        "granite",
        decoder -> {
          long plain = decoder.cacheBytes(1, 1, DType.F32);
          decoder.cacheInEightBits(false);
          long entries = decoder.cacheBytes(1, 1, DType.F32) / Float.BYTES;
          decoder.cacheInEightBits(true);
          long heads = entries / headDim(decoder);
          assertThat(plain).isEqualTo(entries + 4 * heads);
          assertThat(decoder.cacheBytes(1, 1, DType.BF16)).isEqualTo(plain);
          try (KvCache cache = decoder.newCache(1, LENGTH)) {
            assertThat(cache.bytes()).isEqualTo(LENGTH * plain);
          }
        });
  }

  private static long headDim(Decoder decoder) {
    try (KvCache cache = decoder.newCache(1, 1)) {
      return cache.parts().get(0).block().keys(0).size(3) - 4;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"deepseek_v3", "mamba2"})
  void latentVectorsAndStatesStayAsTheyAre(String name) {
    HybridDecoderTest.with(
        name,
        decoder -> {
          long plain = decoder.cacheBytes(1, LENGTH, DType.F32);
          decoder.cacheInEightBits(true);
          assertThat(decoder.cacheBytes(1, LENGTH, DType.F32)).isEqualTo(plain);
          long[] ids = HybridDecoderTest.ids(LENGTH);
          float[] whole = HybridDecoderTest.hidden(decoder, ids, LENGTH);
          try (KvCache cache = decoder.newCache(1, LENGTH)) {
            HybridDecoderTest.read(decoder, cache, ids, 0, 30);
            float[] found = HybridDecoderTest.read(decoder, cache, ids, 30, 10);
            HybridDecoderTest.assertSame(found, whole, 30, 10);
          }
        });
  }

  /** Windows, sinks, keys of other layers, gates, heads beside a recurrence, shared projections. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "granite",
        "gemma3_text",
        "gpt_oss",
        "gemma3n",
        "gemma4",
        "qwen3_next",
        "falcon_h1",
        "falcon",
        "bloom"
      })
  void aTextIsNearlyTheSameAndDoesNotDependOnItsPasses(String name) {
    inEightBits(
        name,
        decoder -> {
          long[] ids = HybridDecoderTest.ids(LENGTH);
          float[] plain = HybridDecoderTest.hidden(decoder, ids, LENGTH);
          float[] whole = read(decoder, ids, LENGTH);
          assertThat(distance(whole, plain)).isPositive().isLessThan(0.03);
          for (int most : new int[] {1, 7, 16}) {
            assertThat(distance(read(decoder, ids, most), whole)).isLessThan(0.005);
          }
        });
  }

  /** Each block holds the same bytes, so that what follows is equal to the bit. */
  @ParameterizedTest
  @ValueSource(strings = {"granite", "gemma3_text"})
  void aSharedOrCopiedPrefixIsThatOfAColdCache(String name) {
    inEightBits(
        name,
        decoder -> {
          int length = 80;
          long[] ids = HybridDecoderTest.ids(length);
          try (KvCache first = decoder.newCache(1, length);
              KvCache cold = decoder.newCache(1, length)) {
            HybridDecoderTest.read(decoder, first, ids, 0, 60);
            HybridDecoderTest.read(decoder, cold, ids, 0, 60);
            cold.truncate(50);
            float[] wanted = HybridDecoderTest.read(decoder, cold, ids, 50, 30);
            try (KvCache branch = decoder.branchOf(first, 50, length);
                KvCache copy = decoder.copyOf(first, 50, length)) {
              assertThat(branch.sharedTokens()).isEqualTo(50);
              assertThat(HybridDecoderTest.read(decoder, branch, ids, 50, 30)).isEqualTo(wanted);
              assertThat(HybridDecoderTest.read(decoder, copy, ids, 50, 30)).isEqualTo(wanted);
              cold.rollBack(50);
              assertThat(HybridDecoderTest.read(decoder, cold, ids, 50, 30)).isEqualTo(wanted);
            }
          }
        });
  }

  @Test
  void textsOfOnePassAreThoseReadAlone() {
    inEightBits(
        "granite",
        decoder -> {
          long[] ids = HybridDecoderTest.ids(LENGTH);
          try (KvCache one = decoder.newCache(1, LENGTH);
              KvCache other = decoder.newCache(1, LENGTH);
              KvCache alone = decoder.newCache(1, LENGTH)) {
            HybridDecoderTest.read(decoder, one, ids, 0, 30);
            HybridDecoderTest.read(decoder, other, ids, 0, 9);
            HybridDecoderTest.read(decoder, alone, ids, 0, 30);
            float[] wanted = HybridDecoderTest.read(decoder, alone, ids, 30, 1);
            try (Scope scope = Scope.open();
                Positions joined =
                    decoder.joinedPositions(
                        List.of(one, other),
                        new int[] {1, 1},
                        new int[2],
                        Collections.nCopies(2, PromptPictures.NONE))) {
              Tensor x = Tensor.of(new long[] {ids[30], ids[9]}, 1, 2);
              float[] both = decoder.hidden(Ops.inference(), x, joined, false).toFloats();
              assertThat(distance(Arrays.copyOf(both, wanted.length), wanted)).isLessThan(1e-5);
            }
          }
        });
  }

  private static void inEightBits(String name, Consumer<Decoder> test) {
    HybridDecoderTest.with(
        name,
        decoder -> {
          decoder.cacheInEightBits(true);
          test.accept(decoder);
        });
  }

  /** Hidden states of a text read in passes of so many tokens. */
  private static float[] read(Decoder decoder, long[] ids, int most) {
    float[] all = null;
    try (KvCache cache = decoder.newCache(1, ids.length)) {
      for (int from = 0; from < ids.length; from += most) {
        int count = Math.min(most, ids.length - from);
        float[] some = HybridDecoderTest.read(decoder, cache, ids, from, count);
        int width = some.length / count;
        all = all == null ? new float[ids.length * width] : all;
        System.arraycopy(some, 0, all, from * width, some.length);
      }
    }
    return all;
  }

  /** Relative distance of vectors. */
  private static double distance(float[] found, float[] wanted) {
    double off = 0;
    double norm = 0;
    for (int i = 0; i < wanted.length; i++) {
      off += Math.pow((double) found[i] - wanted[i], 2);
      norm += Math.pow(wanted[i], 2);
    }
    return Math.sqrt(off / norm);
  }
}
