package io.adapt4j.eval.metric;

import io.adapt4j.eval.internal.metric.text.ErrorRate;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Word or character error rate of a corpus of transcripts, with its confidence interval: edits that
 * turn the texts into their references, as a share of the references' length. Keeps two numbers a
 * row. Not thread safe.
 */
public final class WordErrorRate {

  private final Supplier<ErrorRate> counting;
  private final UnaryOperator<String> normalizer;
  private final List<ErrorRate> rows = new ArrayList<>();

  private WordErrorRate(Supplier<ErrorRate> counting, UnaryOperator<String> normalizer) {
    this.counting = counting;
    this.normalizer = normalizer;
  }

  /**
   * Creates a rate of words, which white space separates.
   *
   * @param normalizer normalizes texts and references
   * @return the rate, without rows
   */
  public static WordErrorRate ofWords(TranscriptNormalizer normalizer) {
    return new WordErrorRate(ErrorRate::ofWords, normalizer);
  }

  /**
   * Creates a rate of characters, which are Unicode code points, including spaces.
   *
   * @param normalizer normalizes texts and references
   * @return the rate, without rows
   */
  public static WordErrorRate ofCharacters(TranscriptNormalizer normalizer) {
    return new WordErrorRate(ErrorRate::ofCharacters, text -> normalizer.apply(text).strip());
  }

  /**
   * Adds a row.
   *
   * @param text the transcript
   * @param reference what was said
   */
  public void add(String text, String reference) {
    ErrorRate row = counting.get();
    row.add(normalizer.apply(text), normalizer.apply(reference));
    rows.add(row);
  }

  /**
   * {@return the rate over all rows; may be above 1}
   *
   * @throws IllegalStateException if there are no rows, or all references are empty
   */
  public double rate() {
    ErrorRate all = counting.get();
    rows.forEach(all::merge);
    return all.rate();
  }

  /**
   * Computes the rate with its interval, from resamples of the rows. A resample of empty references
   * counts as one with a single word.
   *
   * @param bootstrap number of resamples, confidence and seed
   * @return the rate with its interval
   * @throws IllegalStateException if there are no rows, or all references are empty
   */
  public ConfidenceInterval interval(Bootstrap bootstrap) {
    rate();
    return bootstrap.statistic(
        rows.size(),
        indices -> {
          long edits = 0;
          long length = 0;
          for (int index : indices) {
            edits += rows.get(index).edits();
            length += rows.get(index).length();
          }
          return (double) edits / Math.max(1, length);
        });
  }
}
