package io.adapt4j.eval.spi;

import io.adapt4j.core.generate.GenerationOptions;

/** One thing to ask a model. */
public sealed interface Request {

  /**
   * How likely is this continuation?
   *
   * @param context what comes before; may be empty
   * @param continuation what is scored, with its leading space if it has one
   */
  record Likelihood(String context, String continuation) implements Request {

    /**
     * Makes a request.
     *
     * @param context what comes before; may be empty
     * @param continuation what is scored, with its leading space if it has one
     * @throws IllegalArgumentException if the continuation is empty
     */
    public Likelihood {
      if (continuation.isEmpty()) {
        throw new IllegalArgumentException("continuation: expected a text to score, found none");
      }
    }
  }

  /**
   * How likely is this text as a whole, however long it is?
   *
   * @param text the text
   * @param window the most tokens the model reads at once; 0 for as many as its context holds
   * @param stride the tokens that each window after the first one scores; 0 for the whole window
   */
  record WholeText(String text, int window, int stride) implements Request {

    /**
     * Makes a request.
     *
     * @param text the text
     * @param window the most tokens the model reads at once; 0 for as many as its context holds
     * @param stride the tokens that each window after the first one scores; 0 for the whole window
     * @throws IllegalArgumentException if the text is empty or a number negative
     */
    public WholeText {
      if (text.isEmpty() || window < 0 || stride < 0) {
        throw new IllegalArgumentException(
            ("expected a text to score, window and stride of 0 or more, found %s characters,"
                    + " %s and %s")
                .formatted(text.length(), window, stride));
      }
    }
  }

  /**
   * What comes next?
   *
   * @param prompt what to answer or continue from
   * @param options how to choose tokens and when to stop
   */
  record Answer(String prompt, GenerationOptions options) implements Request {}

  /**
   * Of which class is this text?
   *
   * @param text the text
   */
  record Classification(String text) implements Request {}
}
