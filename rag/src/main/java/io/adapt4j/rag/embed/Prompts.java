package io.adapt4j.rag.embed;

import java.util.Objects;

/**
 * Prefixes that a model was trained with for questions and for passages.
 *
 * @param query prefix of a question; may be empty
 * @param passage prefix of a passage; may be empty
 */
public record Prompts(String query, String passage) {

  /** Creates prompts. */
  public Prompts {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(passage, "passage");
  }

  /** {@return no prompts, as for MiniLM and most sentence encoders} */
  public static Prompts none() {
    return new Prompts("", "");
  }

  /**
   * Returns those of the E5 models (Wang et al. 2022, model card of intfloat/e5-small-v2).
   *
   * @return "query: " and "passage: "
   */
  public static Prompts e5() {
    return new Prompts("query: ", "passage: ");
  }

  /**
   * Returns those of the English BGE models up to version 1.5 (model card of
   * BAAI/bge-small-en-v1.5).
   *
   * @return an instruction for questions, nothing for passages
   */
  public static Prompts bgeEnglish() {
    return new Prompts("Represent this sentence for searching relevant passages: ", "");
  }
}
