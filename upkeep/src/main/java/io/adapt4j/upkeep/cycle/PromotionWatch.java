package io.adapt4j.upkeep.cycle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.upkeep.registry.ModelVersion;
import java.util.Locale;

/** Comparison of a version's scores with those of the version before, since its promotion. */
final class PromotionWatch {

  final ModelVersion promoted;
  final ModelVersion former;
  final Scores scores = new Scores();
  final Scores formerScores = new Scores();
  private final Evidence evidence = new Evidence();
  private long pairs;
  private double sum;
  private double formerSum;

  PromotionWatch(ModelVersion promoted, ModelVersion former) {
    this.promoted = promoted;
    this.former = former;
  }

  /** Pairs scores as far as both have some; returns whether the promoted version is worse. */
  boolean isWorse(double level) {
    while (!scores.latest.isEmpty() && !formerScores.latest.isEmpty()) {
      // The latest is the nearest in time; no choice may depend on the scores.
      double score = scores.latest.remove();
      double formerScore = formerScores.latest.removeLast();
      pairs++;
      sum += score;
      formerSum += formerScore;
      evidence.add(score - formerScore);
      if (evidence.reaches(level)) {
        return true;
      }
    }
    return false;
  }

  void write(ObjectNode json) {
    json.put("former", former.exact());
    json.put("pairs", pairs).put("sum", sum).put("formerSum", formerSum);
    evidence.write(json.putArray("evidence"));
    scores.write(json.putArray("scores"));
    formerScores.write(json.putArray("formerScores"));
  }

  void read(JsonNode json) {
    pairs = json.path("pairs").asLong();
    sum = json.path("sum").asDouble();
    formerSum = json.path("formerSum").asDouble();
    evidence.read(json.path("evidence"));
    scores.read(json.path("scores"));
    formerScores.read(json.path("formerScores"));
  }

  String text(String figure) {
    return String.format(
        Locale.ROOT,
        "%s of %s %.4f, of %s %.4f, in %d pairs",
        figure,
        promoted.reference(),
        sum / Math.max(1, pairs),
        former.reference(),
        formerSum / Math.max(1, pairs),
        pairs);
  }
}
