package io.adapt4j.core.data;

/** One row of training data. Text is never empty where something is to be learned from it. */
public sealed interface Example permits Example.Text, Example.PromptCompletion {

  /**
   * A text to continue: every token of it is trained on.
   *
   * @param text the text, not empty
   */
  record Text(String text) implements Example {

    /**
     * Creates an example.
     *
     * @param text the text
     * @throws IllegalArgumentException if it is empty
     */
    public Text {
      requireContent("text", text);
    }
  }

  /**
   * A prompt with its completion: only the completion is trained on. The two are joined as they
   * are, so a space between them has to be in one of them.
   *
   * @param prompt what is given; may be empty
   * @param completion what is to be learned, not empty
   */
  record PromptCompletion(String prompt, String completion) implements Example {

    /**
     * Creates an example.
     *
     * @param prompt what is given
     * @param completion what is to be learned
     * @throws IllegalArgumentException if the completion is empty
     */
    public PromptCompletion {
      if (prompt == null) {
        throw new IllegalArgumentException("prompt must not be null; use an empty text");
      }
      requireContent("completion", completion);
    }
  }

  private static void requireContent(String name, String value) {
    if (value == null || value.isEmpty()) {
      throw new IllegalArgumentException(
          name + " must not be empty, found " + (value == null ? "null" : "an empty text"));
    }
  }
}
