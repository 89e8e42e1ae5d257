package io.adapt4j.core.task;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * See {@link Task#embeddings}.
 *
 * @param scale multiplies the cosines before the softmax
 * @param queryPrompt what stands before each query; may be empty
 * @param passagePrompt what stands before each passage; may be empty
 * @param dimensions how many first entries of the vectors to train; empty for whole vectors only
 * @param dimensionWeights how much the loss of each of them counts
 * @param truncateDimension what the saved folder says vectors are to be cut to
 * @param hybrid whether weights and vectors of tokens train beside the vector of the text
 * @param selfDistillation whether the sum of the three scores teaches each of them
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

  /**
   * Checks the options.
   *
   * @param scale above 0
   * @param queryPrompt what stands before each query
   * @param passagePrompt what stands before each passage
   * @param dimensions different numbers of at least 1
   * @param dimensionWeights as many numbers of at least 0, one of them above
   * @param truncateDimension at least 1, or none
   * @param hybrid whether tokens train too; not with dimensions
   * @param selfDistillation whether scores teach each other; with hybrid only
   * @throws IllegalArgumentException if one of them is not
   */
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

  /**
   * Trains whole vectors.
   *
   * @param scale multiplies the cosines before the softmax
   * @param queryPrompt what stands before each query; may be empty
   * @param passagePrompt what stands before each passage; may be empty
   */
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
   * Sets what the cosines are multiplied by: the larger, the more the nearest wrong passages count.
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
   * Puts texts before queries and passages, as E5 and BGE want it; the same are to be given when
   * the model is used.
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

  /**
   * Trains the first entries of the vectors to do by themselves (Matryoshka embeddings, Kusupati et
   * al. 2022): the loss is the sum of the losses of the vectors cut to each dimension and scaled to
   * length 1. Measures {@code mrr} and {@code accuracy} of each, such as {@code mrr_64}. Whole
   * vectors are trained only if their width is among the dimensions.
   *
   * @param values the dimensions, such as 768, 512, 256, 128, 64
   * @return a changed copy, in which all of them count 1
   */
  public EmbeddingTask matryoshka(int... values) {
    List<Integer> given = Arrays.stream(values).boxed().toList();
    List<Double> weights = given.stream().map(dimension -> 1.0).toList();
    return new EmbeddingTask(
        scale,
        queryPrompt,
        passagePrompt,
        given,
        weights,
        truncateDimension,
        hybrid,
        selfDistillation);
  }

  /**
   * Sets how much the loss of each dimension counts.
   *
   * @param weights at least 0, in the order of the dimensions
   * @return a changed copy
   */
  public EmbeddingTask matryoshkaWeights(double... weights) {
    List<Double> given = Arrays.stream(weights).boxed().toList();
    return new EmbeddingTask(
        scale,
        queryPrompt,
        passagePrompt,
        dimensions,
        given,
        truncateDimension,
        hybrid,
        selfDistillation);
  }

  /**
   * Writes into the saved folder that vectors are cut to their first entries wherever it is loaded
   * without another dimension ({@code truncate_dim} of Sentence Transformers). What is trained does
   * not change.
   *
   * @param dimension at least 1
   * @return a changed copy
   */
  public EmbeddingTask truncateDimension(int dimension) {
    return new EmbeddingTask(
        scale,
        queryPrompt,
        passagePrompt,
        dimensions,
        dimensionWeights,
        OptionalInt.of(dimension),
        hybrid,
        selfDistillation);
  }

  /**
   * Trains weights of tokens ({@code sparse_linear}) and vectors of tokens ({@code colbert_linear})
   * with the vector of the text, as bge-m3 has them (Chen et al. 2024). A base without these layers
   * gets new ones. The loss is that of FlagEmbedding's unified fine-tuning: a quarter of the
   * cross-entropies of the vectors' scores, of a tenth of the weights', of the tokens' vectors' and
   * of the sum of all three. {@code HybridEmbedder} reads what is saved.
   *
   * @param distills whether the sum of the scores also teaches each of them (self-distillation)
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
