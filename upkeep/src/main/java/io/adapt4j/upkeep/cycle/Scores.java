package io.adapt4j.upkeep.cycle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayDeque;
import java.util.Deque;

/** The latest scores of a version, oldest first. */
final class Scores {

  private static final int MOST = 10_000;

  final Deque<Double> latest = new ArrayDeque<>();

  void add(double score) {
    latest.add(score);
    if (latest.size() > MOST) {
      latest.remove();
    }
  }

  void write(ArrayNode json) {
    latest.forEach(json::add);
  }

  void read(JsonNode json) {
    for (JsonNode score : json) {
      add(requireScore(score.asDouble(Double.NaN)));
    }
  }

  static double requireScore(double score) {
    if (!(score >= 0 && score <= 1)) {
      throw new IllegalArgumentException("score: expected from 0 to 1, found " + score);
    }
    return score;
  }
}
