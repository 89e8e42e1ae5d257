package io.adapt4j.eval.failure;

import io.adapt4j.core.TextEmbedder;
import io.adapt4j.eval.spi.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Clusters similar failures: spherical k-means, initialized with k-means++, over embeddings.
 *
 * <p>Unless the number of clusters is given, it is the one with the largest mean silhouette,
 * computed on at most 1,000 failures; one cluster if no number reaches 0.05. The same seed gives
 * the same clusters. Each is named by the words that distinguish it from all items of the task.
 *
 * <p>Immutable: each setting returns a new clustering.
 */
public final class Clustering {

  private static final int WORDS = 4;
  private static final int MOST_COMPARED = 1000;
  private static final double LEAST_SILHOUETTE = 0.05;
  private static final int DEFAULT_MOST = 10;

  private final Function<List<String>, List<float[]>> embedder;
  private final Optional<Function<Outcome, String>> text;
  private final int least;
  private final int most;
  private final long seed;

  private Clustering(
      Function<List<String>, List<float[]>> embedder,
      Optional<Function<Outcome, String>> text,
      int least,
      int most,
      long seed) {
    this.embedder = embedder;
    this.text = text;
    this.least = least;
    this.most = most;
    this.seed = seed;
  }

  /**
   * Clusters with an embedding model.
   *
   * @param embedder a model, which the caller closes
   * @return a clustering of questions into up to 10 clusters, with seed 0
   */
  public static Clustering with(TextEmbedder embedder) {
    return with(embedder::embedAll);
  }

  /**
   * Clusters with any embeddings.
   *
   * @param embedder computes one vector per text, all of one width, none zero
   * @return a clustering of questions into up to 10 clusters, with seed 0
   */
  public static Clustering with(Function<List<String>, List<float[]>> embedder) {
    return new Clustering(embedder, Optional.empty(), 1, DEFAULT_MOST, 0);
  }

  /**
   * Sets the number of clusters.
   *
   * @param clusters at least 1; fewer if there are fewer failures
   * @return a new clustering
   * @throws IllegalArgumentException if it is below 1
   */
  public Clustering count(int clusters) {
    return new Clustering(embedder, text, require(clusters), clusters, seed);
  }

  /**
   * Chooses the number of clusters automatically.
   *
   * @param clusters maximum number, at least 1; default 10
   * @return a new clustering
   * @throws IllegalArgumentException if it is below 1
   */
  public Clustering atMost(int clusters) {
    return new Clustering(embedder, text, 1, require(clusters), seed);
  }

  private static int require(int clusters) {
    if (clusters < 1) {
      throw new IllegalArgumentException("clusters: expected at least 1, found " + clusters);
    }
    return clusters;
  }

  /**
   * Sets the seed.
   *
   * @param other seed of the initial centers
   * @return a new clustering
   */
  public Clustering seed(long other) {
    return new Clustering(embedder, text, least, most, other);
  }

  /**
   * Sets the text of a failure that is embedded. Default is {@link FailureAnalysis#question}, so
   * that shared few-shot examples do not make all alike.
   *
   * @param of gives a text, such as {@code Outcome::got}
   * @return a new clustering
   */
  public Clustering text(Function<Outcome, String> of) {
    return new Clustering(embedder, Optional.of(of), least, most, seed);
  }

  List<FailureCluster> of(FailureAnalysis analysis) {
    List<Outcome> failures = analysis.failures();
    if (failures.isEmpty()) {
      return List.of();
    }
    Function<Outcome, String> read = text.orElse(analysis::question);
    List<String> texts = failures.stream().map(read).toList();
    float[][] vectors = Vectors.unit(embedder.apply(texts), texts.size());
    KMeans groups = KMeans.of(vectors, clusters(vectors), seed);
    DistinctiveKeywords words =
        new DistinctiveKeywords(analysis.result().outcomes().stream().map(read).toList());
    return IntStream.range(0, groups.centers().length)
        .mapToObj(k -> rows(vectors, groups, k))
        .filter(rows -> !rows.isEmpty())
        .map(
            rows ->
                new FailureCluster(
                    words.of(rows.stream().map(texts::get).toList(), WORDS),
                    rows.stream().map(failures::get).toList(),
                    rows.stream().mapToDouble(i -> cosine(vectors, groups, i)).average().orElse(0)))
        .sorted(Comparator.comparingInt(row -> -row.outcomes().size()))
        .toList();
  }

  /** Returns the vectors of a cluster, those nearest to its center first. */
  private static List<Integer> rows(float[][] vectors, KMeans groups, int cluster) {
    return IntStream.range(0, vectors.length)
        .filter(i -> groups.numbers()[i] == cluster)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -cosine(vectors, groups, i)))
        .toList();
  }

  private static double cosine(float[][] vectors, KMeans groups, int row) {
    return Vectors.product(vectors[row], groups.centers()[groups.numbers()[row]]);
  }

  private int clusters(float[][] vectors) {
    if (least == most) {
      return Math.min(most, vectors.length);
    }
    float[][] some = some(vectors);
    Silhouette silhouette = new Silhouette(some);
    int best = 1;
    double largest = LEAST_SILHOUETTE;
    for (int k = 2; k <= Math.min(most, some.length - 1); k++) {
      double found = silhouette.of(KMeans.of(some, k, seed).numbers(), k);
      if (found > largest) {
        largest = found;
        best = k;
      }
    }
    return best;
  }

  private float[][] some(float[][] vectors) {
    if (vectors.length <= MOST_COMPARED) {
      return vectors;
    }
    List<float[]> mixed = new ArrayList<>(List.of(vectors));
    Collections.shuffle(mixed, new Random(seed));
    return mixed.subList(0, MOST_COMPARED).toArray(float[][]::new);
  }
}
