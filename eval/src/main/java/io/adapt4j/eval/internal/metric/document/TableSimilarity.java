package io.adapt4j.eval.internal.metric.document;

import io.adapt4j.eval.internal.metric.Rows;
import io.adapt4j.eval.internal.metric.text.EditDistance;
import java.util.Arrays;

/**
 * Tree-edit-distance-based similarity of HTML tables (Zhong, ShafieiBavani and Jimeno Yepes 2020,
 * "Image-based table recognition", equation 3): 1 minus the distance as a share of the larger tree.
 * Inserting, deleting or changing tag or spans costs 1; cells of equal shape cost the normalized
 * edit distance of their texts. Header cells count as cells, markup within cells does not count.
 * The distance is that of Zhang and Shasha 1989, "Simple fast algorithms for the editing distance
 * between trees and related problems". Keeps sums only.
 */
public final class TableSimilarity {

  private final boolean structure;
  private long rows;
  private double sum;

  /** Creates the similarity of structure and text, or of the structure only. */
  public TableSimilarity(boolean structure) {
    this.structure = structure;
  }

  /** Adds a row of two HTML texts. */
  public void add(String prediction, String truth) {
    Rows.present(rows + 1, "the prediction", prediction);
    Rows.present(rows + 1, "the reference", truth);
    TableTree wanted = TableTree.of(truth);
    if (wanted.size() == 0) {
      throw Rows.bad(rows + 1, "the reference has no <table> with rows; write it in HTML");
    }
    if (wanted.size() > TableTree.LARGEST) {
      throw Rows.bad(
          rows + 1,
          "the reference's table has %d rows and cells, but %d can be compared; divide it"
              .formatted(wanted.size(), TableTree.LARGEST));
    }
    TableTree found = TableTree.of(prediction);
    rows++;
    if (found.size() <= TableTree.LARGEST) {
      double larger = Math.max(found.size(), wanted.size());
      sum += 1 - new Distance(found, wanted).compute() / larger;
    }
  }

  /** Adds all counts of another. */
  public void merge(TableSimilarity other) {
    Rows.sameSettings("structure only: " + structure, "structure only: " + other.structure);
    rows += other.rows;
    sum += other.sum;
  }

  /** Returns the mean similarity. */
  public double mean() {
    Rows.some("TEDS", rows);
    return sum / rows;
  }

  private double replacement(TableTree.Node some, TableTree.Node other) {
    if (!some.hasShapeOf(other)) {
      return 1;
    }
    return some.isCell() && !structure ? EditDistance.normalized(some.text(), other.text()) : 0;
  }

  /** Distance of two trees, from those of their subtrees. */
  private final class Distance {
    private final TableTree some;
    private final TableTree other;
    private final float[][] subtrees;
    private final float[][] forests;

    Distance(TableTree some, TableTree other) {
      this.some = some;
      this.other = other;
      this.subtrees = new float[some.nodes().size()][other.nodes().size()];
      this.forests = new float[some.nodes().size() + 1][other.nodes().size() + 1];
    }

    double compute() {
      int[] others = roots(other);
      for (int root : roots(some)) {
        for (int second : others) {
          compare(root, second);
        }
      }
      return subtrees[some.nodes().size() - 1][other.nodes().size() - 1];
    }

    /** Returns the last node of each group with the same first leaf, in ascending order. */
    private int[] roots(TableTree tree) {
      int[] last = new int[tree.nodes().size()];
      Arrays.fill(last, -1);
      for (int node = 0; node < last.length; node++) {
        last[tree.first(node)] = node;
      }
      return Arrays.stream(last).filter(node -> node >= 0).sorted().toArray();
    }

    private void compare(int root, int second) {
      int from = some.first(root);
      int start = other.first(second);
      forests[from][start] = 0;
      for (int i = from; i <= root; i++) {
        forests[i + 1][start] = forests[i][start] + 1;
      }
      for (int j = start; j <= second; j++) {
        forests[from][j + 1] = forests[from][j] + 1;
      }
      for (int i = from; i <= root; i++) {
        for (int j = start; j <= second; j++) {
          float least = Math.min(forests[i][j + 1], forests[i + 1][j]) + 1;
          if (some.first(i) == from && other.first(j) == start) {
            double cost = replacement(some.nodes().get(i), other.nodes().get(j));
            least = Math.min(least, forests[i][j] + (float) cost);
            subtrees[i][j] = least;
          } else {
            least = Math.min(least, forests[some.first(i)][other.first(j)] + subtrees[i][j]);
          }
          forests[i + 1][j + 1] = least;
        }
      }
    }
  }
}
