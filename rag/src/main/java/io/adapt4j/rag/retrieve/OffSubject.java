package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.internal.embed.Vectors;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds below which similarity a question is off the subject of an index, whatever the scale of the
 * embeddings: neutral questions are asked, of which most have no answer there.
 */
final class OffSubject {

  private static final Logger LOG = LoggerFactory.getLogger(OffSubject.class);

  /**
   * How many of the neutral questions are below the bound; the others may be on the subject. At
   * 0.85 MiniLM refuses 0 to 1.6 % of the questions that SQuAD, CACM and Cranfield answer.
   */
  private static final double QUANTILE = 0.85;

  /**
   * How far the bound may be above the cosines between questions and passages of other subjects, in
   * standard deviations. It matters where an index answers most of the neutral questions.
   */
  private static final double DEVIATIONS = 4.5;

  /** By how much the number of chunks may change before the bound is found again. */
  private static final double GROWTH = 1.25;

  /** Counting chunks may take this share of the time. */
  private static final int REST_PER_COUNT = 100;

  private final SearchIndex index;
  private final TextEmbeddings embeddings;
  private @Nullable List<float[]> questions;
  private OptionalDouble bound = OptionalDouble.empty();
  private long chunks = -1;
  private long countAgain = Long.MIN_VALUE;

  OffSubject(SearchIndex index, TextEmbeddings embeddings) {
    this.index = index;
    this.embeddings = embeddings;
  }

  /** The least cosine of a question on the subject; empty if none can be told. */
  synchronized OptionalDouble bound() {
    long now = System.nanoTime();
    if (chunks >= 0 && now - countAgain < 0) {
      return bound;
    }
    long count = index.chunkCount();
    countAgain = System.nanoTime() + REST_PER_COUNT * (System.nanoTime() - now);
    if (chunks < 0 || count > chunks * GROWTH || count * GROWTH < chunks) {
      bound = found();
      chunks = count;
    }
    return bound;
  }

  private OptionalDouble found() {
    try {
      List<float[]> asked = questions;
      if (asked == null) {
        asked = embeddings.queries(NeutralQuestions.all());
        questions = asked;
      }
      OptionalDouble found = found(BestCosines.of(index, asked), asked);
      LOG.debug("Questions below a similarity of {} are off the subject", found);
      return found;
    } catch (RuntimeException e) {
      LOG.warn("No question is refused as off the subject, since the bound could not be found", e);
      return OptionalDouble.empty();
    }
  }

  private OptionalDouble found(BestCosines best, List<float[]> asked) {
    if (best.cosines().size() < asked.size()) {
      return OptionalDouble.empty();
    }
    List<Double> sorted = best.cosines().stream().sorted().toList();
    double quantile = sorted.get((int) (QUANTILE * (sorted.size() - 1)));
    return OptionalDouble.of(Math.min(quantile, noise(best.chunks(), asked)));
  }

  /**
   * The mean and some deviations of the cosines to passages that other questions are nearest to.
   */
  private double noise(List<Chunk> nearest, List<float[]> asked) {
    Map<String, float[]> vectors = index.vectors(nearest);
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (int i = 0; i < nearest.size(); i++) {
      for (Chunk chunk : nearest) {
        float[] vector = vectors.get(chunk.id());
        if (vector != null && !chunk.id().equals(nearest.get(i).id())) {
          double cosine = Vectors.product(asked.get(i), vector);
          sum += cosine;
          squares += cosine * cosine;
          count++;
        }
      }
    }
    if (count == 0) {
      return Double.POSITIVE_INFINITY;
    }
    double mean = sum / count;
    return mean + DEVIATIONS * Math.sqrt(Math.max(0, squares / count - mean * mean));
  }
}
