package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;

/**
 * A threshold for {@link RetrievalOptions.Builder#minimumSimilarity}, calibrated on questions that
 * an index should and should not answer, with its error rates. A threshold cannot detect questions
 * on the documents' subject that they leave unanswered.
 *
 * @param threshold the cosine with the smallest weighted sum of the two rates, where a false
 *     refusal weighs as much as three missed ones
 * @param falseRefusals fraction of answerable questions whose best passage is below it, from 0 to
 *     1, by two-fold cross-validation
 * @param missedRefusals fraction of off-subject questions whose best passage is not below it,
 *     measured likewise
 * @param answerable number of answerable questions
 * @param offSubject number of off-subject questions
 */
public record SimilarityCalibration(
    double threshold, double falseRefusals, double missedRefusals, int answerable, int offSubject) {

  /** Minimum number of questions of a kind. */
  public static final int MIN_QUESTIONS = 10;

  /** Weight of a false refusal relative to a missed one. */
  private static final double FALSE_REFUSAL = 3;

  private static final int SAMPLES = 120;
  private static final int WORDS = 8;
  private static final Pattern SPACE = Pattern.compile("\\s+");

  /**
   * Calibrates on questions of both kinds.
   *
   * @param index the index
   * @param embeddings the embeddings it was built with
   * @param answerable questions that its documents answer, at least {@value #MIN_QUESTIONS}; a
   *     hundred give rates to about 2 %
   * @param offSubject questions that they should not answer, at least {@value #MIN_QUESTIONS}
   * @return the proposal
   * @throws IllegalArgumentException if there are fewer questions
   * @throws IllegalStateException if the index has no chunk with a vector
   */
  public static SimilarityCalibration of(
      SearchIndex index,
      TextEmbeddings embeddings,
      List<String> answerable,
      List<String> offSubject) {
    requireEnough("answerable", answerable);
    requireEnough("offSubject", offSubject);
    return of(cosines(index, embeddings, answerable), cosines(index, embeddings, offSubject));
  }

  /**
   * Calibrates on answerable questions and a built-in list of 120 questions on everyday subjects.
   * If the documents answer some of those, they count as missed refusals.
   *
   * @param answerable questions that its documents answer, at least {@value #MIN_QUESTIONS}
   * @return the proposal
   * @throws IllegalArgumentException if there are fewer questions
   * @throws IllegalStateException if the index has no chunk with a vector
   */
  public static SimilarityCalibration of(
      SearchIndex index, TextEmbeddings embeddings, List<String> answerable) {
    return of(index, embeddings, answerable, NeutralQuestions.all());
  }

  /**
   * Calibrates without questions: on eight consecutive words from each of up to 120 of the index's
   * chunks, and the built-in list. On SQuAD this gives about the same threshold as real questions,
   * but overestimates false refusals, since such words say less than a question; real questions are
   * better.
   *
   * @return the proposal
   * @throws IllegalStateException if the index has too few chunks with a vector
   */
  public static SimilarityCalibration of(SearchIndex index, TextEmbeddings embeddings) {
    List<String> samples = samples(index);
    if (samples.size() < MIN_QUESTIONS) {
      throw new IllegalStateException(
          ("the index gives %s sentences to calibrate on, at least %s are needed: add"
                  + " documents, or give questions that they answer")
              .formatted(samples.size(), MIN_QUESTIONS));
    }
    return of(index, embeddings, samples);
  }

  private static void requireEnough(String name, List<String> questions) {
    if (questions.size() < MIN_QUESTIONS) {
      throw new IllegalArgumentException(
          name + ": expected at least " + MIN_QUESTIONS + " questions, found " + questions.size());
    }
  }

  private static double[] cosines(
      SearchIndex index, TextEmbeddings embeddings, List<String> questions) {
    double[] cosines =
        BestCosines.of(index, embeddings.queries(questions)).cosines().stream()
            .mapToDouble(Double::doubleValue)
            .toArray();
    if (cosines.length < questions.size()) {
      throw new IllegalStateException(
          "the index finds no chunk by vector for "
              + (questions.size() - cosines.length)
              + " of the questions: add documents before calibrating");
    }
    return cosines;
  }

  /** Calibrates on the cosines of the best passages. */
  static SimilarityCalibration of(double[] answerable, double[] offSubject) {
    double even = best(half(answerable, 0), half(offSubject, 0));
    double odd = best(half(answerable, 1), half(offSubject, 1));
    double refused = below(half(answerable, 1), even) + (double) below(half(answerable, 0), odd);
    double missed =
        offSubject.length
            - (below(half(offSubject, 1), even) + (double) below(half(offSubject, 0), odd));
    return new SimilarityCalibration(
        best(answerable, offSubject),
        refused / answerable.length,
        missed / offSubject.length,
        answerable.length,
        offSubject.length);
  }

  private static double[] half(double[] values, int remainder) {
    double[] half = new double[(values.length + 1 - remainder) / 2];
    for (int i = 0; i < half.length; i++) {
      half[i] = values[2 * i + remainder];
    }
    return half;
  }

  private static long below(double[] values, double threshold) {
    return Arrays.stream(values).filter(value -> value < threshold).count();
  }

  /**
   * Returns the threshold with the smallest weighted sum of rates: the middle of the widest such
   * gap.
   */
  private static double best(double[] answerable, double[] offSubject) {
    double[] all =
        Arrays.stream(new double[][] {answerable, offSubject})
            .flatMapToDouble(Arrays::stream)
            .sorted()
            .toArray();
    double best = all[0];
    double least = Double.POSITIVE_INFINITY;
    double width = 0;
    for (int i = 1; i < all.length; i++) {
      double middle = (all[i - 1] + all[i]) / 2;
      double gap = all[i] - all[i - 1];
      double error =
          FALSE_REFUSAL * below(answerable, middle) / answerable.length
              + 1
              - below(offSubject, middle) / (double) offSubject.length;
      if (gap > 0 && (error < least - 1e-9 || (error < least + 1e-9 && gap > width))) {
        best = middle;
        least = error;
        width = gap;
      }
    }
    return best;
  }

  private static List<String> samples(SearchIndex index) {
    Random random = new Random(0);
    List<String> ids = new ArrayList<>(index.contentHashes().keySet());
    Collections.shuffle(ids, random);
    List<Chunk> chunks = new ArrayList<>();
    int each = Math.max(1, SAMPLES / Math.max(1, ids.size()));
    for (String id : ids.subList(0, Math.min(ids.size(), SAMPLES))) {
      List<Chunk> own = new ArrayList<>(index.chunks(id, 0, Integer.MAX_VALUE));
      Collections.shuffle(own, random);
      chunks.addAll(own.subList(0, Math.min(own.size(), each)));
    }
    return chunks.stream()
        .map(chunk -> part(chunk.text(), random))
        .flatMap(Optional::stream)
        .limit(SAMPLES)
        .toList();
  }

  /** Returns words from the inside of a text, about as many as in a question. */
  private static Optional<String> part(String text, Random random) {
    String[] words = SPACE.split(text.strip(), -1);
    if (words.length < WORDS) {
      return Optional.empty();
    }
    int from = random.nextInt(words.length - WORDS + 1);
    return Optional.of(String.join(" ", Arrays.asList(words).subList(from, from + WORDS)));
  }

  /**
   * Describes the calibration.
   *
   * @return one sentence
   */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "minimumSimilarity %.3f refuses %.1f %% of %d answerable questions and misses %.1f %% of %d"
            + " off the subject",
        threshold,
        100 * falseRefusals,
        answerable,
        100 * missedRefusals,
        offSubject);
  }
}
