package io.adapt4j.upkeep.cycle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;

/**
 * Evidence that the differences of pairs of scores are below 0 on average: the money of a gambler
 * who begins with 1 and stakes shares of it on each pair to come, averaged over several shares. If
 * no difference to come is expected to be below 0, the money is not expected to grow, and the
 * probability that it ever reaches 1 / level is at most the level (Ville's inequality), whatever
 * the distribution and however often one looks.
 */
final class Evidence {

  private static final double[] STAKES = {0.05, 0.1, 0.2, 0.4, 0.8};

  private final double[] logs = new double[STAKES.length];

  /** Adds a difference from -1 to 1. */
  void add(double difference) {
    for (int i = 0; i < STAKES.length; i++) {
      logs[i] += Math.log1p(-STAKES[i] * difference);
    }
  }

  boolean reaches(double level) {
    double most = Double.NEGATIVE_INFINITY;
    for (double log : logs) {
      most = Math.max(most, log);
    }
    double sum = 0;
    for (double log : logs) {
      sum += Math.exp(log - most);
    }
    return most + Math.log(sum / STAKES.length) >= -Math.log(level);
  }

  void write(ArrayNode json) {
    for (double log : logs) {
      json.add(log);
    }
  }

  void read(JsonNode json) {
    if (json.size() != logs.length) {
      throw new IllegalArgumentException(
          "evidence: expected " + logs.length + " numbers, found " + json.size());
    }
    for (int i = 0; i < logs.length; i++) {
      logs[i] = json.get(i).asDouble();
    }
  }
}
