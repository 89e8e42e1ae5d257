package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps.Token;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.tensor.DType;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps over caches whose windows, here of 6 tokens, free what is before them. */
class FreedWindowsStepsTest {

  private static final int LENGTH = 700;

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  static Stream<Arguments> familiesAndVariants() {
    return Stream.of("qwen3_window", "gemma3_text", "gpt_oss", "gemma3n", "gemma4")
        .flatMap(
            family ->
                CpuKernelsTest.variantsOfSteps().map(variant -> Arguments.of(family, variant)));
  }

  @ParameterizedTest
  @MethodSource("familiesAndVariants")
  void logitsAreToTheBitThoseOfACacheThatKeepsAll(String family, CpuVariant variant) {
    for (boolean inEightBits : new boolean[] {false, true}) {
      try (Decoder decoder = StepKernelsTest.load(family, DType.BF16)) {
        decoder.cacheInEightBits(inEightBits);
        decoder.freeWindows(true);
        int[] ids = new SplittableRandom(3).ints(LENGTH, 1, 38).toArray();
        try (KvCache whole = decoder.newCache(1, LENGTH);
            KvCache freed = decoder.newRequestCache(LENGTH)) {
          assertThat(lastLogits(decoder, variant, ids, freed))
              .isEqualTo(lastLogits(decoder, variant, ids, whole));
          assertThat(freed.bytes()).isEqualTo(decoder.requestBytes(LENGTH));
          assertThat(freed.parts().get(0).block().firstPlace()).isPositive();
        }
      }
    }
  }

  /** The last logits of a text that is read in steps of 1 to 60 tokens. */
  private static float[] lastLogits(Decoder decoder, CpuVariant variant, int[] ids, KvCache cache) {
    try (CpuDecoderSteps steps =
        StepCompiler.compile(decoder, 1, 60, variant, List.of()).orElseThrow()) {
      for (int from = 0, most = 60; from < ids.length; from += most) {
        most = from % 7 == 0 ? 60 : from % 7;
        int to = Math.min(ids.length, from + most);
        decoder.makeRoom(cache, to - from);
        steps.place(0, cache, 0);
        steps.run(
            IntStream.range(from, to)
                .mapToObj(i -> new Token(ids[i], 0, i, 0, i == to - 1))
                .toList());
        cache.advance(to - from);
      }
      float[] logits = new float[Math.toIntExact(decoder.head().weight().sizes()[0])];
      steps.logits(0, logits, 0);
      return logits;
    }
  }

  @Test
  void aTokenWithoutRoomOrWithoutItsWindowIsRefused() {
    try (Decoder decoder = StepKernelsTest.load("qwen3_window", DType.F32)) {
      decoder.freeWindows(true);
      try (KvCache cache = decoder.newRequestCache(LENGTH);
          CpuDecoderSteps steps =
              StepCompiler.compile(decoder, 1, 1, CpuKernels.open().variant(), List.of())
                  .orElseThrow()) {
        steps.place(0, cache, 0);
        assertThatThrownBy(() -> steps.run(List.of(new Token(1, 0, 261, 0, true))))
            .hasMessage("place: expected 0 to 260, found 261");
        cache.advance(261);
        decoder.makeRoom(cache, 1);
        steps.place(0, cache, 0);
        assertThat(steps.run(List.of(new Token(1, 0, 261, 0, true)))).hasSize(1);
        assertThatThrownBy(() -> steps.run(List.of(new Token(1, 0, 260, 0, true))))
            .hasMessage(
                "place: expected at least 261, as what windows before it see has been freed, found"
                    + " 260");
      }
    }
  }
}
