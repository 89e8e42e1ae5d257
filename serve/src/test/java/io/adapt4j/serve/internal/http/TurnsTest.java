package io.adapt4j.serve.internal.http;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What takes long before an answer is done in turns. */
@Timeout(30)
class TurnsTest {

  private final Turns turns = new Turns(1);

  @Test
  void theNextBeginsWhenOneIsOver() throws Exception {
    Turns.Turn first = turns.take(() -> false);
    CompletableFuture<Turns.Turn> second =
        CompletableFuture.supplyAsync(() -> turns.take(() -> false));
    Thread.sleep(60);
    assertThat(second).isNotDone();
    first.close();
    second.get(20, TimeUnit.SECONDS).close();
  }

  @Test
  void endingTwiceLetsNoTwoIn() {
    Turns.Turn first = turns.take(() -> false);
    first.close();
    first.close();
    try (Turns.Turn second = turns.take(() -> false)) {
      AtomicBoolean waited = new AtomicBoolean();
      refuses(CancellationException.class, () -> turns.take(() -> waited.getAndSet(true)));
    }
  }

  @Test
  void whoeverIsCancelledDoesNotWait() {
    try (Turns.Turn first = turns.take(() -> false)) {
      refuses(CancellationException.class, () -> turns.take(() -> true));
    }
    assertThatExceptionOfType(CancellationException.class).isThrownBy(() -> turns.take(() -> true));
  }

  @Test
  void anInterruptEndsTheWaitAndStays() {
    try (Turns.Turn first = turns.take(() -> false)) {
      Thread.currentThread().interrupt();
      refuses(CancellationException.class, () -> turns.take(() -> false));
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void theProcessKeepsProcessorsForAnswers() throws Exception {
    int processors = Runtime.getRuntime().availableProcessors();
    try (Turns.Turn first = Turns.OF_PROCESS.take(() -> false)) {
      AtomicBoolean waited = new AtomicBoolean();
      if (processors < 4) {
        assertThatExceptionOfType(CancellationException.class)
            .isThrownBy(() -> Turns.OF_PROCESS.take(() -> waited.getAndSet(true)));
      }
    }
  }

  @Test
  void whileAnswersAreInProgressATurnIsFollowedByAPauseTwiceAsLong() throws Exception {
    Turns.Turn first = turns.take(() -> false);
    try (Turns.Answer answer = turns.answering()) {
      Thread.sleep(200);
      first.close();
    }
    long closed = System.nanoTime();
    turns.take(() -> false).close();
    assertThat(System.nanoTime() - closed).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(350));
    long free = System.nanoTime();
    turns.take(() -> false).close();
    assertThat(System.nanoTime() - free).isLessThan(TimeUnit.MILLISECONDS.toNanos(250));
  }

  @Test
  void workBeforeATurnIsPaidForByItsPause() {
    Turns.Turn first = turns.take(() -> false, TimeUnit.MILLISECONDS.toNanos(150));
    try (Turns.Answer answer = turns.answering()) {
      first.close();
    }
    long closed = System.nanoTime();
    turns.take(() -> false).close();
    assertThat(System.nanoTime() - closed).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(250));
  }
}
