package io.adapt4j.core.task;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * See {@link Task#embeddings}.
 *
 * @param scale factor of the cosines before the softmax
 * @param queryPrompt text before each query; may be empty
 * @param passagePrompt text before each passage; may be empty
 * @param dimensions numbers of first entries of the vectors to train (Matryoshka); empty for whole
 *     vectors only
 * @param dimensionWeights weight of the loss of each dimension
 * @param truncateDimension dimension to which the saved model truncates vectors
 * @param hybrid whether sparse token weights and token vectors are trained in addition to the dense
 *     vector
 * @param selfDistillation whether the sum of the three scores is the teacher of each of them
 */
public record EmbeddingTask(
    double scale,
    String queryPrompt,
    String passagePrompt,
    List<Integer> dimensions,
    List<Double> dimensionWeights,
    OptionalInt truncateDimension,
    boolean hybrid,
    boolean selfDistillation)
    implements Task {

  /** The scale of Sentence Transformers. */
  public static final double SCALE = 20;

  /** Checks the options. Throws {@link IllegalArgumentException} if a value is out of range. */
  public EmbeddingTask {
    Objects.requireNonNull(queryPrompt, "queryPrompt");
    Objects.requireNonNull(passagePrompt, "passagePrompt");
    dimensions = List.copyOf(dimensions);
    dimensionWeights = List.copyOf(dimensionWeights);
    require(scale > 0 && Double.isFinite(scale), "scale: expected a number above 0", scale);
    require(
        dimensions.stream().allMatch(dimension -> dimension >= 1)
            && new HashSet<>(dimensions).size() == dimensions.size(),
        "matryoshka: expected different dimensions of at least 1",
        dimensions);
    require(
        dimensionWeights.size() == dimensions.size(),
        "matryoshkaWeights: expected one for each of " + dimensions,
        dimensionWeights);
    require(
        dimensionWeights.stream().allMatch(weight -> weight >= 0 && Double.isFinite(weight))
            && (dimensions.isEmpty() || dimensionWeights.stream().anyMatch(weight -> weight > 0)),
        "matryoshkaWeights: expected numbers of at least 0, not all 0",
        dimensionWeights);
    require(
        truncateDimension.orElse(1) >= 1,
        "truncateDimension: expected at least 1",
        truncateDimension);
    require(!hybrid || dimensions.isEmpty(), "hybrid: expected without matryoshka", dimensions);
    require(hybrid || !selfDistillation, "selfDistillation: expected with hybrid", "none");
  }

  /** Creates a task that trains whole vectors. */
  public EmbeddingTask(double scale, String queryPrompt, String passagePrompt) {
    this(
        scale, queryPrompt, passagePrompt, List.of(), List.of(), OptionalInt.empty(), false, false);
  }

  private static void require(boolean condition, String expected, Object found) {
    if (!condition) {
      throw new IllegalArgumentException(expected + ", found " + found);
    }
  }

  /**
   * Sets the factor of the cosines: the larger, the more the hardest negatives count.
   *
   * @param factor above 0; 20 is usual
   * @return a changed copy
   */
  public EmbeddingTask scale(double factor) {
    return new EmbeddingTask(
        factor,
        queryPrompt,
        passagePrompt,
        dimensions,
        dimensionWeights,
        truncateDimension,
        hybrid,
        selfDistillation);
  }

  /**
   * Sets texts before queries and passages, as E5 and BGE require; use the same ones for inference.
   *
   * @param query such as "query: "
   * @param passage such as "passage: "
   * @return a changed copy
   */
  public EmbeddingTask prompts(String query, String passage) {
    return new EmbeddingTask(
        scale,
        query,
        passage,
        dimensions,
        dimensionWeights,
        truncateDimension,
        hybrid,
        selfDistillation);
  }

  private EmbeddingTask with(List<Integer> sizes, List<Double> weights, OptionalInt truncated) {
    return new EmbeddingTask(
        scale, queryPrompt, passagePrompt, sizes, weights, truncated, hybrid, selfDistillation);
  }

  /**
   * Trains the first entries of the vectors to work on their own (Matryoshka embeddings, Kusupati
   * et al. 2022): the loss is the sum of the losses of the vectors truncated to each dimension and
   * normalized to length 1. Measures {@code mrr} and {@code accuracy} of each, such as {@code
   * mrr_64}. Whole vectors are trained only if their width is among the dimensions.
   *
   * @param values the dimensions, such as 768, 512, 256, 128, 64
   * @return a changed copy, in which all of them have weight 1
   */
  public EmbeddingTask matryoshka(int... values) {
    List<Integer> given = Arrays.stream(values).boxed().toList();
    List<Double> weights = given.stream().map(dimension -> 1.0).toList();
    return with(given, weights, truncateDimension);
  }

  /**
   * Sets the weight of each dimension's loss.
   *
   * @param weights at least 0, in the order of the dimensions
   * @return a changed copy
   */
  public EmbeddingTask matryoshkaWeights(double... weights) {
    List<Double> given = Arrays.stream(weights).boxed().toList();
    return with(dimensions, given, truncateDimension);
  }

  /**
   * Saves a default dimension to which vectors are truncated when the model is loaded without
   * another one ({@code truncate_dim} of Sentence Transformers). Training does not change.
   *
   * @param dimension at least 1
   * @return a changed copy
   */
  public EmbeddingTask truncateDimension(int dimension) {
    return with(dimensions, dimensionWeights, OptionalInt.of(dimension));
  }

  /**
   * Trains sparse token weights ({@code sparse_linear}) and token vectors ({@code colbert_linear})
   * together with the dense vector, as in bge-m3 (Chen et al. 2024). Missing layers are newly
   * initialized. The loss is that of FlagEmbedding's unified fine-tuning: a quarter of the sum of
   * the cross-entropies of the dense scores, of a tenth of the sparse ones', of the token vectors'
   * and of the sum of all three. {@code HybridEmbedder} loads the result.
   *
   * @param distills whether the sum of the scores is also the teacher of each of them
   *     (self-distillation)
   * @return a changed copy
   */
  public EmbeddingTask hybrid(boolean distills) {
    return new EmbeddingTask(
        scale,
        queryPrompt,
        passagePrompt,
        dimensions,
        dimensionWeights,
        truncateDimension,
        true,
        distills);
  }
}
