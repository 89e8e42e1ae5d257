package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.internal.embed.Vectors;
import io.adapt4j.rag.spi.Hit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Calibration of a {@link SubjectScore} on an index by neutral questions, most of which it does not
 * answer: the word weight is fitted to the scale of the embeddings, the bound to the documents.
 */
final class SubjectCalibration {

  /**
   * The word weight in standard deviations of the cosines of unrelated texts. From 6 to 8 the error
   * rates on SQuAD, CACM and Cranfield hardly differ.
   */
  private static final double WORD_DEVIATIONS = 7;

  /**
   * The bound is the mean of the neutral questions' scores between two quantiles, which varies less
   * than a single quantile. Questions above may be on the subject.
   */
  private static final double LOW_QUANTILE = 0.78;

  private static final double HIGH_QUANTILE = 0.9;

  /**
   * Maximum distance of the bound above the scores of unrelated question-passage pairs, in standard
   * deviations. It matters if an index answers most of the neutral questions.
   */
  private static final double BOUND_DEVIATIONS = 5;

  /** A neutral question with the index's hits. */
  record Asked(String question, List<Hit> hits, Similarities found, Chunk nearest) {}

  /** A question paired with a passage that answers another. */
  private record Unrelated(double cosine, double sharedWords) {}

  private SubjectCalibration() {}

  /** Calibrates, given the vectors of the nearest passages by their ids. */
  static SubjectScore of(
      List<Asked> neutral, Collection<Chunk> nearest, Map<String, float[]> vectors) {
    WordOverlap words = new WordOverlap(nearest.stream().map(Chunk::searchText).toList());
    List<Unrelated> unrelated = unrelated(neutral, nearest, vectors, words);
    double[] cosines = unrelated.stream().mapToDouble(Unrelated::cosine).toArray();
    double weight = WORD_DEVIATIONS * deviation(cosines);
    double[] scores =
        unrelated.stream()
            .mapToDouble(pair -> pair.cosine() + weight * pair.sharedWords())
            .toArray();
    double bound =
        Math.min(
            quantile(neutral, new SubjectScore(words, weight, 0)),
            mean(scores) + BOUND_DEVIATIONS * deviation(scores));
    return new SubjectScore(words, weight, bound);
  }

  /** Pairs each question with the passages nearest to others, or with the only one. */
  private static List<Unrelated> unrelated(
      List<Asked> neutral,
      Collection<Chunk> nearest,
      Map<String, float[]> vectors,
      WordOverlap words) {
    List<Unrelated> pairs = new ArrayList<>();
    List<Set<String>> stems =
        neutral.stream().map(asked -> WordOverlap.stems(asked.question())).toList();
    for (Chunk chunk : nearest) {
      float[] vector = vectors.get(chunk.id());
      Set<String> passage = WordOverlap.stems(chunk.searchText());
      for (int i = 0; vector != null && i < neutral.size(); i++) {
        Asked asked = neutral.get(i);
        boolean own = chunk.id().equals(asked.nearest().id());
        if (!own || nearest.size() == 1) {
          double cosine = Vectors.product(asked.found().query(asked.question()), vector);
          pairs.add(new Unrelated(cosine, words.share(stems.get(i), passage)));
        }
      }
    }
    return pairs;
  }

  private static double quantile(List<Asked> neutral, SubjectScore score) {
    double[] sorted =
        neutral.stream()
            .mapToDouble(
                asked -> score.of(asked.question(), asked.hits(), asked.found()).orElseThrow())
            .sorted()
            .toArray();
    int last = sorted.length - 1;
    return mean(
        Arrays.copyOfRange(sorted, (int) (LOW_QUANTILE * last), (int) (HIGH_QUANTILE * last) + 1));
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(0);
  }

  private static double deviation(double[] values) {
    double mean = mean(values);
    return Math.sqrt(
        Arrays.stream(values).map(value -> (value - mean) * (value - mean)).average().orElse(0));
  }
}
