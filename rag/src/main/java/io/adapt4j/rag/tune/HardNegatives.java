package io.adapt4j.rag.tune;

import com.google.common.collect.LinkedHashMultimap;
import com.google.common.collect.SetMultimap;
import io.adapt4j.core.data.Example;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Mines hard negatives for training an embedding model: passages that an index finds for a query
 * but that are not among its positives. Since the rest of an index is unlabeled, passages almost as
 * close to the query as its positive are excluded, as they may be answers too (Moreira et al. 2024,
 * "NV-Retriever", positive-aware mining relative to the positive's score).
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class HardNegatives {

  /** Default number of negatives per query. */
  public static final int DEFAULT_COUNT = 1;

  /** Default number of hits examined per query. */
  public static final int DEFAULT_CANDIDATES = 30;

  /** Default limit of a negative's cosine relative to the positive's. */
  public static final double DEFAULT_SHARE = 0.95;

  private final SearchIndex index;
  private final TextEmbeddings embeddings;
  private final int count;
  private final int candidates;
  private final double share;

  private HardNegatives(
      SearchIndex index, TextEmbeddings embeddings, int count, int candidates, double share) {
    this.index = index;
    this.embeddings = embeddings;
    this.count = count;
    this.candidates = candidates;
    this.share = share;
  }

  /**
   * Creates a miner for an index.
   *
   * @param index the index, searched by words and by vector; closed by the caller
   * @param embeddings the embeddings it was built with, closed by the caller
   * @return a miner with all defaults
   */
  public static HardNegatives in(SearchIndex index, TextEmbeddings embeddings) {
    return new HardNegatives(
        Objects.requireNonNull(index, "index"),
        Objects.requireNonNull(embeddings, "embeddings"),
        DEFAULT_COUNT,
        DEFAULT_CANDIDATES,
        DEFAULT_SHARE);
  }

  /**
   * Sets the maximum number of negatives per query; {@value #DEFAULT_COUNT} by default.
   *
   * @param most at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is below 1
   */
  public HardNegatives count(int most) {
    return new HardNegatives(index, embeddings, atLeastOne("count", most), candidates, share);
  }

  /**
   * Sets the number of hits examined per query; {@value #DEFAULT_CANDIDATES} by default.
   *
   * @param hits at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is below 1
   */
  public HardNegatives candidates(int hits) {
    return new HardNegatives(index, embeddings, count, atLeastOne("candidates", hits), share);
  }

  /**
   * Sets the limit of a negative's cosine relative to the positive's; {@value #DEFAULT_SHARE} by
   * default.
   *
   * @param most above 0; lower values yield fewer false negatives
   * @return a changed copy
   * @throws IllegalArgumentException if it is not above 0
   */
  public HardNegatives share(double most) {
    if (!(most > 0 && Double.isFinite(most))) {
      throw new IllegalArgumentException("share: expected a number above 0, found " + most);
    }
    return new HardNegatives(index, embeddings, count, candidates, most);
  }

  private static int atLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, found " + value);
    }
    return value;
  }

  /**
   * Adds negatives to rows, after existing ones.
   *
   * @param rows queries with their passages; all rows with the same query are answers to it
   * @return the rows in order; those without new negatives are unchanged
   */
  public List<Example.QueryPassage> mine(List<Example.QueryPassage> rows) {
    SetMultimap<String, String> answers = LinkedHashMultimap.create();
    rows.forEach(row -> answers.put(row.query(), plain(row.passage())));
    return rows.stream().map(row -> mined(row, answers.get(row.query()))).toList();
  }

  private Example.QueryPassage mined(Example.QueryPassage row, Set<String> answers) {
    float[] query = embeddings.query(row.query());
    List<String> found =
        search(row.query(), query).stream()
            .filter(text -> answers.stream().noneMatch(answer -> overlap(answer, plain(text))))
            .filter(text -> !row.negatives().contains(text))
            .toList();
    List<String> texts = new ArrayList<>(found);
    texts.add(row.passage());
    List<float[]> vectors = embeddings.passages(texts);
    double most = share * cosine(query, vectors.get(found.size()));
    List<String> negatives = new ArrayList<>(row.negatives());
    for (int i = 0; i < found.size() && negatives.size() - row.negatives().size() < count; i++) {
      if (cosine(query, vectors.get(i)) <= most) {
        negatives.add(found.get(i));
      }
    }
    return new Example.QueryPassage(row.query(), row.passage(), negatives);
  }

  private List<String> search(String text, float[] vector) {
    SearchQuery query =
        new SearchQuery(text, Optional.of(vector), candidates, Optional.empty(), Fusion.standard());
    return index.search(query).stream()
        .map(Hit::chunk)
        .map(chunk -> chunk.text())
        .filter(name -> !name.isBlank())
        .distinct()
        .toList();
  }

  /** Returns whether a chunk is part of an answer, or contains it. */
  private static boolean overlap(String answer, String text) {
    return answer.contains(text) || text.contains(answer);
  }

  private static String plain(String text) {
    return text.strip().replaceAll("\\s+", " ");
  }

  private static double cosine(float[] left, float[] right) {
    double sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += (double) left[i] * right[i];
    }
    return sum;
  }
}
