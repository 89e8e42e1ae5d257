package io.adapt4j.rag.spi;

import java.util.List;
import java.util.OptionalInt;

/** Embeds texts as unit vectors, such that similar texts have similar vectors. */
public interface TextEmbeddings extends AutoCloseable {

  /**
   * Returns the identity of the model and all settings that affect its vectors. An index accepts
   * vectors of one identity only.
   *
   * @return a short stable text, such as a name and a hash of weights
   */
  String identity();

  /** {@return the dimension of the vectors} */
  int dimension();

  /**
   * Embeds passages.
   *
   * @param texts any number of texts
   * @return one L2-normalized vector per text, in order
   */
  List<float[]> passages(List<String> texts);

  /**
   * Embeds a question.
   *
   * @param text the question
   * @return its L2-normalized vector
   */
  float[] query(String text);

  /**
   * Embeds several questions, by default one at a time.
   *
   * @param texts the questions
   * @return one L2-normalized vector per question, in order
   */
  default List<float[]> queries(List<String> texts) {
    return texts.stream().map(this::query).toList();
  }

  /**
   * Returns the maximum length of passages. If it is known, {@link #countTokens} is supported.
   *
   * @return the maximum number of tokens that are read; empty if the tokenizer is unknown
   */
  default OptionalInt maxTokens() {
    return OptionalInt.empty();
  }

  /**
   * Counts the tokens of a passage.
   *
   * @param text the text
   * @return its number of tokens, including special ones
   * @throws UnsupportedOperationException if the tokenizer is unknown
   */
  default int countTokens(String text) {
    throw new UnsupportedOperationException("The tokenizer of " + identity() + " is not known");
  }

  /** Frees the implementation's resources. */
  @Override
  default void close() {}
}
