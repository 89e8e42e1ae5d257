package io.adapt4j.eval.metric;

import io.adapt4j.eval.internal.metric.Cutoffs;
import io.adapt4j.eval.internal.metric.Gain;
import io.adapt4j.eval.internal.metric.Rows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Ranking metrics, equal to trec_eval: nDCG (Järvelin and Kekäläinen 2002, "Cumulated gain-based
 * evaluation of IR techniques"), mean average precision, mean reciprocal rank (Voorhees 1999, "The
 * TREC-8 Question Answering Track Report"), recall and precision. The rows are queries. Keeps their
 * names and some sums.
 */
final class Retrieval {

  private final int[] ks;
  private final Gain gain;
  private final Set<String> queries = new LinkedHashSet<>();
  private final double[] ndcg;
  private final double[] recall;
  private final double[] precision;
  private double averagePrecision;
  private double reciprocalRank;

  /** Creates a metric with linear gain and without queries. */
  public Retrieval(int... ks) {
    this(Gain.LINEAR, ks);
  }

  /** Creates a metric without queries. */
  public Retrieval(Gain gain, int... ks) {
    if (Arrays.stream(ks).anyMatch(k -> k < 1)) {
      throw new IllegalArgumentException("k is " + Arrays.toString(ks) + "; give numbers from 1");
    }
    this.gain = gain;
    this.ks = ks.clone();
    this.ndcg = new double[ks.length];
    this.recall = new double[ks.length];
    this.precision = new double[ks.length];
  }

  public void add(String query, List<String> ranking, Map<String, Integer> grades) {
    check(query, ranking, grades);
    queries.add(query);
    List<Integer> found = ranking.stream().map(name -> grades.getOrDefault(name, 0)).toList();
    List<Integer> ideal = new ArrayList<>(grades.values());
    ideal.sort(Collections.reverseOrder());
    long relevant = relevant(ideal, ideal.size());
    for (int i = 0; i < ks.length; i++) {
      ndcg[i] += discounted(found, ks[i]) / discounted(ideal, ks[i]);
      recall[i] += (double) relevant(found, ks[i]) / relevant;
      precision[i] += (double) relevant(found, ks[i]) / ks[i];
    }
    averagePrecision += precisionsAtHits(found) / relevant;
    reciprocalRank += reciprocalRank(found);
  }

  private void check(String query, List<String> ranking, Map<String, Integer> grades) {
    long row = queries.size() + 1L;
    if (queries.contains(query)) {
      throw Rows.bad(row, "query \"" + query + "\" was added before; each counts once");
    }
    Set<String> seen = new HashSet<>();
    for (String document : ranking) {
      if (!seen.add(document)) {
        throw Rows.bad(row, "document \"" + document + "\" is ranked twice for \"" + query + '"');
      }
    }
    grades.forEach(
        (document, grade) -> {
          if (grade < 0) {
            throw Rows.bad(row, "document \"" + document + "\" has grade " + grade + ", below 0");
          }
        });
    if (grades.values().stream().noneMatch(grade -> grade > 0)) {
      throw Rows.bad(row, "no document is relevant to \"" + query + "\"; leave the query out");
    }
  }

  private static long relevant(List<Integer> grades, int k) {
    return grades.stream().limit(k).filter(grade -> grade > 0).count();
  }

  private double discounted(List<Integer> grades, int k) {
    double sum = 0;
    for (int i = 0; i < Math.min(k, grades.size()); i++) {
      sum += gain.of(grades.get(i)) * Math.log(2) / Math.log(i + 2);
    }
    return sum;
  }

  private static double precisionsAtHits(List<Integer> grades) {
    double sum = 0;
    int hits = 0;
    for (int i = 0; i < grades.size(); i++) {
      if (grades.get(i) > 0) {
        hits++;
        sum += (double) hits / (i + 1);
      }
    }
    return sum;
  }

  private static double reciprocalRank(List<Integer> grades) {
    for (int i = 0; i < grades.size(); i++) {
      if (grades.get(i) > 0) {
        return 1.0 / (i + 1);
      }
    }
    return 0;
  }

  /** Adds all counts of another. */
  public void merge(Retrieval other) {
    Rows.sameSettings(gain + Arrays.toString(ks), other.gain + Arrays.toString(other.ks));
    for (String query : other.queries) {
      if (queries.contains(query)) {
        throw new IllegalArgumentException("Query \"" + query + "\" is in both parts");
      }
    }
    queries.addAll(other.queries);
    Arrays.setAll(ndcg, i -> ndcg[i] + other.ndcg[i]);
    Arrays.setAll(recall, i -> recall[i] + other.recall[i]);
    Arrays.setAll(precision, i -> precision[i] + other.precision[i]);
    averagePrecision += other.averagePrecision;
    reciprocalRank += other.reciprocalRank;
  }

  /** Returns the mean nDCG@k. */
  public double ndcg(int k) {
    return mean("nDCG", ndcg[Cutoffs.find(ks, k)]);
  }

  /** Returns the mean share of the relevant documents among the first k. */
  public double recall(int k) {
    return mean("Recall", recall[Cutoffs.find(ks, k)]);
  }

  /**
   * Returns the mean share of relevant documents among the first k; missing documents count as not
   * relevant.
   */
  public double precision(int k) {
    return mean("Precision", precision[Cutoffs.find(ks, k)]);
  }

  /** Returns the mean average precision over whole rankings. */
  public double meanAveragePrecision() {
    return mean("Mean average precision", averagePrecision);
  }

  /** Returns the mean reciprocal rank of the first relevant document, 0 if none was found. */
  public double meanReciprocalRank() {
    return mean("Mean reciprocal rank", reciprocalRank);
  }

  private double mean(String name, double sum) {
    Rows.some(name, queries.size());
    return sum / queries.size();
  }
}
