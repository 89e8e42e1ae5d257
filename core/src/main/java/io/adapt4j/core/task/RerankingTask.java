package io.adapt4j.core.task;

/**
 * See {@link Task#reranking}.
 *
 * @param instruction what a document has to do to be answered with yes
 */
public record RerankingTask(String instruction) implements Task {

  /** The instruction that Qwen3-Reranker was trained with where no other is given. */
  public static final String INSTRUCTION =
      "Given a web search query, retrieve relevant passages that answer the query";

  /**
   * Checks the instruction.
   *
   * @param instruction what a document has to do
   * @throws IllegalArgumentException if it is blank
   */
  public RerankingTask {
    if (instruction.isBlank()) {
      throw new IllegalArgumentException("instruction: expected a text, found none");
    }
  }

  /**
   * Sets what a document has to do to be answered with yes; the same is to be given when the model
   * is used.
   *
   * @param text such as "Given a question of a customer, retrieve the article that answers it"
   * @return a changed copy
   */
  public RerankingTask instruction(String text) {
    return new RerankingTask(text);
  }
}
