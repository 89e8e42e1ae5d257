package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Prompts that begin like earlier ones are read from where they differ, to the same answers. */
class PromptCacheTest {

  private static final long PLENTY = 1L << 30;
  private static final int NEW = 8;
  private static final GenerationOptions FOUR =
      GenerationOptions.greedy().toBuilder().maxNewTokens(4).build();
  private static final GenerationOptions EIGHT =
      GenerationOptions.greedy().toBuilder().maxNewTokens(NEW).build();

  /** In fp32, with attention windows of 6 tokens in four of them, and all kinds of scaling. */
  @Nested
  class EveryFamily {

    @ParameterizedTest
    @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#decoders")
    void continuesAConversation(String name) {
      try (TinyDecoder model = TinyDecoder.of(name);
          PromptCache prompts = new PromptCache(model.decoder(), PLENTY)) {
        int[] conversation = TinyDecoder.ids(24);
        for (int turn = 0; turn < 3; turn++) {
          Generation found = model.generate(conversation, prompts, FOUR);
          assertThat(found).isEqualTo(model.generate(conversation, FOUR));
          conversation = joined(conversation, found, 7, 8 + turn, 9);
        }
        // The newest token of an answer has not been read, so each turn reads it and three more.
        assertReads(model.decoder(), prompts, 24 + 4 + 4, 38);
      }
    }

    @ParameterizedTest
    @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#decoders")
    void takesAnotherTurn(String name) {
      try (TinyDecoder model = TinyDecoder.of(name);
          PromptCache prompts = new PromptCache(model.decoder(), PLENTY)) {
        model.generate(TinyDecoder.ids(24), prompts, FOUR);
        int[] other = TinyDecoder.ids(30);
        other[20]++;
        assertThat(model.generate(other, prompts, FOUR)).isEqualTo(model.generate(other, FOUR));
        // A state is that after the last token, not that after the tokens in common.
        int read = model.decoder().keepsStates() ? 30 : 10;
        assertReads(model.decoder(), prompts, 24 + read, 31);
      }
    }

    @ParameterizedTest
    @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#decoders")
    void readsThePromptAgainThatEndsWhereTheKeptOneEnds(String name) {
      try (TinyDecoder model = TinyDecoder.of(name);
          PromptCache prompts = new PromptCache(model.decoder(), PLENTY)) {
        int[] prompt = TinyDecoder.ids(24);
        int[] answered = joined(prompt, model.generate(prompt, prompts, FOUR));
        int[] kept = Arrays.copyOf(answered, answered.length - 1);
        assertThat(model.generate(kept, prompts, FOUR)).isEqualTo(model.generate(kept, FOUR));
      }
    }

    /** Keys whose rotation depends on the length they were read at are read again. */
    private void assertReads(Decoder decoder, PromptCache prompts, long tokens, int longest) {
      if (decoder.rotationChanges(24, longest)) {
        assertThat(prompts.prefilledTokens()).isGreaterThan(tokens);
      } else {
        assertThat(prompts.prefilledTokens()).isEqualTo(tokens);
      }
    }
  }

  /** With one model, whose first layers have a window. */
  @Nested
  class WhatIsKept {

    private final long before = Tensor.live();
    private final TinyDecoder model = TinyDecoder.of("qwen3_window");
    private final PromptCache prompts = new PromptCache(model.decoder(), PLENTY);

    @AfterEach
    void nothingStaysInMemory() {
      prompts.close();
      model.close();
      assertThat(Tensor.live()).isEqualTo(before);
    }

    @Test
    void aRepeatedPromptReadsItsLastTokenOnly() {
      assertThat(reads(TinyDecoder.ids(24))).isEqualTo(24);
      assertThat(reads(TinyDecoder.ids(24))).isEqualTo(1);
    }

    @Test
    void aShortBeginningIsReadAgain() {
      int[] other = TinyDecoder.ids(24);
      other[PromptCache.SHORTEST - 1]++;
      reads(TinyDecoder.ids(24));
      assertThat(reads(other)).isEqualTo(24);
      int[] longer = TinyDecoder.ids(24);
      longer[PromptCache.SHORTEST]++;
      assertThat(reads(longer)).isEqualTo(24 - PromptCache.SHORTEST);
    }

    @Test
    void aContinuationTakesThePlaceOfWhatItContinues() {
      reads(TinyDecoder.ids(24));
      reads(TinyDecoder.ids(40));
      assertThat(prompts.bytes()).isEqualTo(bytes(40 + NEW - 1));
    }

    @Test
    void promptsThatOnlyBeginAlikeAreKeptBesideEachOther() {
      int[] other = TinyDecoder.ids(24);
      other[18]++;
      reads(TinyDecoder.ids(24));
      assertThat(reads(other)).isEqualTo(24 - 18);
      assertThat(prompts.bytes()).isEqualTo(2 * bytes(24 + NEW - 1));
      assertThat(reads(TinyDecoder.ids(24))).isEqualTo(1);
      assertThat(reads(other)).isEqualTo(1);
    }

    @Test
    void whatIsLongestUnusedIsDroppedAtTheLimit() {
      prompts.limit(2 * bytes(24 + NEW - 1));
      reads(starting(1));
      reads(starting(2));
      reads(starting(1));
      reads(starting(3));
      assertThat(prompts.bytes()).isEqualTo(2 * bytes(24 + NEW - 1));
      assertThat(reads(starting(1))).isEqualTo(1);
      assertThat(reads(starting(3))).isEqualTo(1);
      assertThat(reads(starting(2))).isEqualTo(24);
    }

    @Test
    void ofAPromptBeyondTheLimitTheBeginningIsKept() {
      prompts.limit(bytes(20));
      reads(TinyDecoder.ids(24));
      assertThat(prompts.bytes()).isEqualTo(bytes(20));
      assertThat(reads(TinyDecoder.ids(40))).isEqualTo(20);
      assertThat(model.generate(TinyDecoder.ids(40), prompts, EIGHT))
          .isEqualTo(model.generate(TinyDecoder.ids(40), EIGHT));
    }

    @Test
    void aLowerLimitAppliesAtOnceAndWith0NothingIsKept() {
      reads(TinyDecoder.ids(24));
      prompts.limit(0);
      assertThat(prompts.bytes()).isZero();
      assertThat(reads(TinyDecoder.ids(24))).isEqualTo(24);
      assertThat(prompts.bytes()).isZero();
      assertThatIllegalArgumentException().isThrownBy(() -> prompts.limit(-1));
    }

    @Test
    void aGenerationCancelledBeforeItReadsKeepsNothing() {
      CancellationToken cancelled = new CancellationToken();
      cancelled.cancel();
      Generation found =
          model.generator().generate(TinyDecoder.ids(24), prompts, EIGHT, text -> {}, cancelled);
      assertThat(found.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(prompts.bytes()).isZero();
    }

    @Test
    void whatWasReadWithOtherAdaptersIsReadAgain() {
      reads(TinyDecoder.ids(24));
      AttachedAdapter adapter = new SomeAdapter();
      assertThat(leased(TinyDecoder.ids(30), adapter)).isEqualTo(30);
      assertThat(leased(TinyDecoder.ids(30), null)).isEqualTo(6);
    }

    @Test
    void whatWasReadWithAnAdapterIsDroppedWithIt() {
      AttachedAdapter adapter = new SomeAdapter();
      keep(TinyDecoder.ids(24), adapter);
      keep(TinyDecoder.ids(24), null);
      prompts.drop(new SomeAdapter());
      assertThat(prompts.bytes()).isEqualTo(2 * bytes(31));
      prompts.drop(adapter);
      assertThat(prompts.bytes()).isEqualTo(bytes(31));
      assertThat(leased(TinyDecoder.ids(30), adapter)).isEqualTo(30);
      assertThat(leased(TinyDecoder.ids(30), null)).isEqualTo(6);
    }

    @Test
    void ofRequestsWithTheSamePromptOneIsKept() {
      int[] ids = TinyDecoder.ids(24);
      try (PromptCache.Lease first = prompts.lease(ids, 31, null);
          PromptCache.Lease second = prompts.lease(ids, 31, null)) {
        first.cache().advance(24);
        second.cache().advance(24);
        first.keep(ids);
        second.keep(ids);
      }
      assertThat(prompts.bytes()).isEqualTo(bytes(31));
    }

    @Test
    void whatIsClearedIsReadAgain() {
      reads(TinyDecoder.ids(24));
      prompts.clear();
      assertThat(prompts.bytes()).isZero();
      assertThat(reads(TinyDecoder.ids(24))).isEqualTo(24);
    }

    @Test
    void theShortestBeginningIsKept() {
      prompts.limit(bytes(PromptCache.SHORTEST));
      reads(TinyDecoder.ids(24));
      assertThat(prompts.bytes()).isEqualTo(bytes(PromptCache.SHORTEST));
      prompts.limit(bytes(PromptCache.SHORTEST - 1));
      reads(TinyDecoder.ids(24));
      assertThat(prompts.bytes()).isZero();
    }

    @Test
    void onlyLongBeginningsOfRunningGenerationsAreShared() {
      int[] running = TinyDecoder.ids(60);
      try (PromptCache.Lease lease = prompts.lease(running, 64, null)) {
        assertThat(lease.cache().length()).isZero();
        assertThat(shared(differingAt(31))).isZero();
        assertThat(shared(differingAt(32))).isEqualTo(32);
        assertThat(shared(differingAt(50))).isEqualTo(50);
      }
      assertThat(shared(differingAt(50))).isZero();
    }

    @Test
    void whatIsKeptIsNotSharedWithARunningGeneration() {
      keep(TinyDecoder.ids(60), null);
      assertThat(shared(differingAt(50))).isZero();
    }

    private int shared(int[] prompt) {
      return prompts.sharedWithRunning(prompt, 64, null);
    }

    private int[] differingAt(int position) {
      int[] ids = TinyDecoder.ids(60);
      ids[position]++;
      return ids;
    }

    /** Keeps a prompt as if it had been read. */
    private void keep(int[] prompt, @Nullable AttachedAdapter adapter) {
      try (PromptCache.Lease lease = prompts.lease(prompt, prompt.length + 7, adapter)) {
        lease.cache().advance(prompt.length - lease.cache().length());
        lease.keep(prompt);
      }
    }

    /** How many tokens are to be read with an adapter. */
    private long leased(int[] prompt, @Nullable AttachedAdapter adapter) {
      long so = prompts.prefilledTokens();
      prompts.lease(prompt, 31, adapter).close();
      return prompts.prefilledTokens() - so;
    }

    @Test
    void whatWasClearedMeanwhileIsNotKept() {
      try (PromptCache.Lease lease = prompts.lease(TinyDecoder.ids(24), 31, null)) {
        prompts.clear();
        lease.keep(TinyDecoder.ids(24));
      }
      assertThat(prompts.bytes()).isZero();
    }

    @Test
    void aGenerationThatFailsKeepsNothing() {
      reads(TinyDecoder.ids(24));
      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(
              () -> {
                try (PromptCache.Lease lease = prompts.lease(TinyDecoder.ids(30), 31, null)) {
                  throw new IllegalStateException("failed with " + lease.cache().length());
                }
              })
          .withMessage("failed with 24");
      assertThat(prompts.bytes()).isZero();
    }

    private long reads(int[] prompt) {
      long so = prompts.prefilledTokens();
      model.generate(prompt, prompts, EIGHT);
      return prompts.prefilledTokens() - so;
    }

    private long bytes(int tokens) {
      return model.decoder().cacheBytes(1, tokens, DType.F32);
    }

    private int[] starting(int id) {
      int[] ids = TinyDecoder.ids(24);
      ids[0] = id;
      return ids;
    }
  }

  /** An adapter that changes nothing. */
  private static final class SomeAdapter implements AttachedAdapter {

    @Override
    public void merge() {}

    @Override
    public void unmerge() {}

    @Override
    public void enabled(boolean on) {}

    @Override
    public void close() {}
  }

  private static int[] joined(int[] prompt, Generation answer, int... question) {
    int[] answered = answer.tokenIds().stream().mapToInt(Integer::intValue).toArray();
    return Stream.of(prompt, answered, question).flatMapToInt(Arrays::stream).toArray();
  }

  @Test
  void whatIsKeptIsTheNewestOfEqualBeginnings() {
    List<int[]> all = List.of(TinyDecoder.ids(20), TinyDecoder.ids(28), TinyDecoder.ids(24));
    try (TinyDecoder model = TinyDecoder.of("llama_linear");
        PromptCache prompts = new PromptCache(model.decoder(), PLENTY)) {
      for (int[] prompt : all) {
        assertThat(model.generate(prompt, prompts, EIGHT)).isEqualTo(model.generate(prompt, EIGHT));
      }
      assertThat(prompts.prefilledTokens()).isEqualTo(20 + 8 + 1);
    }
  }
}
