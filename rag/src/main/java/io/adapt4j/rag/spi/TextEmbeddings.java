package io.adapt4j.rag.spi;

import java.util.List;
import java.util.OptionalInt;

/** Turns texts into vectors of length 1, near each other where the texts mean the same. */
public interface TextEmbeddings extends AutoCloseable {

  /**
   * Identifies the model and everything else that decides its vectors. An index takes vectors of
   * one identity only.
   *
   * @return a short text that stays the same from run to run, such as a name and a hash of weights
   */
  String identity();

  /** {@return the length of the vectors} */
  int dimension();

  /**
   * Embeds texts to be found.
   *
   * @param texts any number
   * @return one vector a text, in their order, each of Euclidean length 1
   */
  List<float[]> passages(List<String> texts);

  /**
   * Embeds a question to find texts by.
   *
   * @param text the question
   * @return its vector, of Euclidean length 1
   */
  float[] query(String text);

  /**
   * Embeds several questions. Unless an implementation does better they are embedded one by one.
   *
   * @param texts the questions
   * @return one vector a question, in their order, each of Euclidean length 1
   */
  default List<float[]> queries(List<String> texts) {
    return texts.stream().map(this::query).toList();
  }

  /**
   * Returns how long passages may be. Where it is known, {@link #countTokens} counts.
   *
   * @return the maximum of tokens that count; empty where the tokenizer is not known
   */
  default OptionalInt maxTokens() {
    return OptionalInt.empty();
  }

  /**
   * Counts the tokens of a passage.
   *
   * @param text the text
   * @return its tokens, special ones included
   * @throws UnsupportedOperationException if the tokenizer is not known
   */
  default int countTokens(String text) {
    throw new UnsupportedOperationException("The tokenizer of " + identity() + " is not known");
  }

  /** Frees what the implementation holds. */
  @Override
  default void close() {}
}
