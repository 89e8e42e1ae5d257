package io.adapt4j.eval.spi;

import io.adapt4j.core.generate.GenerationOptions;

/** A request to a model. */
public sealed interface Request {

  /**
   * Asks for the likelihood of a continuation.
   *
   * @param context the text before it; may be empty
   * @param continuation the text to score, with its leading space if it has one
   */
  record Likelihood(String context, String continuation) implements Request {

    /**
     * Checks the continuation. Throws {@link IllegalArgumentException} if the continuation is
     * empty.
     */
    public Likelihood {
      if (continuation.isEmpty()) {
        throw new IllegalArgumentException("continuation: expected a text to score, found none");
      }
    }
  }

  /**
   * Asks for the likelihood of a whole text of any length.
   *
   * @param text the text
   * @param window maximum number of tokens the model reads at once; 0 for its context length
   * @param stride number of tokens scored by each window after the first one; 0 for the whole
   *     window
   */
  record WholeText(String text, int window, int stride) implements Request {

    /**
     * Checks the values. Throws {@link IllegalArgumentException} if the text is empty or a number
     * negative.
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
   * Asks for generated text.
   *
   * @param prompt the prompt to answer or to continue
   * @param options generation options
   */
  record Answer(String prompt, GenerationOptions options) implements Request {}

  /**
   * Asks for the class of a text.
   *
   * @param text the text
   */
  record Classification(String text) implements Request {}
}
