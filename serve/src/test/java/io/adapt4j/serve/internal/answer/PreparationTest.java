package io.adapt4j.serve.internal.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.PromptTooLongException;
import io.adapt4j.core.internal.load.UnknownAdapterException;
import io.adapt4j.serve.FakeExchange;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What comes before an answer is bounded in time, and says in the status what is wrong. */
@Timeout(60)
class PreparationTest {

  private static final String MESSAGES = "messages";

  @AutoClose private AnswerPool pool;
  private final FakeExchange exchange = FakeExchange.post("/v1/chat/completions", "{}");
  private final AtomicReference<CancellationToken> given = new AtomicReference<>();
  private final CountDownLatch ended = new CountDownLatch(1);

  private String prepare(Duration time, boolean streams, AnswerPool.Job<String> job)
      throws IOException {
    pool = new AnswerPool(new Limits(1, 1, 1, time));
    Call call = new Call(exchange, false);
    return pool.prepare(call, streams, job, MESSAGES);
  }

  private String untilCancelled(CancellationToken cancellation) {
    given.set(cancellation);
    while (!cancellation.isCancelled()) {
      Thread.onSpinWait();
    }
    ended.countDown();
    return "cancelled";
  }

  @Test
  void aQuickOneIsThereAtOnceAndWritesNothing() throws IOException {
    assertThat(prepare(Duration.ofMinutes(1), false, (onText, cancellation) -> "ready"))
        .isEqualTo("ready");
    assertThat(exchange.getResponseCode()).isEqualTo(-1);
    assertThat(pool.open()).isZero();
    assertThat(pool.running()).isZero();
  }

  @Test
  void oneThatTakesTooLongIsCancelledAndRefused() throws InterruptedException {
    assertThatExceptionOfType(Fault.class)
        .isThrownBy(
            () ->
                prepare(
                    Duration.ofMillis(1),
                    false,
                    (onText, cancellation) -> untilCancelled(cancellation)))
        .satisfies(e -> assertThat(e.status()).isEqualTo(503));
    assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(exchange.getResponseCode()).isEqualTo(-1);
  }

  @Test
  void oneIsRefusedWhenTheServerCloses() {
    assertThatExceptionOfType(Fault.class)
        .isThrownBy(
            () ->
                prepare(
                    Duration.ofMinutes(1),
                    false,
                    (onText, cancellation) -> {
                      pool.cancelAll();
                      return untilCancelled(cancellation);
                    }))
        .satisfies(e -> assertThat(e.json().toString()).contains("shutting_down"));
  }

  @Test
  void whatIsWrongIsToldWithTheParameter() {
    assertThatExceptionOfType(Fault.class)
        .isThrownBy(
            () ->
                prepare(
                    Duration.ofMinutes(1),
                    false,
                    (onText, cancellation) -> {
                      throw new PromptTooLongException("too long", 9, 8);
                    }))
        .withMessageContaining("the messages resulted in 9 tokens")
        .satisfies(e -> assertThat(e.json().toString()).contains("context_length_exceeded"));
  }

  @Test
  void anAdapterThatWentIsNotFound() {
    assertThatExceptionOfType(Fault.class)
        .isThrownBy(
            () ->
                prepare(
                    Duration.ofMinutes(1),
                    false,
                    (onText, cancellation) -> {
                      throw new UnknownAdapterException("formal", "gone");
                    }))
        .withMessageContaining("'formal' does not exist")
        .satisfies(
            e -> {
              assertThat(e.status()).isEqualTo(404);
              assertThat(e.json().toString()).contains("model_not_found");
            });
  }

  @Test
  void aSlowOneLearnsWhetherTheClientIsThere() throws IOException {
    long begin = System.nanoTime();
    AnswerPool.Job<String> slow =
        (onText, cancellation) -> {
          while (System.nanoTime() - begin < 4_500_000_000L) {
            Thread.onSpinWait();
          }
          return "ready";
        };
    assertThat(prepare(Duration.ofMinutes(1), true, slow)).isEqualTo("ready");
    assertThat(exchange.getResponseCode()).isEqualTo(200);
    assertThat(exchange.answer()).matches("(:\n\n)+");
  }
}
