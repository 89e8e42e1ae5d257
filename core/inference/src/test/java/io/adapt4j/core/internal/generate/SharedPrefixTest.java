package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests at the same time whose prompts begin alike, read operator by operator. */
class SharedPrefixTest {

  private static final long PLENTY = 1L << 30;
  private static final int COMMON = 44;
  private static final int NEW = 4;
  private static final GenerationOptions FOUR =
      GenerationOptions.greedy().toBuilder().maxNewTokens(NEW).ignoreContextLength(true).build();

  /** In fp32, with attention windows of 6 tokens in some of them, and all kinds of scaling. */
  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#decoders")
  void eachGetsWhatItGetsAlone(String family) {
    try (TinyDecoder model = TinyDecoder.of(family);
        Run run = new Run(model, 0)) {
      // Where the rotation follows the length, nothing is shared.
      boolean shares = model.decoder().sharesKeys(COMMON + 8 + NEW);
      for (int more = 1; more <= 4; more++) {
        run.add(prompt(COMMON, more));
      }
      run.batch.step();
      run.batch.step();
      run.add(prompt(COMMON, 8));
      run.add(prompt(COMMON - 10, 3));
      run.batch.finish();
      run.assertEachAsAlone(FOUR);
      if (shares) {
        assertThat(run.prompts.prefilledTokens()).isEqualTo(COMMON + 1 + 2 + 3 + 4 + 8 + 3);
      }
    }
  }

  /** What several prompts begin with, then tokens that no other has. */
  private static int[] prompt(int common, int more) {
    int[] prompt = TinyDecoder.ids(common + more);
    for (int i = common; i < prompt.length; i++) {
      prompt[i] = 3 + (more * 7 + i) % 35;
    }
    prompt[common] = 3 + more;
    return prompt;
  }

  @Nested
  class WhatIsShared {

    private final long before = Tensor.live();
    private final TinyDecoder model = TinyDecoder.of("qwen3_window");
    private final Run run = new Run(model, PLENTY);

    @AfterEach
    void nothingStaysInMemory() {
      run.close();
      model.close();
      assertThat(Tensor.live()).isEqualTo(before);
    }

    @Test
    void isInMemoryOnce() {
      for (int more = 1; more <= 3; more++) {
        run.add(prompt(COMMON, more));
      }
      assertThat(run.batch.bytes()).isEqualTo(bytes(COMMON + own(1) + own(2) + own(3)));
      run.batch.finish();
      assertThat(run.prompts.bytes()).isEqualTo(bytes(COMMON + own(1) + own(2) + own(3)));
    }

    @Test
    void isNotCountedAgainBeforeARequestStarts() {
      int[] first = prompt(COMMON, 1);
      int[] second = prompt(COMMON, 2);
      assertThat(planned(first)).isEqualTo(bytes(COMMON + own(1)));
      run.add(first);
      assertThat(planned(second)).isEqualTo(bytes(own(2)));
      long so = run.batch.bytes();
      run.add(second);
      assertThat(run.batch.bytes() - so).isEqualTo(bytes(own(2)));
    }

    private long planned(int[] prompt) {
      return model.generator().bytes(run.request(prompt), run.prompts);
    }

    @Test
    void isAllOfAPromptThatSeveralAsk() {
      int[] prompt = prompt(COMMON, 4);
      for (int i = 0; i < 4; i++) {
        run.add(prompt);
      }
      assertThat(run.batch.bytes()).isEqualTo(bytes(COMMON + 3 + 4 * NEW));
      run.batch.finish();
      run.assertEachAsAlone(FOUR);
      assertThat(run.prompts.prefilledTokens()).isEqualTo(COMMON + 4 + 3);
    }

    @Test
    void isReadOnByOthersWhereItsReaderIsCancelled() {
      int[] reader = prompt(COMMON, 1);
      run.add(reader);
      run.add(prompt(COMMON, 2));
      run.add(prompt(COMMON, 3));
      run.batch.step();
      run.requests.get(0).cancel();
      run.batch.finish();
      Generation cancelled = run.requests.remove(0).request.await();
      assertThat(cancelled.finishReason()).isEqualTo(FinishReason.CANCELLED);
      run.assertEachAsAlone(FOUR);
    }

    /** One that is cancelled before it has read anything leaves the reading to the others. */
    @Test
    void isReadThoughTheFirstIsCancelledAtOnce() {
      run.add(prompt(COMMON, 1));
      run.add(prompt(COMMON, 2));
      run.requests.get(0).cancel();
      run.batch.finish();
      run.requests.remove(0);
      run.assertEachAsAlone(FOUR);
    }

    @Test
    void staysForThoseThatRunWhenTheKeptPromptsAreDropped() {
      run.add(prompt(COMMON, 1));
      run.batch.finish();
      run.add(prompt(COMMON, 2));
      run.prompts.limit(0);
      run.batch.finish();
      run.assertEachAsAlone(FOUR);
      assertThat(run.prompts.bytes()).isZero();
    }

    /** Another prompt may branch off where a beginning that is shared goes on. */
    @Test
    void branchesAgain() {
      int[] deep = TinyDecoder.ids(COMMON + 60);
      for (int end : new int[] {COMMON, COMMON + 40, COMMON + 20, COMMON + 58}) {
        int[] prompt = Arrays.copyOf(deep, end + 2);
        prompt[end] = prompt[end] == 3 ? 4 : 3;
        run.add(prompt);
      }
      run.add(deep);
      run.batch.finish();
      run.assertEachAsAlone(FOUR);
    }

    @Test
    void isNotWhatWasReadWithOtherWeights() {
      run.add(prompt(COMMON, 1));
      run.prompts.clear();
      run.add(prompt(COMMON, 2));
      assertThat(run.batch.bytes()).isEqualTo(bytes(2 * COMMON + own(1) + own(2)));
      run.batch.finish();
      run.assertEachAsAlone(FOUR);
    }

    @Test
    void conversationsThatShareABeginningGoOn() {
      List<int[]> talks = new ArrayList<>(List.of(prompt(COMMON, 1), prompt(COMMON, 2)));
      for (int turn = 0; turn < 3; turn++) {
        talks.forEach(run::add);
        run.batch.finish();
        List<Generation> answers = run.assertEachAsAlone(FOUR);
        run.requests.clear();
        for (int i = 0; i < talks.size(); i++) {
          talks.set(i, joined(talks.get(i), answers.get(i), 5 + i));
        }
      }
      assertThat(run.prompts.prefilledTokens())
          .as("the newest token of an answer and the next question are read")
          .isEqualTo(COMMON + 1 + 2 + 2 * (2 + 2));
    }

    private long bytes(int tokens) {
      return model.decoder().cacheBytes(1, tokens, DType.F32);
    }

    private int own(int more) {
      return more + NEW - 1;
    }
  }

  private static int[] joined(int[] prompt, Generation answer, int question) {
    int[] longer = Arrays.copyOf(prompt, prompt.length + answer.tokenIds().size() + 1);
    for (int i = 0; i < answer.tokenIds().size(); i++) {
      longer[prompt.length + i] = answer.tokenIds().get(i);
    }
    longer[longer.length - 1] = question;
    return longer;
  }

  @Test
  void aPrefixIsNotSharedWhereTheRotationFollowsTheLength() {
    try (TinyDecoder model = TinyDecoder.of("llama_dynamic");
        Run run = new Run(model, 0)) {
      assumeThat(model.decoder().sharesKeys(COMMON + 8)).isFalse();
      run.add(prompt(COMMON, 1));
      run.add(prompt(COMMON, 1));
      assertThat(run.prompts.prefilledTokens()).isEqualTo(2 * (COMMON + 1));
      run.batch.finish();
      run.assertEachAsAlone(FOUR);
    }
  }

  @Test
  void aRequestThatFailsEndsAndTheOthersGoOn() {
    try (TinyDecoder model = TinyDecoder.of("qwen3_window");
        Run run = new Run(model, 0)) {
      run.add(prompt(COMMON, 1));
      Request broken = run.request(prompt(2, 3));
      run.batch.add(broken, run.prompts).cache().close();
      for (int step = 0; step < 100 && !run.batch.isEmpty(); step++) {
        run.batch.step();
      }
      assertThat(broken.isOver()).isTrue();
      assertThatThrownBy(broken::await).isInstanceOf(RuntimeException.class);
      run.assertEachAsAlone(FOUR);
    }
  }

  /** A request and how to cancel it. */
  private static final class Asked {
    private final int[] prompt;
    private final Request request;
    private final CancellationToken cancellation;

    Asked(int[] prompt, Request request, CancellationToken cancellation) {
      this.prompt = prompt;
      this.request = request;
      this.cancellation = cancellation;
    }

    void cancel() {
      cancellation.cancel();
    }
  }

  /** A batch, and what was asked of it. */
  private static final class Run implements AutoCloseable {
    private final TinyDecoder model;
    private final PromptCache prompts;
    private final RequestBatch batch;
    private final List<Asked> requests = new ArrayList<>();

    Run(TinyDecoder model, long kept) {
      this.model = model;
      this.prompts = new PromptCache(model.decoder(), kept);
      this.batch = model.generator().newBatch(model.generator().noAdapters());
    }

    Request request(int[] prompt) {
      return new Request(prompt, FOUR, RequestScheduler.SILENT, new CancellationToken());
    }

    void add(int[] prompt) {
      CancellationToken cancellation = new CancellationToken();
      Request request = new Request(prompt, FOUR, RequestScheduler.SILENT, cancellation);
      batch.add(request, prompts);
      requests.add(new Asked(prompt, request, cancellation));
    }

    List<Generation> assertEachAsAlone(GenerationOptions options) {
      List<Generation> answers = new ArrayList<>();
      for (Asked asked : requests) {
        answers.add(asked.request.await());
        assertThat(answers.get(answers.size() - 1))
            .as("prompt of %d tokens", asked.prompt.length)
            .isEqualTo(model.generate(asked.prompt, options));
      }
      return answers;
    }

    @Override
    public void close() {
      batch.close();
      prompts.close();
    }
  }
}
