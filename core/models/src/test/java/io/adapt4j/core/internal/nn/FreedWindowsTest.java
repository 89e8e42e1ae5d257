package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers with a window, here of 6 tokens, whose caches free what is before it. */
class FreedWindowsTest {

  private static final int LENGTH = 900;

  /** What stays: the window but for the token itself, and a page. */
  private static final int HELD = 5 + 256;

  @Test
  void aLongTextTakesNoMoreThanItsWindowAndAPage() {
    HybridDecoderTest.with(
        "qwen3_window",
        decoder -> {
          long plain = decoder.cacheBytes(1, LENGTH, DType.F32);
          long layer = decoder.cacheBytes(1, 1, DType.F32) / decoder.body().layers().size();
          long[] windows = decoder.body().cacheWindows();
          decoder.freeWindows(true);
          long bytes = 0;
          for (long window : windows) {
            bytes += layer * (window == 0 ? LENGTH : HELD);
          }
          assertThat(windows).contains(6).contains(0);
          assertThat(decoder.requestBytes(LENGTH)).isEqualTo(bytes).isLessThan(plain);
          assertThat(decoder.cacheBytes(1, LENGTH, DType.F32)).isEqualTo(plain);
          List<Long> sizes = new ArrayList<>();
          long[] ids = HybridDecoderTest.ids(LENGTH);
          try (KvCache cache = decoder.newRequestCache(LENGTH)) {
            for (int at = 0; at < LENGTH; at += 25) {
              HybridDecoderTest.read(decoder, cache, ids, at, 25);
              sizes.add(cache.bytes());
            }
          }
          assertThat(sizes).containsOnly(bytes);
        });
  }

  /** Windows with sinks, with keys of other layers, in 8 bits too; passes of one and of several. */
  @ParameterizedTest
  @ValueSource(strings = {"qwen3_window", "gemma3_text", "gpt_oss", "gemma3n", "gemma4"})
  void aTextIsToTheBitThatOfACacheThatKeepsAll(String name) {
    HybridDecoderTest.with(
        name,
        decoder -> {
          long[] ids = HybridDecoderTest.ids(LENGTH);
          for (boolean inEightBits : new boolean[] {false, true}) {
            decoder.cacheInEightBits(inEightBits);
            decoder.freeWindows(true);
            try (KvCache whole = decoder.newCache(1, LENGTH);
                KvCache freed = decoder.newRequestCache(LENGTH)) {
              for (int at = 0, count = 200; at < LENGTH; at += count, count = count == 1 ? 59 : 1) {
                int some = Math.min(count, LENGTH - at);
                assertThat(HybridDecoderTest.read(decoder, freed, ids, at, some))
                    .as("%d tokens from %d", some, at)
                    .isEqualTo(HybridDecoderTest.read(decoder, whole, ids, at, some));
              }
              assertThat(firstPlace(freed)).isBetween(LENGTH - 256L - 60, (long) LENGTH);
              assertThat(freed.bytes()).isLessThan(whole.bytes());
            }
          }
        });
  }

  /** More tokens than a page in one pass take the room that they need until the next ones. */
  @Test
  void aPassLongerThanAPageHasRoom() {
    HybridDecoderTest.with(
        "qwen3_window",
        decoder -> {
          decoder.freeWindows(true);
          long[] ids = HybridDecoderTest.ids(LENGTH);
          try (KvCache whole = decoder.newCache(1, LENGTH);
              KvCache freed = decoder.newRequestCache(LENGTH)) {
            for (int[] pass : new int[][] {{0, 10}, {10, 700}, {710, 3}}) {
              assertThat(HybridDecoderTest.read(decoder, freed, ids, pass[0], pass[1]))
                  .isEqualTo(HybridDecoderTest.read(decoder, whole, ids, pass[0], pass[1]));
            }
            assertThat(freed.bytes()).isEqualTo(decoder.requestBytes(LENGTH));
          }
        });
  }

  @Test
  void aTextGoesBackAsFarAsItsWindowsAreHeld() {
    HybridDecoderTest.with(
        "qwen3_window",
        decoder -> {
          decoder.freeWindows(true);
          long[] ids = HybridDecoderTest.ids(LENGTH);
          try (KvCache cache = decoder.newRequestCache(LENGTH);
              KvCache whole = decoder.newCache(1, LENGTH)) {
            HybridDecoderTest.read(decoder, whole, ids, 0, 255);
            HybridDecoderTest.read(decoder, cache, ids, 0, 255);
            HybridDecoderTest.read(decoder, whole, ids, 255, 100);
            HybridDecoderTest.read(decoder, cache, ids, 255, 100);
            assertThat(firstPlace(cache)).isEqualTo(255);
            assertThat(cache.reaches(254)).isFalse();
            assertThatIllegalArgumentException()
                .isThrownBy(() -> cache.truncate(254))
                .withMessage(
                    "tokens: expected at least 255, as windows free what is before, found 254");
            whole.truncate(255);
            float[] wanted = HybridDecoderTest.read(decoder, whole, ids, 255, 300);
            try (KvCache branch = decoder.branchOf(cache, 255, LENGTH);
                KvCache copy = decoder.copyOf(cache, 300, LENGTH)) {
              assertThat(HybridDecoderTest.read(decoder, branch, ids, 255, 300)).isEqualTo(wanted);
              assertThat(copy.reaches(300)).isTrue();
            }
            cache.rollBack(255);
            assertThat(HybridDecoderTest.read(decoder, cache, ids, 255, 300)).isEqualTo(wanted);
            cache.clear();
            HybridDecoderTest.read(decoder, cache, ids, 0, 255);
            assertThat(HybridDecoderTest.read(decoder, cache, ids, 255, 300)).isEqualTo(wanted);
          }
        });
  }

  /** A prefix that another text shares is kept whole. */
  @Test
  void aSharedPrefixIsReachedFromBehindIt() {
    HybridDecoderTest.with(
        "qwen3_window",
        decoder -> {
          decoder.freeWindows(true);
          long[] ids = HybridDecoderTest.ids(LENGTH);
          try (KvCache first = decoder.newRequestCache(LENGTH);
              KvCache whole = decoder.newCache(1, LENGTH)) {
            HybridDecoderTest.read(decoder, first, ids, 0, 200);
            HybridDecoderTest.read(decoder, whole, ids, 0, 200);
            whole.truncate(100);
            float[] wanted = HybridDecoderTest.read(decoder, whole, ids, 100, 400);
            try (KvCache second = decoder.branchOf(first, 100, LENGTH)) {
              assertThat(second.sharedTokens()).isEqualTo(100);
              assertThat(HybridDecoderTest.read(decoder, second, ids, 100, 400)).isEqualTo(wanted);
              HybridDecoderTest.read(decoder, second, ids, 500, 200);
              assertThat(second.reaches(100)).isTrue();
              assertThat(second.reaches(101)).isFalse();
              second.truncate(100);
              assertThat(HybridDecoderTest.read(decoder, second, ids, 100, 400)).isEqualTo(wanted);
            }
          }
        });
  }

  private static long firstPlace(KvCache cache) {
    return cache.parts().get(0).block().firstPlace();
  }
}
