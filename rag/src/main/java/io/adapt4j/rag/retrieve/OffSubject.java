package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.retrieve.SubjectCalibration.Asked;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calibrates {@link SubjectScore} on an index and keeps the result until the index has changed
 * much.
 */
final class OffSubject {

  private static final Logger LOG = LoggerFactory.getLogger(OffSubject.class);

  /** Factor by which the number of chunks may change before recalibration. */
  private static final double GROWTH = 1.25;

  /** Minimum ratio of other time to the time for counting chunks. */
  private static final int REST_PER_COUNT = 100;

  private final SearchIndex index;
  private final TextEmbeddings embeddings;
  private final RetrievalOptions options;
  private @Nullable List<float[]> vectors;
  private Optional<SubjectScore> score = Optional.empty();
  private long chunks = -1;
  private long countAgain = Long.MIN_VALUE;

  OffSubject(SearchIndex index, TextEmbeddings embeddings, RetrievalOptions options) {
    this.index = index;
    this.embeddings = embeddings;
    this.options = options;
  }

  /** Returns the calibrated score; empty if the index does not allow one. */
  synchronized Optional<SubjectScore> score() {
    long now = System.nanoTime();
    if (chunks >= 0 && now - countAgain < 0) {
      return score;
    }
    long count = index.chunkCount();
    countAgain = System.nanoTime() + REST_PER_COUNT * (System.nanoTime() - now);
    if (chunks < 0 || count > chunks * GROWTH || count * GROWTH < chunks) {
      score = calibrated();
      chunks = count;
    }
    return score;
  }

  private Optional<SubjectScore> calibrated() {
    try {
      List<Asked> neutral = neutral();
      if (neutral.isEmpty()) {
        return Optional.empty();
      }
      Map<String, Chunk> nearest = new LinkedHashMap<>();
      neutral.forEach(asked -> nearest.put(asked.nearest().id(), asked.nearest()));
      List<Chunk> chunks = List.copyOf(nearest.values());
      SubjectScore found = SubjectCalibration.of(neutral, chunks, index.vectors(chunks));
      LOG.debug("Questions whose best score is below {} are off the subject", found.bound());
      return Optional.of(found);
    } catch (RuntimeException e) {
      LOG.warn("No question is refused as off the subject, since the bound could not be found", e);
      return Optional.empty();
    }
  }

  /**
   * Returns the neutral questions; none unless the index finds passages with vectors for all of
   * them.
   */
  private List<Asked> neutral() {
    List<String> questions = NeutralQuestions.all();
    List<float[]> asked = vectors;
    if (asked == null) {
      asked = embeddings.queries(questions);
      vectors = asked;
    }
    List<Asked> neutral = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      String question = questions.get(i);
      float[] vector = asked.get(i);
      Similarities similarities = new Similarities(index, embeddings, question, vector);
      List<Hit> hits = index.search(query(question, vector));
      Optional<Hit> nearest = similarities.nearest(hits);
      if (nearest.isEmpty()) {
        return List.of();
      }
      neutral.add(new Asked(question, hits, similarities, nearest.get().chunk()));
    }
    return neutral;
  }

  private SearchQuery query(String question, float[] vector) {
    String words = options.searchBy() == SearchBy.VECTOR ? "" : question;
    return new SearchQuery(
        words, Optional.of(vector), options.candidates(), Optional.empty(), options.fusion());
  }
}
