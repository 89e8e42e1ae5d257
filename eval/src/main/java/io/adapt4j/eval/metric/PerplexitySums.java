package io.adapt4j.eval.metric;

import io.adapt4j.eval.internal.metric.Rows;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Perplexity of texts, equal to the rolling perplexities of lm-evaluation-harness. Keeps sums only.
 * Token metrics are comparable only between models with the same tokenizer, word and byte metrics
 * between any.
 */
final class PerplexitySums {

  private static final Pattern SPACE = Pattern.compile("(?U)[\\s\\x1c-\\x1f]+");

  private long rows;
  private double logProbability;
  private long tokens;
  private long words;
  private long bytes;

  /** Creates a metric without texts. */
  public PerplexitySums() {}

  public void add(double sum, long scored, String text) {
    Rows.finite(rows + 1, "the log-probability", sum);
    if (sum > 0) {
      throw Rows.bad(rows + 1, "the log-probability is " + sum + ", above 0");
    }
    if (scored < 1 || text.isEmpty()) {
      throw Rows.bad(
          rows + 1, scored + " tokens of " + text.length() + " characters; leave the text out");
    }
    rows++;
    logProbability += sum;
    tokens += scored;
    // As many as Python's re.split returns, including empty ones at the ends.
    words += SPACE.matcher(text).results().count() + 1;
    bytes += text.getBytes(StandardCharsets.UTF_8).length;
  }

  /** Adds all counts of another. */
  public void merge(PerplexitySums other) {
    rows += other.rows;
    logProbability += other.logProbability;
    tokens += other.tokens;
    words += other.words;
    bytes += other.bytes;
  }

  public double perToken() {
    return Math.exp(lossOver(tokens));
  }

  /** Returns the perplexity per word ({@code word_perplexity}). */
  public double perWord() {
    return Math.exp(lossOver(words));
  }

  /** Returns the perplexity per UTF-8 byte ({@code byte_perplexity}). */
  public double perByte() {
    return Math.exp(lossOver(bytes));
  }

  /** Returns the bits per UTF-8 byte ({@code bits_per_byte}). */
  public double bitsPerByte() {
    return lossOver(bytes) / Math.log(2);
  }

  Perplexity result() {
    return new Perplexity(perToken(), perWord(), perByte(), bitsPerByte());
  }

  private double lossOver(long units) {
    Rows.some("PerplexitySums", rows);
    return -logProbability / units;
  }
}
