package io.adapt4j.eval.metric;

/**
 * Options of chrF.
 *
 * @param characterOrder longest n-grams of characters; 6 by default
 * @param wordOrder longest n-grams of words; 0 by default, 2 for chrF++
 * @param beta weight of recall relative to precision; 2 by default
 * @param lowercase whether case is ignored; false by default
 * @param whitespace whether white space counts as characters; false by default
 * @param epsSmoothing whether orders that a text is too short for count as almost 0, as in the
 *     original chrF++ program, rather than being left out; false by default
 */
public record ChrfOptions(
    int characterOrder,
    int wordOrder,
    double beta,
    boolean lowercase,
    boolean whitespace,
    boolean epsSmoothing) {

  /** The default of sacrebleu: chrF2. */
  public static final ChrfOptions CHRF = new ChrfOptions(6, 0, 2, false, false, false);

  /** chrF2++: with single words and pairs of words. */
  public static final ChrfOptions CHRF_PLUS_PLUS = new ChrfOptions(6, 2, 2, false, false, false);

  /** Checks the options. */
  public ChrfOptions {
    if (characterOrder < 1 || wordOrder < 0 || !(beta > 0) || Double.isInfinite(beta)) {
      throw new IllegalArgumentException(
          ("chrF needs characterOrder from 1, wordOrder from 0 and beta above 0, found %s, %s"
                  + " and %s")
              .formatted(characterOrder, wordOrder, beta));
    }
  }

  int orders() {
    return characterOrder + wordOrder;
  }

  String signature(String references) {
    return "nrefs:%s|case:%s|eff:%s|nc:%s|nw:%s|space:%s"
        .formatted(
            references,
            lowercase ? "lc" : "mixed",
            epsSmoothing ? "no" : "yes",
            characterOrder,
            wordOrder,
            whitespace ? "yes" : "no");
  }
}
