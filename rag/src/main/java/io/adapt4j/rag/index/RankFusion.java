package io.adapt4j.rag.index;

import io.adapt4j.rag.spi.Fusion;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Fusion of the hits found by words and by vector. */
final class RankFusion {

  private RankFusion() {}

  /** Merges two lists. A chunk in only one of them scores 0 in the other. */
  static List<Scored> fuse(List<Scored> words, List<Scored> vectors, Fusion fusion) {
    Map<ChunkKey, Double> sums = new HashMap<>();
    if (fusion instanceof Fusion.ReciprocalRank rank) {
      addRanks(sums, words, rank.k(), 1 - rank.vectorWeight());
      addRanks(sums, vectors, rank.k(), rank.vectorWeight());
    } else if (fusion instanceof Fusion.WeightedScores scores) {
      addScores(sums, words, 1 - scores.vectorWeight());
      addScores(sums, vectors, scores.vectorWeight());
    }
    return sums.entrySet().stream()
        .map(sum -> new Scored(sum.getKey(), sum.getValue()))
        .sorted(Scored.ORDER)
        .toList();
  }

  private static void addRanks(
      Map<ChunkKey, Double> sums, List<Scored> list, double k, double weight) {
    for (int i = 0; i < list.size(); i++) {
      sums.merge(list.get(i).key(), weight / (k + i + 1), Double::sum);
    }
  }

  private static void addScores(Map<ChunkKey, Double> sums, List<Scored> list, double weight) {
    double least = list.stream().mapToDouble(Scored::score).min().orElse(0);
    double most = list.stream().mapToDouble(Scored::score).max().orElse(0);
    for (Scored scored : list) {
      // If all scores are equal, all count as the best.
      double share = most > least ? (scored.score() - least) / (most - least) : 1;
      sums.merge(scored.key(), weight * share, Double::sum);
    }
  }
}
