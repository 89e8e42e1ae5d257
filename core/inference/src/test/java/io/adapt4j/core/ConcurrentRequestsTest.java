package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.TooManyRequestsException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.score.TokenScores;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One model asked by several threads at the same time, with the trained stories260K model. */
@Timeout(120)
class ConcurrentRequestsTest {

  private static final String LILY = "Once upon a time, there was a little girl named Lily.";

  /** So many that a request which is not held still runs when others come and go. */
  private static final int MANY = 120;

  private static final GenerationOptions LONG =
      GenerationOptions.greedy().toBuilder().maxNewTokens(MANY).ignoreEos(true).build();
  private static final long MEMORY = 1L << 30;

  @AutoClose("shutdownNow")
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** What a request asks for, of every kind. */
  private static List<Ask> asks() {
    GenerationOptions greedy = GenerationOptions.greedy().toBuilder().maxNewTokens(40).build();
    List<Ask> asks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      String prompt = LILY + " She saw a cat.".repeat(i);
      asks.add(new Ask(prompt, greedy.toBuilder().maxNewTokens(5 + 20 * i).build()));
      asks.add(
          new Ask(
              prompt,
              GenerationOptions.builder().maxNewTokens(60).temperature(0.9).seed(i).build()));
      asks.add(
          new Ask(
              prompt,
              GenerationOptions.builder()
                  .maxNewTokens(60)
                  .topK(20)
                  .minP(0.02)
                  .repetitionPenalty(1.2)
                  .seed(7)
                  .build()));
      asks.add(
          new Ask(
              prompt,
              GenerationOptions.builder()
                  .maxNewTokens(60)
                  .frequencyPenalty(0.5)
                  .presencePenalty(0.2)
                  .seed(i)
                  .build()));
      asks.add(new Ask(prompt, greedy.toBuilder().stopStrings(" was").build()));
      asks.add(new Ask(prompt, greedy.toBuilder().promptLookupTokens(4).build()));
    }
    asks.add(new Ask((LILY + " She had a red ball.").repeat(16), greedy));
    asks.add(new Ask((LILY + " She had a big dog.").repeat(16), greedy));
    return asks;
  }

  private record Ask(String prompt, GenerationOptions options) {}

  @Test
  void eachThreadGetsWhatItGetsAlone() throws Exception {
    try (LanguageModel model = TestModels.stories()) {
      List<Generation> alone =
          asks().stream().map(ask -> model.generate(ask.prompt(), ask.options(), t -> {})).toList();
      List<Future<Generation>> together = new ArrayList<>();
      for (Ask ask : asks()) {
        together.add(threads.submit(() -> streamed(model, ask)));
      }
      for (int i = 0; i < together.size(); i++) {
        assertThat(together.get(i).get()).as("request %d", i).isEqualTo(alone.get(i));
      }
    }
  }

  private static Generation streamed(LanguageModel model, Ask ask) {
    StringBuilder text = new StringBuilder();
    Thread caller = Thread.currentThread();
    Generation found =
        model.generate(
            ask.prompt(),
            ask.options(),
            piece -> {
              assertThat(Thread.currentThread()).isSameAs(caller);
              text.append(piece);
            });
    assertThat(text).hasToString(found.text());
    return found;
  }

  @Test
  void aSlowListenerHoldsNobodyUp() throws Exception {
    try (LanguageModel model = TestModels.stories()) {
      CountDownLatch others = new CountDownLatch(1);
      Running first = running(model);
      Future<Generation> slow =
          threads.submit(() -> model.generate(LILY, LONG, piece -> awaitUnchecked(others)));
      assertThat(threads.submit(() -> model.generate(LILY, shortly())).get()).isNotEmpty();
      others.countDown();
      first.release();
      assertThat(slow.get().tokenIds()).hasSize(MANY);
      assertThat(first.result().tokenIds()).hasSize(MANY);
    }
  }

  @Test
  void aListenerThatThrowsEndsItsOwnRequestAlone() throws Exception {
    try (LanguageModel model = TestModels.stories()) {
      Generation alone = model.generate(LILY, LONG, piece -> {});
      long live = Tensor.live();
      Running first = running(model);
      Future<Generation> failing =
          threads.submit(
              () ->
                  model.generate(
                      LILY,
                      LONG,
                      piece -> {
                        throw new IllegalCallerException("stop");
                      }));
      first.release();
      assertThatThrownBy(failing::get).hasCauseInstanceOf(IllegalCallerException.class);
      assertThat(first.result()).isEqualTo(alone);
      assertThat(model.generate(LILY, LONG, piece -> {})).isEqualTo(alone);
      assertThat(Tensor.live()).isEqualTo(live);
    }
  }

  @Test
  void aCancelledRequestEndsWhileOthersGoOn() throws Exception {
    try (LanguageModel model = TestModels.stories()) {
      CancellationToken cancellation = new CancellationToken();
      AtomicInteger pieces = new AtomicInteger();
      Running first = running(model);
      Future<Generation> cancelled =
          threads.submit(
              () ->
                  model.generate(
                      LILY,
                      LONG,
                      piece -> {
                        if (pieces.incrementAndGet() == 3) {
                          cancellation.cancel();
                        }
                      },
                      cancellation));
      first.release();
      assertThat(cancelled.get().finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(cancelled.get().tokenIds()).hasSizeBetween(3, MANY - 1);
      assertThat(first.result().finishReason()).isEqualTo(FinishReason.LENGTH);
    }
  }

  @Test
  void moreRequestsThanMayWaitAreRefused() throws Exception {
    try (LanguageModel model = TestModels.stories()) {
      model.limitRequests(1, 1, MEMORY);
      Running first = running(model);
      Future<String> second = threads.submit(() -> untilTaken(model));
      try {
        while (!isRefused(model)) {
          // The second does not wait yet.
          Thread.sleep(1);
        }
      } finally {
        first.release();
      }
      assertThat(second.get()).isNotEmpty();
      assertThat(first.result().tokenIds()).hasSize(MANY);
    }
  }

  /** Asks again where another request has taken the only place to wait. */
  private static String untilTaken(LanguageModel model) {
    while (true) {
      try {
        return model.generate(LILY, shortly());
      } catch (TooManyRequestsException e) {
        Thread.onSpinWait();
      }
    }
  }

  private static boolean isRefused(LanguageModel model) {
    CancellationToken cancellation = new CancellationToken();
    Thread canceller =
        new Thread(
            () -> {
              sleep(100);
              cancellation.cancel();
            });
    canceller.start();
    try {
      model.generate(LILY, shortly(), piece -> {}, cancellation);
      return false;
    } catch (TooManyRequestsException e) {
      assertThat(e).hasMessageContaining("limitRequests");
      return true;
    }
  }

  @Test
  void limitsOutOfRangeAreRefused() {
    try (LanguageModel model = TestModels.stories()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.limitRequests(33, 0, MEMORY))
          .withMessage("running: expected 1 to 32, found 33");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.limitRequests(1, -1, MEMORY))
          .withMessageContaining("waiting: expected 0");
    }
  }

  @Test
  void requestsBeyondTheMemoryOrTheirNumberTakeTurns() throws Exception {
    for (long bytes : new long[] {0, MEMORY}) {
      try (LanguageModel model = TestModels.stories()) {
        model.limitRequests(2, 100, bytes);
        Generation alone = model.generate(LILY, LONG, piece -> {});
        List<Future<Generation>> together =
            IntStream.range(0, 6)
                .mapToObj(i -> threads.submit(() -> model.generate(LILY, LONG, piece -> {})))
                .toList();
        for (Future<Generation> found : together) {
          assertThat(found.get()).isEqualTo(alone);
        }
      }
    }
  }

  @Test
  void scoresAreComputedBetweenSteps() throws Exception {
    try (LanguageModel model = TestModels.stories()) {
      TokenScores alone = model.score(LILY, " She");
      List<Future<Generation>> running =
          IntStream.range(0, 3)
              .mapToObj(i -> threads.submit(() -> model.generate(LILY, LONG, piece -> {})))
              .toList();
      for (int i = 0; i < 5; i++) {
        assertThat(model.score(LILY, " She")).isEqualTo(alone);
      }
      for (Future<Generation> found : running) {
        assertThat(found.get().tokenIds()).hasSize(MANY);
      }
    }
  }

  @Test
  void closingWaitsForWhatRunsAndRefusesWhatWaits() throws Exception {
    LanguageModel model = TestModels.stories();
    model.limitRequests(1, 10, MEMORY);
    Running first = running(model);
    Future<String> waiting = threads.submit(() -> model.generate(LILY, shortly()));
    Future<?> closing = threads.submit(model::close);
    assertThatThrownBy(waiting::get)
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThat(closing.isDone()).isFalse();
    first.release();
    closing.get();
    assertThat(first.result().tokenIds()).hasSize(MANY);
    assertThatIllegalStateException().isThrownBy(() -> model.generate(LILY, shortly()));
  }

  @Test
  void aListenerCannotCloseTheModelWhoeverComputes() throws Exception {
    try (LanguageModel model = TestModels.stories()) {
      Running first = running(model);
      Future<Generation> second =
          threads.submit(() -> model.generate(LILY, shortly(), piece -> model.close()));
      first.release();
      assertThatThrownBy(second::get).hasMessageContaining("own callback");
      assertThat(first.result().tokenIds()).hasSize(MANY);
    }
  }

  /** A listener may use the model; what runs meanwhile is not changed by it. */
  @Test
  void aListenerCanAskTheModel() throws Exception {
    try (LanguageModel model = TestModels.stories()) {
      String alone = model.generate(LILY, shortly());
      TokenScores score = model.score(LILY, " She");
      Running first = running(model);
      Future<Generation> second =
          threads.submit(
              () ->
                  model.generate(
                      LILY,
                      shortly(),
                      piece -> {
                        assertThat(model.generate(LILY, shortly())).isEqualTo(alone);
                        assertThat(model.score(LILY, " She")).isEqualTo(score);
                      }));
      first.release();
      assertThat(second.get().text()).isEqualTo(alone);
    }
  }

  private static GenerationOptions shortly() {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(8).build();
  }

  /** Starts a long request that is held after its first piece. */
  private Running running(LanguageModel model) throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    Consumer<String> hold =
        piece -> {
          begun.countDown();
          awaitUnchecked(released);
        };
    Callable<Generation> request = () -> model.generate(LILY, LONG, hold);
    Future<Generation> result = threads.submit(request);
    assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
    return new Running(released, result);
  }

  private record Running(CountDownLatch released, Future<Generation> answer) {
    void release() {
      released.countDown();
    }

    Generation result() throws InterruptedException, ExecutionException {
      return answer.get();
    }
  }

  private static void awaitUnchecked(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new CompletionException(e);
    }
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
