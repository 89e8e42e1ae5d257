package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pairs of concurrent queries are scored in one batch. */
@Timeout(60)
class PairScorerTest {

  private final List<List<String>> batches = Collections.synchronizedList(new ArrayList<>());
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  /** Scores a document 1 if it has the query; the first batch waits. */
  private List<Double> scores(List<String> queries, List<String> documents) {
    List<Double> scores = new ArrayList<>();
    List<String> batch = new ArrayList<>();
    for (int i = 0; i < queries.size(); i++) {
      batch.add(queries.get(i) + ":" + documents.get(i));
      scores.add(documents.get(i).contains(queries.get(i)) ? 1.0 : 0.0);
    }
    batches.add(batch);
    begun.countDown();
    try {
      released.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return scores;
  }

  private static CompletableFuture<double[]> ask(
      PairScorer scorer, String query, String... documents) throws InterruptedException {
    CompletableFuture<double[]> scores = new CompletableFuture<>();
    Thread thread = new Thread(() -> scores.complete(scorer.scores(query, List.of(documents))));
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    return scores;
  }

  @Test
  void queriesThatWaitAreScoredTogether() throws Exception {
    PairScorer scorer = new PairScorer(this::scores);
    CompletableFuture<double[]> first = ask(scorer, "owl", "an owl");
    begun.await();
    CompletableFuture<double[]> second = ask(scorer, "cat", "a cat", "a dog");
    CompletableFuture<double[]> third = ask(scorer, "dog", "a cat", "a dog");
    released.countDown();
    assertThat(first.get()).containsExactly(1);
    assertThat(second.get()).containsExactly(1, 0);
    assertThat(third.get()).containsExactly(0, 1);
    assertThat(batches)
        .containsExactly(
            List.of("owl:an owl"), List.of("cat:a cat", "cat:a dog", "dog:a cat", "dog:a dog"));
  }
}
