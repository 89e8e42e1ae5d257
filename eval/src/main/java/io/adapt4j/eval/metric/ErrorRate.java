package io.adapt4j.eval.metric;

import java.util.List;

/**
 * Word and character error rate: edits that turn what was said into what was wanted, as a share of
 * what was wanted, over all rows together (Morris, Maier and Green 2004, "From WER and RIL to MER
 * and WIL"). Texts are compared as they are, case and punctuation included. Keeps sums only.
 */
final class ErrorRate {

  private final boolean words;
  private long rows;
  private long edits;
  private long length;

  private ErrorRate(boolean words) {
    this.words = words;
  }

  /** Starts a word error rate; words are what stands between white space. */
  public static ErrorRate ofWords() {
    return new ErrorRate(true);
  }

  /** Starts a character error rate; characters are Unicode code points, spaces included. */
  public static ErrorRate ofCharacters() {
    return new ErrorRate(false);
  }

  /** Adds a row. */
  public void add(String prediction, String reference) {
    Rows.present(rows + 1, "the prediction", prediction);
    Rows.present(rows + 1, "the reference", reference);
    rows++;
    List<?> wanted = elements(reference);
    edits += EditDistance.between(elements(prediction), wanted);
    length += wanted.size();
  }

  private List<?> elements(String text) {
    return words ? PythonText.split(text) : EditDistance.characters(text);
  }

  /** Adds everything that another has counted. */
  public void merge(ErrorRate other) {
    Rows.sameSettings("words=" + words, "words=" + other.words);
    rows += other.rows;
    edits += other.edits;
    length += other.length;
  }

  /** Returns the rate. */
  public double rate() {
    Rows.some("The error rate", rows);
    if (length == 0) {
      throw new IllegalStateException("The error rate of empty references is undefined");
    }
    return (double) edits / length;
  }
}
