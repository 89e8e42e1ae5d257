package io.adapt4j.eval.internal.metric.text;

import io.adapt4j.eval.internal.metric.Rows;
import java.util.List;

/**
 * Word and character error rate: edits that turn the prediction into the reference, as a share of
 * the reference's length, over all rows (Morris, Maier and Green 2004, "From WER and RIL to MER and
 * WIL"). Texts are compared as they are, including case and punctuation. Keeps sums only.
 */
public final class ErrorRate {

  private final boolean words;
  private long rows;
  private long edits;
  private long length;

  private ErrorRate(boolean words) {
    this.words = words;
  }

  /** Creates a word error rate; words are separated by white space. */
  public static ErrorRate ofWords() {
    return new ErrorRate(true);
  }

  /** Creates a character error rate; characters are Unicode code points, including spaces. */
  public static ErrorRate ofCharacters() {
    return new ErrorRate(false);
  }

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

  /** Returns the number of edits. */
  public long edits() {
    return edits;
  }

  /** Returns the length of the references. */
  public long length() {
    return length;
  }

  /** Adds all counts of another. */
  public void merge(ErrorRate other) {
    Rows.sameSettings("words=" + words, "words=" + other.words);
    rows += other.rows;
    edits += other.edits;
    length += other.length;
  }

  public double rate() {
    Rows.some("The error rate", rows);
    if (length == 0) {
      throw new IllegalStateException("The error rate of empty references is undefined");
    }
    return (double) edits / length;
  }
}
