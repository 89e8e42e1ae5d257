package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps.Token;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.EightBitRows;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps whose keys and values are in 8 bits. */
class EightBitStepsTest {

  private static final int LENGTH = 80;

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  /** Windows, sinks, keys of other layers, gates, heads beside a recurrence, shared projections. */
  static Stream<Arguments> familiesAndVariants() {
    return Stream.of(
            "granite",
            "gemma3_text",
            "gpt_oss",
            "gemma3n",
            "gemma4",
            "qwen3_next",
            "falcon_h1",
            "falcon",
            "deepseek_v3")
        .flatMap(
            family ->
                CpuKernelsTest.variantsOfSteps().map(variant -> Arguments.of(family, variant)));
  }

  /** A number between two steps may be rounded the other way, as operators add in another order. */
  @ParameterizedTest
  @MethodSource("familiesAndVariants")
  void stepsGiveTheLogitsOfTheOperators(String family, CpuVariant variant) {
    try (Decoder decoder = load(family, DType.F32)) {
      assertThat(StepKernelsTest.difference(decoder, null, decoder, variant)).isLessThan(5e-3);
    }
  }

  @ParameterizedTest
  @MethodSource("familiesAndVariants")
  void neitherPassesNorPartsNorOtherTextsChangeABit(String family, CpuVariant variant) {
    for (DType type : List.of(DType.F32, DType.BF16)) {
      try (Decoder decoder = load(family, type)) {
        int[] ids = new SplittableRandom(3).ints(LENGTH, 1, 38).toArray();
        float[] few = StepKernelsTest.lastLogits(decoder, variant, ids, 3);
        for (int most : new int[] {9, 29, LENGTH}) {
          assertThat(StepKernelsTest.lastLogits(decoder, variant, ids, most)).isEqualTo(few);
        }
        assertThat(besideOthers(decoder, variant, ids)).isEqualTo(few);
        if (decoder.sharesKeys(LENGTH)) {
          try (KvCache first = decoder.newCache(1, LENGTH);
              KvCache second = decoder.branchOf(first, 45, LENGTH)) {
            assertThat(second.sharedTokens()).isEqualTo(45);
            assertThat(StepKernelsTest.lastLogits(decoder, variant, ids, 9, second)).isEqualTo(few);
          }
        }
      }
    }
  }

  /** The last logits of a text whose steps have tokens of two more. */
  private static float[] besideOthers(Decoder decoder, CpuVariant variant, int[] ids) {
    try (KvCache cache = decoder.newCache(3, LENGTH);
        CpuDecoderSteps steps =
            StepCompiler.compile(decoder, 3, 24, variant, List.of()).orElseThrow()) {
      for (int row = 0; row < 3; row++) {
        steps.place(row, cache, row);
      }
      for (int from = 0; from < LENGTH; from += 8) {
        List<Token> tokens = new ArrayList<>();
        for (int row = 0; row < 3; row++) {
          for (int i = from; i < from + 8; i++) {
            tokens.add(
                new Token(ids[(i + 7 * row) % LENGTH], row, i, 0, row == 0 && i == from + 7));
          }
        }
        steps.run(tokens);
      }
      float[] logits = new float[Math.toIntExact(decoder.head().weight().sizes()[0])];
      steps.logits(0, logits, 0);
      return logits;
    }
  }

  /** Operators read what kernels restore: each entry times the scale behind its vector. */
  @ParameterizedTest
  @MethodSource("io.adapt4j.kernels.internal.CpuKernelsTest#variantsOfSteps")
  void someVectorsAreRestoredToTheirPlace(CpuVariant variant) {
    int width = 70;
    float[] values = new float[2 * 9 * width];
    for (int i = 0; i < values.length; i++) {
      int row = i / width;
      values[i] = (i % 37 - 18) * 0.01f * row;
    }
    for (DType type : List.of(DType.F32, DType.BF16)) {
      try (Scope scope = Scope.open()) {
        Tensor rows = EightBitRows.of(Tensor.of(values, 1, 2, 9, width));
        Tensor y = Tensor.zeros(type, 1, 2, 12, width);
        new CpuLayerKernels(variant).restore(rows, 3, 5, y, 4);
        ByteBuffer bytes = rows.data();
        float[] found = y.toFloats();
        for (int i = 0; i < found.length; i++) {
          int head = i / width / 12;
          int token = i / width % 12 - 4;
          int row = (head * 9 + token + 3) * (width + 4);
          double wanted =
              token < 0 || token >= 5
                  ? 0
                  : type.round(bytes.get(row + i % width) * bytes.getFloat(row + width));
          assertThat((double) found[i]).isEqualTo(wanted);
        }
      }
    }
  }

  @Test
  void aCacheOfAnotherTypeIsRefused() {
    try (Decoder decoder = load("granite", DType.BF16);
        CpuDecoderSteps steps =
            StepCompiler.compile(decoder, 1, 1, CpuKernels.open().variant(), List.of())
                .orElseThrow()) {
      decoder.cacheInEightBits(false);
      try (KvCache plain = decoder.newCache(1, 4)) {
        assertThatThrownBy(() -> steps.place(0, plain, 0))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("cache: expected keys and values in 8 bits, which these steps read");
      }
    }
  }

  private static Decoder load(String family, DType type) {
    Decoder decoder = StepKernelsTest.load(family, type);
    decoder.cacheInEightBits(true);
    return decoder;
  }
}
