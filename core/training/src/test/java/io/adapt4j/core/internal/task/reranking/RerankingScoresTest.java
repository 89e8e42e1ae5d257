package io.adapt4j.core.internal.task.reranking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Collections;
import org.junit.jupiter.api.Test;

/** Accuracy of answers, and ranks among the documents of each query, counted by hand. */
class RerankingScoresTest {

  @Test
  void theRankIsThatOfTheBestRelevantDocumentAndEqualScoresCountAgainstIt() {
    RerankingScores scores = new RerankingScores();
    // Query 1: the better of two relevant documents is second. Query 2: a draw, so second of two.
    scores.add(
        batch(new float[] {1, 0, 1, 1, 0}, 1, 1, 1, 2, 2), new float[] {-2, 3, 1, 0.5f, 0.5f});
    // Query 3 has nothing relevant; query 1 goes on in another batch with a worse document.
    scores.add(batch(new float[] {0, 0.2f, 0}, 3, 3, 1), new float[] {-1, 4, -3});
    assertThat(scores.metrics())
        .containsExactly(entry("accuracy", 4 / 8.0), entry("mrr", (0.5 + 0.5) / 2));
  }

  private static RerankingBatch batch(float[] values, int... queries) {
    int rows = values.length;
    return new RerankingBatch(
        new TextBatch(
            Batch.padded(Collections.nCopies(rows, new int[1]), 0),
            /* ofTokens= */ false,
            values,
            new float[rows]),
        queries);
  }
}
