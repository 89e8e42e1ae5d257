package io.adapt4j.rag.retrieve;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Reranker;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/** How a {@link Retriever} works. Everything has a default; what costs much is off. */
public final class RetrievalOptions {

  /** Passages unless it is set. */
  public static final int DEFAULT_LIMIT = 5;

  /** Chunks looked at unless it is set. */
  public static final int DEFAULT_CANDIDATES = 30;

  /**
   * What the score by vector counts unless a fusion is set; the score by words counts the rest. On
   * SQuAD's development passages it finds more than reciprocal ranks do; see docs/rag.md.
   */
  public static final double DEFAULT_VECTOR_WEIGHT = 0.6;

  private final int limit;
  private final int candidates;
  private final SearchBy searchBy;
  private final Fusion fusion;
  private final Optional<Filter> filter;
  private final QueryExpansion expansion;
  private final boolean expanded;
  private final Optional<Reranker> reranker;
  private final OptionalDouble minimumScore;
  private final OptionalDouble minimumSimilarity;
  private final boolean refuseOffSubject;
  private final OptionalDouble diversity;
  private final boolean parents;
  private final int neighbors;

  private RetrievalOptions(Builder builder) {
    this.limit = builder.limit;
    this.candidates = Math.max(builder.candidates, builder.limit);
    this.searchBy = builder.searchBy;
    this.fusion = builder.fusion;
    this.filter = builder.filter;
    this.expansion = builder.expansion;
    this.expanded = builder.expanded;
    this.reranker = builder.reranker;
    this.minimumScore = builder.minimumScore;
    this.minimumSimilarity = builder.minimumSimilarity;
    this.refuseOffSubject = builder.refuseOffSubject;
    this.diversity = builder.diversity;
    this.parents = builder.parents;
    this.neighbors = builder.neighbors;
  }

  /**
   * {@return the defaults: {@value #DEFAULT_LIMIT} passages of {@value #DEFAULT_CANDIDATES}
   * candidates, by words and vector, with their parents}
   */
  public static RetrievalOptions defaults() {
    return builder().build();
  }

  /**
   * Begins with the defaults.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  int limit() {
    return limit;
  }

  int candidates() {
    return candidates;
  }

  SearchBy searchBy() {
    return searchBy;
  }

  Fusion fusion() {
    return fusion;
  }

  Optional<Filter> filter() {
    return filter;
  }

  QueryExpansion expansion() {
    return expansion;
  }

  boolean isExpanded() {
    return expanded;
  }

  Optional<Reranker> reranker() {
    return reranker;
  }

  OptionalDouble minimumScore() {
    return minimumScore;
  }

  OptionalDouble minimumSimilarity() {
    return minimumSimilarity;
  }

  /** A threshold of the application's own takes its place. */
  boolean refusesOffSubject() {
    return refuseOffSubject
        && minimumSimilarity.isEmpty()
        && minimumScore.isEmpty()
        && searchBy != SearchBy.WORDS;
  }

  OptionalDouble diversity() {
    return diversity;
  }

  boolean parents() {
    return parents;
  }

  int neighbors() {
    return neighbors;
  }

  /** Collects options. */
  public static final class Builder {

    private int limit = DEFAULT_LIMIT;
    private int candidates = DEFAULT_CANDIDATES;
    private SearchBy searchBy = SearchBy.BOTH;
    private Fusion fusion = new Fusion.WeightedScores(DEFAULT_VECTOR_WEIGHT);
    private Optional<Filter> filter = Optional.empty();
    private QueryExpansion expansion = QueryExpansion.none();
    private boolean expanded;
    private Optional<Reranker> reranker = Optional.empty();
    private OptionalDouble minimumScore = OptionalDouble.empty();
    private OptionalDouble minimumSimilarity = OptionalDouble.empty();
    private boolean refuseOffSubject = true;
    private OptionalDouble diversity = OptionalDouble.empty();
    private boolean parents = true;
    private int neighbors;

    private Builder() {}

    /**
     * Sets the most passages; {@value #DEFAULT_LIMIT} unless it is set.
     *
     * @param value at least 1
     * @return this
     */
    public Builder limit(int value) {
      limit = requireAtLeast("limit", 1, value);
      return this;
    }

    /**
     * Sets how many chunks are searched for, ranked again and chosen from; {@value
     * #DEFAULT_CANDIDATES} unless it is set, and never fewer than the limit.
     *
     * @param value at least 1
     * @return this
     */
    public Builder candidates(int value) {
      candidates = requireAtLeast("candidates", 1, value);
      return this;
    }

    /**
     * Sets what chunks are found by; both words and vector unless it is set.
     *
     * @param value what by
     * @return this
     */
    public Builder searchBy(SearchBy value) {
      searchBy = Objects.requireNonNull(value, "searchBy");
      return this;
    }

    /**
     * Sets how hits by words and by vector are joined; by their scores, {@value
     * RetrievalOptions#DEFAULT_VECTOR_WEIGHT} for that by vector, unless it is set.
     *
     * @param value the fusion
     * @return this
     */
    public Builder fusion(Fusion value) {
      fusion = Objects.requireNonNull(value, "fusion");
      return this;
    }

    /**
     * Sets what the metadata of every document must say, such as which customer it belongs to. A
     * filter of a single question is added to it.
     *
     * @param value the filter
     * @return this
     */
    public Builder filter(Filter value) {
      Texts.require("value", value);
      filter = Optional.of(value);
      return this;
    }

    /**
     * Sets how further searches are made of a question; none are unless it is set.
     *
     * @param value the expansion
     * @return this
     */
    public Builder expansion(QueryExpansion value) {
      expansion = Objects.requireNonNull(value, "expansion");
      expanded = true;
      return this;
    }

    /**
     * Sets what ranks the candidates again; nothing unless it is set.
     *
     * @param value the reranker, closed by the caller
     * @return this
     */
    public Builder reranker(Reranker value) {
      Texts.require("value", value);
      reranker = Optional.of(value);
      return this;
    }

    /**
     * Drops candidates whose score by the reranker is lower; none unless it is set.
     *
     * @param value the smallest score, in the reranker's own numbers
     * @return this
     */
    public Builder minimumScore(double value) {
      minimumScore = OptionalDouble.of(requireFinite("minimumScore", value));
      return this;
    }

    /**
     * Drops candidates whose vector is further from the question's; none unless it is set. Vectors
     * are those of the index; where it keeps none they are computed again, which takes longer.
     *
     * @param value the smallest cosine, from -1 to 1. Each model and each index has its own scale;
     *     {@link SimilarityCalibration} proposes one with its two error rates
     * @return this
     */
    public Builder minimumSimilarity(double value) {
      minimumSimilarity = OptionalDouble.of(requireBetween("minimumSimilarity", -1, 1, value));
      return this;
    }

    /**
     * Sets whether a question that is plainly off the documents' subject finds nothing: one whose
     * best passage scores less, by cosine and shared words together, than those of most questions
     * from a shipped list of 120 everyday subjects. The bound is found at the first question, and
     * again when the index has grown or shrunk by a quarter. It holds where the index keeps vectors
     * ({@link io.adapt4j.rag.spi.SearchIndex#vectors}), chunks are searched by vector, and neither
     * {@link #minimumSimilarity} nor {@link #minimumScore} is set. A question with a word of
     * letters and digits, such as a part number, that stands in a candidate is never refused.
     *
     * @param value true unless it is set; see docs/rag.md for how often it errs
     * @return this
     */
    public Builder refuseOffSubject(boolean value) {
      refuseOffSubject = value;
      return this;
    }

    /**
     * Chooses passages that do not repeat each other: maximal marginal relevance (Carbonell and
     * Goldstein 1998). Off unless it is set. Vectors are those of the index; where it keeps none
     * they are computed again, which takes longer.
     *
     * @param relevance the paper's lambda: 1 for relevance only, 0 for diversity only
     * @return this
     */
    public Builder diversity(double relevance) {
      diversity = OptionalDouble.of(requireBetween("diversity", 0, 1, relevance));
      return this;
    }

    /**
     * Sets whether passages are the larger stretches around chunks that the splitter made; they are
     * unless it is set.
     *
     * @param value whether they are
     * @return this
     */
    public Builder parents(boolean value) {
      parents = value;
      return this;
    }

    /**
     * Sets how many chunks before and after a found one are read with it; 0 unless it is set.
     *
     * @param value at least 0
     * @return this
     */
    public Builder neighbors(int value) {
      neighbors = requireAtLeast("neighbors", 0, value);
      return this;
    }

    /**
     * Makes the options.
     *
     * @return the options
     * @throws IllegalStateException if there is a least score and no reranker to give scores
     */
    public RetrievalOptions build() {
      if (minimumScore.isPresent() && reranker.isEmpty()) {
        throw new IllegalStateException(
            "minimumScore is of the reranker's scores: set a reranker, or minimumSimilarity");
      }
      return new RetrievalOptions(this);
    }

    private static int requireAtLeast(String name, int least, int value) {
      if (value < least) {
        throw new IllegalArgumentException(
            name + " must be at least " + least + ", found " + value);
      }
      return value;
    }

    private static double requireFinite(String name, double value) {
      return requireBetween(name, -Double.MAX_VALUE, Double.MAX_VALUE, value);
    }

    private static double requireBetween(String name, double least, double most, double value) {
      if (!(value >= least && value <= most)) {
        throw new IllegalArgumentException(
            name + " must be between " + least + " and " + most + ", found " + value);
      }
      return value;
    }
  }
}
