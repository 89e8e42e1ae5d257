package io.adapt4j.core.task;

import io.adapt4j.core.internal.encode.ChoicePrompt;

/**
 * See {@link Task#reranking}.
 *
 * @param instruction the criterion for answering yes to a document
 */
public record RerankingTask(String instruction) implements Task {

  /** The default instruction that Qwen3-Reranker was trained with. */
  public static final String INSTRUCTION = ChoicePrompt.INSTRUCTION;

  /** Checks the instruction. Throws {@link IllegalArgumentException} if it is blank. */
  public RerankingTask {
    if (instruction.isBlank()) {
      throw new IllegalArgumentException("instruction: expected a text, found none");
    }
  }

  /**
   * Sets the criterion for answering yes to a document; use the same one for inference.
   *
   * @param text such as "Given a question of a customer, retrieve the article that answers it"
   * @return a changed copy
   */
  public RerankingTask instruction(String text) {
    return new RerankingTask(text);
  }
}
