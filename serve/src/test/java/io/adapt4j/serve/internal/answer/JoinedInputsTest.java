package io.adapt4j.serve.internal.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.generate.CancellationToken;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that wait at the same time are computed together. */
@Timeout(60)
class JoinedInputsTest {

  private final List<List<String>> batches = Collections.synchronizedList(new ArrayList<>());
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private final JoinedInputs<String, float[]> joined = new JoinedInputs<>(this::lengths);

  /** The length of a text is its vector; the first batch waits. */
  private List<float[]> lengths(List<String> texts) {
    batches.add(List.copyOf(texts));
    begun.countDown();
    try {
      released.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (texts.contains("bad")) {
      throw new IllegalArgumentException("bad");
    }
    return texts.stream().map(text -> new float[] {text.length()}).toList();
  }

  private CompletableFuture<List<float[]>> ask(CancellationToken cancellation, String... texts)
      throws InterruptedException {
    CompletableFuture<List<float[]>> vectors = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                vectors.complete(joined.compute(List.of(texts), cancellation));
              } catch (RuntimeException e) {
                vectors.completeExceptionally(e);
              }
            });
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    return vectors;
  }

  private CompletableFuture<List<float[]>> ask(String... texts) throws InterruptedException {
    return ask(new CancellationToken(), texts);
  }

  @Test
  void whatWaitsIsOneBatchAndEachGetsItsOwn() throws Exception {
    CompletableFuture<List<float[]>> first = ask("a");
    begun.await();
    CompletableFuture<List<float[]>> second = ask("bb", "ccc");
    CompletableFuture<List<float[]>> third = ask("dddd");
    released.countDown();
    assertThat(first.join()).containsExactly(new float[] {1});
    assertThat(second.join()).containsExactly(new float[] {2}, new float[] {3});
    assertThat(third.join()).containsExactly(new float[] {4});
    assertThat(batches).containsExactly(List.of("a"), List.of("bb", "ccc", "dddd"));
  }

  @Test
  void aRequestWithManyTextsLetsOthersBetween() throws Exception {
    String[] many = IntStream.range(0, 600).mapToObj(i -> "x".repeat(i)).toArray(String[]::new);
    CompletableFuture<List<float[]>> large = ask(many);
    begun.await();
    CompletableFuture<List<float[]>> small = ask("small");
    released.countDown();
    assertThat(small.join()).containsExactly(new float[] {5});
    List<float[]> vectors = large.join();
    assertThat(vectors).hasSize(600);
    assertThat(IntStream.range(0, 600)).allMatch(i -> vectors.get(i)[0] == i);
    assertThat(batches.get(1)).hasSize(256).startsWith("small");
    assertThat(batches).hasSize(3);
  }

  @Test
  void aFailureIsThatOfItsRequestAlone() throws Exception {
    CompletableFuture<List<float[]>> first = ask("a");
    begun.await();
    CompletableFuture<List<float[]>> bad = ask("bad");
    CompletableFuture<List<float[]>> good = ask("good");
    released.countDown();
    assertThat(first.join()).hasSize(1);
    assertThat(good.join()).containsExactly(new float[] {4});
    assertThatThrownBy(bad::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatNobodyWaitsForIsNotComputed() throws Exception {
    CompletableFuture<List<float[]>> first = ask("a");
    begun.await();
    CancellationToken cancellation = new CancellationToken();
    CompletableFuture<List<float[]>> left = ask(cancellation, "left");
    cancellation.cancel();
    released.countDown();
    assertThat(first.join()).hasSize(1);
    assertThatThrownBy(left::join).isInstanceOf(CancellationException.class);
    assertThat(batches).containsExactly(List.of("a"));
  }
}
