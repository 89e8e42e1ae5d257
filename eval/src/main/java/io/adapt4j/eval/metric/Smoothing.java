package io.adapt4j.eval.metric;

import java.util.Locale;

/**
 * What BLEU does about n-grams that are never matched (Chen and Cherry 2014).
 *
 * @param method the method
 * @param value its parameter; unused by {@code NONE} and {@code EXP}
 */
public record Smoothing(Method method, double value) {

  /** The methods of sacrebleu. */
  public enum Method {
    /** Nothing: the score is 0. */
    NONE("none"),
    /** A small count in place of 0. */
    FLOOR("floor"),
    /** A count added to matches and totals of all orders above 1. */
    ADD_K("add-k"),
    /** A half, a quarter and so on in place of 0. */
    EXP("exp");

    private final String signature;

    Method(String signature) {
      this.signature = signature;
    }
  }

  /**
   * Makes a smoothing.
   *
   * @param method the method
   * @param value its parameter, at least 0
   * @throws IllegalArgumentException if the value is negative or not a number
   */
  public Smoothing {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException("Smoothing by " + value + "; give a number from 0 up");
    }
  }

  /**
   * Returns no smoothing.
   *
   * @return the smoothing
   */
  public static Smoothing none() {
    return new Smoothing(Method.NONE, 0);
  }

  /**
   * Returns exponential smoothing, sacrebleu's default.
   *
   * @return the smoothing
   */
  public static Smoothing exp() {
    return new Smoothing(Method.EXP, 0);
  }

  /**
   * Returns smoothing by a floor.
   *
   * @param value stands in place of a count of 0; sacrebleu's default is 0.1
   * @return the smoothing
   */
  public static Smoothing floor(double value) {
    return new Smoothing(Method.FLOOR, value);
  }

  /**
   * Returns smoothing by an added count.
   *
   * @param value what is added; sacrebleu's default is 1
   * @return the smoothing
   */
  public static Smoothing addK(double value) {
    return new Smoothing(Method.ADD_K, value);
  }

  String signature() {
    boolean hasValue = method == Method.FLOOR || method == Method.ADD_K;
    return method.signature + (hasValue ? String.format(Locale.ROOT, "[%.2f]", value) : "");
  }
}
