package io.adapt4j.core.task;

import java.util.Objects;

/**
 * See {@link Task#embeddings}.
 *
 * @param scale multiplies the cosines before the softmax
 * @param queryPrompt what stands before each query; may be empty
 * @param passagePrompt what stands before each passage; may be empty
 */
public record EmbeddingTask(double scale, String queryPrompt, String passagePrompt)
    implements Task {

  /** The scale of Sentence Transformers. */
  public static final double SCALE = 20;

  /**
   * Checks the scale.
   *
   * @param scale above 0
   * @param queryPrompt what stands before each query
   * @param passagePrompt what stands before each passage
   * @throws IllegalArgumentException if the scale is not above 0 or not finite
   */
  public EmbeddingTask {
    Objects.requireNonNull(queryPrompt, "queryPrompt");
    Objects.requireNonNull(passagePrompt, "passagePrompt");
    if (!(scale > 0 && Double.isFinite(scale))) {
      throw new IllegalArgumentException("scale: expected a number above 0, found " + scale);
    }
  }

  /**
   * Sets what the cosines are multiplied by: the larger, the more the nearest wrong passages count.
   *
   * @param factor above 0; 20 is usual
   * @return a changed copy
   */
  public EmbeddingTask scale(double factor) {
    return new EmbeddingTask(factor, queryPrompt, passagePrompt);
  }

  /**
   * Puts texts before queries and passages, as E5 and BGE want it; the same are to be given when
   * the model is used.
   *
   * @param query such as "query: "
   * @param passage such as "passage: "
   * @return a changed copy
   */
  public EmbeddingTask prompts(String query, String passage) {
    return new EmbeddingTask(scale, query, passage);
  }
}
