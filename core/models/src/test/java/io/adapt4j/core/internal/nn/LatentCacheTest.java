package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.attention.LatentAttention;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearTerms;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The cache of multi-head latent attention holds latent vectors, and the text stays the same. */
class LatentCacheTest {

  private static final int LENGTH = 40;

  @ParameterizedTest
  @ValueSource(strings = {"deepseek_v2", "deepseek_v3", "deepseek_v3_halves"})
  void aTokenTakesItsLatentVectorAndTheRotatedPartOfItsKey(String name) {
    ModelConfig config;
    try (FamilyFolder folder = FamilyFolder.open(name)) {
      config = ModelConfig.read(folder.path());
    }
    long width =
        (long) config.fields().requirePositiveInt("kv_lora_rank")
            + config.fields().requirePositiveInt("qk_rope_head_dim");
    HybridDecoderTest.with(
        name,
        decoder -> {
          long bytes = decoder.body().layers().size() * width * Float.BYTES * 100;
          assertThat(decoder.cacheBytes(1, 100, DType.F32)).isEqualTo(bytes);
          try (KvCache cache = decoder.newCache(1, 100)) {
            assertThat(cache.bytes()).isEqualTo(bytes);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "deepseek_v2",
        "deepseek_v3",
        "deepseek_v3_halves",
        "deepseek_v32",
        "glm_moe_dsa",
        "glm_moe_dsa_shared"
      })
  void aTextCutAnywhereIsTheWholeText(String name) {
    HybridDecoderTest.with(name, LatentCacheTest::assertCutsChangeNothing);
  }

  /** One text is read whole, one grows past the number of tokens chosen, one is past it. */
  @ParameterizedTest
  @ValueSource(strings = {"deepseek_v3", "deepseek_v32", "glm_moe_dsa", "glm_moe_dsa_shared"})
  void textsReadTogetherAreThoseReadAlone(String name) {
    HybridDecoderTest.with(
        name,
        decoder -> {
          long[] ids = HybridDecoderTest.ids(LENGTH);
          float[] whole = HybridDecoderTest.hidden(decoder, ids, LENGTH);
          int width = whole.length / LENGTH;
          int[] lengths = {8, 18, 30};
          List<KvCache> caches =
              IntStream.of(lengths).mapToObj(length -> decoder.newCache(1, LENGTH)).toList();
          for (int i = 0; i < lengths.length; i++) {
            HybridDecoderTest.read(decoder, caches.get(i), ids, 0, lengths[i]);
          }
          for (int[] counts : new int[][] {{1, 1, 1}, {1, 1, 1}, {2, 3, 2}, {1, 1, 1}}) {
            float[] read = readTogether(decoder, caches, ids, counts);
            int from = 0;
            for (int i = 0; i < lengths.length; i++) {
              float[] own = Arrays.copyOfRange(read, from * width, (from + counts[i]) * width);
              HybridDecoderTest.assertSame(own, whole, lengths[i], counts[i]);
              from += counts[i];
              lengths[i] += counts[i];
            }
          }
          caches.forEach(KvCache::close);
        });
  }

  private static float[] readTogether(
      Decoder decoder, List<KvCache> caches, long[] ids, int[] counts) {
    long[] row =
        IntStream.range(0, counts.length)
            .mapToObj(i -> new long[] {caches.get(i).length(), counts[i]})
            .flatMapToLong(part -> Arrays.stream(ids, (int) part[0], (int) (part[0] + part[1])))
            .toArray();
    try (Scope scope = Scope.open();
        Positions joined =
            decoder.joinedPositions(
                caches,
                counts,
                new int[counts.length],
                Collections.nCopies(counts.length, PromptPictures.NONE))) {
      Tensor x = Tensor.of(row, 1, row.length);
      return decoder.hidden(Ops.inference(), x, joined, false).toFloats();
    }
  }

  /** A layer that is adapted or quantized has no weight that queries could absorb. */
  @ParameterizedTest
  @ValueSource(strings = {"deepseek_v2", "deepseek_v3"})
  void keysAndValuesAreCachedWhereTheirProjectionIsNotAPlainWeight(String name) {
    HybridDecoderTest.with(
        name,
        decoder -> {
          long before = decoder.cacheBytes(1, 1, DType.F32);
          for (Layer layer : decoder.body().layers()) {
            ((LatentAttention) layer.mixer()).up().replace(Wrapped::new);
          }
          assertThat(decoder.cacheBytes(1, 1, DType.F32)).isGreaterThan(2 * before);
          assertCutsChangeNothing(decoder);
        });
  }

  /** The keys of the indexer lie beside latent vectors, which such layers do not cache. */
  @Test
  void aChoiceOfTokensNeedsLatentVectors() {
    HybridDecoderTest.with(
        "glm_moe_dsa",
        decoder -> {
          for (Layer layer : decoder.body().layers()) {
            ((LatentAttention) layer.mixer()).up().replace(Wrapped::new);
          }
          long[] ids = HybridDecoderTest.ids(21);
          try (KvCache cache = decoder.newCache(1, 21)) {
            HybridDecoderTest.read(decoder, cache, ids, 0, 20);
            assertThatIllegalArgumentException()
                .isThrownBy(() -> HybridDecoderTest.read(decoder, cache, ids, 20, 1))
                .withMessage(
                    "text: expected at most index_topk, 20 tokens, found 21, of which this model"
                        + " chooses those it reads; load kv_b_proj unquantized, and merge the"
                        + " adapter on it");
          }
        });
  }

  @Test
  void aChoiceOfTokensIsOfOneTextARow() {
    HybridDecoderTest.with(
        "deepseek_v32",
        decoder -> {
          read(decoder, 20, 3);
          assertThatIllegalArgumentException()
              .isThrownBy(() -> read(decoder, 2, 21))
              .withMessageEndingWith("train without packing");
        });
  }

  private static void read(Decoder decoder, int... documents) {
    int length = IntStream.of(documents).sum();
    try (Scope scope = Scope.open();
        Positions packed = decoder.packedPositions(new int[][] {documents}, length)) {
      Tensor ids = Tensor.of(HybridDecoderTest.ids(length), 1, length);
      assertThat(decoder.hidden(Ops.inference(), ids, packed, false).toFloats()).isNotEmpty();
    }
  }

  private static void assertCutsChangeNothing(Decoder decoder) {
    long[] ids = HybridDecoderTest.ids(LENGTH);
    float[] whole = HybridDecoderTest.hidden(decoder, ids, LENGTH);
    for (int cut : new int[] {1, 2, 17, LENGTH - 1}) {
      try (KvCache cache = decoder.newCache(1, LENGTH)) {
        for (int[] part : new int[][] {{0, cut}, {cut, 1}, {cut + 1, LENGTH - cut - 1}}) {
          if (part[1] > 0) {
            float[] read = HybridDecoderTest.read(decoder, cache, ids, part[0], part[1]);
            HybridDecoderTest.assertSame(read, whole, part[0], part[1]);
          }
        }
      }
    }
  }

  /** A layer of another kind that computes the same. */
  private record Wrapped(Linear linear) implements Linear {

    @Override
    public List<Part> parts() {
      return linear.parts();
    }

    @Override
    public long inFeatures() {
      return linear.inFeatures();
    }

    @Override
    public long outFeatures() {
      return linear.outFeatures();
    }

    @Override
    public Tensor forward(Ops ops, Tensor x) {
      return linear.forward(ops, x);
    }

    @Override
    public Tensor recorded(Ops ops, Tensor x) {
      return linear.recorded(ops, x);
    }

    @Override
    public boolean describe(LinearTerms terms) {
      return linear.describe(terms);
    }

    @Override
    public List<Parameter> parameters() {
      return linear.parameters();
    }
  }
}
