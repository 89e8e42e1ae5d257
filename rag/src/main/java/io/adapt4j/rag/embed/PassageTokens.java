package io.adapt4j.rag.embed;

/** How long passages may be, for embeddings that know their tokenizer. */
public interface PassageTokens {

  /**
   * Counts the tokens of a passage with its prompt and those that the model adds. Does not wait for
   * texts that are being embedded.
   *
   * @param text the passage
   * @return a number of tokens
   */
  int countTokens(String text);

  /**
   * Returns the most tokens of a text that are read; longer ones are cut.
   *
   * @return a number of tokens
   */
  int maxTokens();
}
