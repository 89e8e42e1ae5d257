package io.adapt4j.serve.internal.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers are computed beside the threads that write them, and end when nobody waits. */
@Timeout(30)
class AnswerPoolTest {

  private static final long LONG = 20_000;

  @AutoClose
  private final AnswerPool pool = new AnswerPool(new Limits(1, 1, 2, Duration.ofMinutes(1)));

  private final CountDownLatch begun = new CountDownLatch(1);

  /** Runs until it is cancelled. */
  private final AnswerPool.Job<String> untilCancelled =
      (onText, cancellation) -> {
        begun.countDown();
        while (!cancellation.isCancelled()) {
          Thread.onSpinWait();
        }
        return "cancelled";
      };

  private static String end(AnswerPool.Running<String> running) throws InterruptedException {
    return Objects.requireNonNull(Objects.requireNonNull(running.next(LONG)).answer());
  }

  @Test
  void tellsPiecesAndThenTheEnd() throws InterruptedException {
    AnswerPool.Job<String> job =
        (onText, cancellation) -> {
          onText.accept("a");
          onText.accept("b");
          return "ab";
        };
    try (AnswerPool.Running<String> running = pool.start("", List.of(job), true)) {
      List<String> pieces = new ArrayList<>();
      while (running.isOpen()) {
        AnswerPool.Event<String> event = Objects.requireNonNull(running.next(LONG));
        assertThat(event.choice()).isZero();
        pieces.add(
            event.isEnd() ? "end " + event.answer() : Objects.requireNonNull(event.piece()).text());
      }
      assertThat(pieces).containsExactly("a", "b", "end ab");
    }
  }

  @Test
  void tellsOfNoPiecesWhereNoneAreWanted() throws InterruptedException {
    AnswerPool.Job<String> job =
        (onText, cancellation) -> {
          onText.accept("a");
          return "a";
        };
    try (AnswerPool.Running<String> running = pool.start("", List.of(job), false)) {
      assertThat(end(running)).isEqualTo("a");
      assertThat(running.isOpen()).isFalse();
    }
  }

  @Test
  void tellsOfAFailure() throws InterruptedException {
    AnswerPool.Job<String> job =
        (onText, cancellation) -> {
          throw new IllegalStateException("broken");
        };
    try (AnswerPool.Running<String> running = pool.start("", List.of(job), true)) {
      AnswerPool.Event<String> event = Objects.requireNonNull(running.next(LONG));
      assertThat(event.isEnd()).isTrue();
      assertThat(event.failure()).hasMessage("broken");
    }
    assertThat(pool.running()).isZero();
  }

  @Test
  void nothingHappensForAWhile() throws InterruptedException {
    try (AnswerPool.Running<String> running = pool.start("", List.of(untilCancelled), true)) {
      assertThat(running.next(10)).isNull();
      assertThat(running.isOpen()).isTrue();
    }
  }

  @Test
  void aRequestWhoseClientLeftIsCancelledAndForgotten() throws InterruptedException {
    AnswerPool.Running<String> running = pool.start("", List.of(untilCancelled), true);
    assertThat(begun.await(LONG, TimeUnit.MILLISECONDS)).isTrue();
    assertThat(pool.open()).isOne();
    assertThat(pool.running()).isOne();
    running.close();
    assertThat(pool.open()).isZero();
    assertThat(end(running)).isEqualTo("cancelled");
    assertThat(pool.running()).isZero();
  }

  @Test
  void answersInTimeLeaveNothingBehind() throws InterruptedException {
    for (int i = 0; i < 50; i++) {
      try (AnswerPool.Running<String> running =
          pool.start("", List.of((onText, cancellation) -> "done"), true)) {
        assertThat(end(running)).isEqualTo("done");
      }
    }
    assertThat(pool.open()).isZero();
    assertThat(pool.running()).isZero();
  }

  @Test
  void allAreCancelledWhenTheServerCloses() throws InterruptedException {
    try (AnswerPool.Running<String> running = pool.start("", List.of(untilCancelled), true)) {
      assertThat(pool.isClosing()).isFalse();
      pool.cancelAll();
      assertThat(end(running)).isEqualTo("cancelled");
      assertThat(pool.isClosing()).isTrue();
    }
  }

  @Test
  void whatBeginsWhileTheServerClosesIsCancelledAtOnce() throws InterruptedException {
    pool.cancelAll();
    try (AnswerPool.Running<String> running = pool.start("", List.of(untilCancelled), true)) {
      assertThat(end(running)).isEqualTo("cancelled");
      assertThat(pool.open()).isZero();
    }
  }

  @Test
  void whatBeginsAfterTheEndFails() throws InterruptedException {
    pool.close();
    try (AnswerPool.Running<String> running = pool.start("", List.of(untilCancelled), true)) {
      AnswerPool.Event<String> event = Objects.requireNonNull(running.next(LONG));
      assertThat(event.failure()).isInstanceOf(RejectedExecutionException.class);
      assertThat(pool.running()).isZero();
    }
  }

  @Test
  void asManyAsMayAreComputedAndNoMore() throws InterruptedException {
    try (AnswerPool.Running<String> two =
        pool.start("", List.of(untilCancelled, untilCancelled), true)) {
      assertThat(pool.running()).isEqualTo(2);
      assertThatExceptionOfType(Fault.class)
          .isThrownBy(() -> pool.start("", List.of(untilCancelled), true))
          .satisfies(e -> assertThat(e.status()).isEqualTo(429));
      two.cancel();
      end(two);
      end(two);
    }
    assertThat(pool.running()).isZero();
    assertThatExceptionOfType(Fault.class)
        .isThrownBy(() -> pool.requireFew(3))
        .withMessageContaining("asks for 3 answers")
        .satisfies(e -> assertThat(e.status()).isEqualTo(400));
    pool.requireFew(2);
  }
}
