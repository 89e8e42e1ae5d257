package io.adapt4j.rag.retrieve;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Reranker;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/** Options of a {@link Retriever}. All have defaults; expensive ones are off. */
public final class RetrievalOptions {

  /** Default number of passages. */
  public static final int DEFAULT_LIMIT = 5;

  /** Default number of candidate chunks. */
  public static final int DEFAULT_CANDIDATES = 30;

  /**
   * Default weight of the vector score in the fusion; the keyword score gets the rest. On SQuAD's
   * development passages it has higher recall than reciprocal rank fusion; see docs/rag.md.
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

  /**
   * Returns whether off-subject questions are refused; a threshold set by the application replaces
   * this.
   */
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

  /** Builder of options. */
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
     * Sets the maximum number of passages; {@value #DEFAULT_LIMIT} by default.
     *
     * @param value at least 1
     */
    public Builder limit(int value) {
      limit = requireAtLeast("limit", 1, value);
      return this;
    }

    /**
     * Sets the number of candidate chunks to search and rerank; {@value #DEFAULT_CANDIDATES} by
     * default, and never fewer than the limit.
     */
    public Builder candidates(int value) {
      candidates = requireAtLeast("candidates", 1, value);
      return this;
    }

    /**
     * Sets the search mode; both words and vector by default.
     *
     * @param value the mode
     */
    public Builder searchBy(SearchBy value) {
      searchBy = Objects.requireNonNull(value, "searchBy");
      return this;
    }

    /**
     * Sets the fusion of keyword and vector hits; by default weighted scores with {@value
     * RetrievalOptions#DEFAULT_VECTOR_WEIGHT} for the vector.
     *
     * @param value the fusion
     */
    public Builder fusion(Fusion value) {
      fusion = Objects.requireNonNull(value, "fusion");
      return this;
    }

    /**
     * Sets a metadata filter for all questions, such as the customer that documents belong to. It
     * is combined with the filter of a single question.
     *
     * @param value the filter
     */
    public Builder filter(Filter value) {
      Texts.require("value", value);
      filter = Optional.of(value);
      return this;
    }

    /**
     * Sets the query expansion; none by default.
     *
     * @param value the expansion
     */
    public Builder expansion(QueryExpansion value) {
      expansion = Objects.requireNonNull(value, "expansion");
      expanded = true;
      return this;
    }

    /**
     * Sets the reranker of the candidates; none by default.
     *
     * @param value the reranker, closed by the caller
     */
    public Builder reranker(Reranker value) {
      Texts.require("value", value);
      reranker = Optional.of(value);
      return this;
    }

    /**
     * Drops candidates with a lower reranker score; off by default.
     *
     * @param value the minimum score, on the reranker's scale
     */
    public Builder minimumScore(double value) {
      minimumScore = OptionalDouble.of(requireFinite("minimumScore", value));
      return this;
    }

    /**
     * Drops candidates with a lower cosine similarity to the question; off by default. Vectors come
     * from the index; if it stores none they are recomputed, which takes longer.
     *
     * @param value the minimum cosine, from -1 to 1. Each model and each index has its own scale;
     *     {@link SimilarityCalibration} proposes one with its two error rates
     */
    public Builder minimumSimilarity(double value) {
      minimumSimilarity = OptionalDouble.of(requireBetween("minimumSimilarity", -1, 1, value));
      return this;
    }

    /**
     * Sets whether a question clearly unrelated to the documents finds nothing: one whose best
     * passage scores lower, by cosine and shared words combined, than those of most questions from
     * a built-in list of 120 everyday subjects. The bound is calibrated at the first question, and
     * again when the index has grown or shrunk by a quarter. It applies if the index stores vectors
     * ({@link io.adapt4j.rag.spi.SearchIndex#vectors}), chunks are searched by vector, and neither
     * {@link #minimumSimilarity} nor {@link #minimumScore} is set. A question that shares an
     * identifier of letters and digits, such as a part number, with a candidate is never refused.
     *
     * @param value true by default; see docs/rag.md for its error rates
     */
    public Builder refuseOffSubject(boolean value) {
      refuseOffSubject = value;
      return this;
    }

    /**
     * Selects diverse passages by maximal marginal relevance (Carbonell and Goldstein 1998). Off by
     * default. Vectors come from the index; if it stores none they are recomputed, which takes
     * longer.
     *
     * @param relevance the paper's lambda: 1 for relevance only, 0 for diversity only
     */
    public Builder diversity(double relevance) {
      diversity = OptionalDouble.of(requireBetween("diversity", 0, 1, relevance));
      return this;
    }

    /**
     * Sets whether passages are the chunks' parent spans made by the splitter; true by default.
     *
     * @param value whether to return parents
     */
    public Builder parents(boolean value) {
      parents = value;
      return this;
    }

    /**
     * Sets the number of neighboring chunks read before and after each hit; 0 by default.
     *
     * @param value at least 0
     */
    public Builder neighbors(int value) {
      neighbors = requireAtLeast("neighbors", 0, value);
      return this;
    }

    /**
     * Builds the options.
     *
     * @return the options
     * @throws IllegalStateException if there is a minimum score but no reranker
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
