package io.adapt4j.eval.advise;

import io.adapt4j.eval.advise.Recommendation.Standing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Formats a recommendation. */
final class RecommendationText {

  private RecommendationText() {}

  static String of(Recommendation recommendation) {
    List<String> lines = new ArrayList<>();
    lines.add("| candidate | score | interval | behind the best | p | a question |");
    lines.add("| --- | --- | --- | --- | --- | --- |");
    recommendation.standings().forEach(standing -> lines.add(row(standing)));
    lines.add("");
    lines.add(verdict(recommendation));
    return String.join("\n", lines) + "\n";
  }

  private static String row(Standing item) {
    return format(
        "| %s | %.3f | %.3f to %.3f | %s | %s | %s |",
        item.strategy().candidateName(),
        item.score().value(),
        item.score().low(),
        item.score().high(),
        format("%.3f", Math.max(0, item.lag())),
        format("%.4f", item.pValue()),
        time(item));
  }

  private static String time(Standing standing) {
    if (standing.timePerQuestion().equals(Duration.ZERO)) {
      return "";
    }
    return format("%.1f ms", standing.timePerQuestion().toNanos() / 1e6)
        + (standing.isQuick() ? "" : ", too slow");
  }

  private static String verdict(Recommendation it) {
    String chosen = it.strategy().candidateName();
    String best = it.best().candidateName();
    if (!it.isConclusive()) {
      return format(
          "The exam is too small to tell: after %d questions, another may still be better than %s"
              + " by %s or more. About %d questions would tell. Until then take %s, the simplest"
              + " that is not significantly worse than the best.",
          it.questions(), chosen, number(it.margin()), it.questionsNeeded(), chosen);
    }
    if (it.strategy() != it.best()) {
      return format(
          "Recommended: %s. It is simpler than %s, which has the best score, and less than %s"
              + " behind it.",
          chosen, best, number(it.margin()));
    }
    return it.strategy() == it.standings().get(0).strategy()
        ? format("Recommended: %s. It has the best score, and nothing is simpler.", chosen)
        : format(
            "Recommended: %s. It has the best score, and whatever is simpler is significantly"
                + " worse.",
            chosen);
  }

  private static String number(double value) {
    return String.valueOf(value);
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
