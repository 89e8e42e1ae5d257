package extensions;

import io.adapt4j.eval.spi.AnswerMetric;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The share of the words of the right answer that an answer has, of the best right answer. */
public final class WordOverlap implements AnswerMetric {

  @Override
  public List<String> names() {
    return List.of("overlap");
  }

  @Override
  public Map<String, Double> grade(String answer, List<String> references) {
    Set<String> words = words(answer);
    double best = 0;
    for (String reference : references) {
      Set<String> wanted = words(reference);
      double found = wanted.stream().filter(words::contains).count();
      best = Math.max(best, found / wanted.size());
    }
    return Map.of("overlap", best);
  }

  private static Set<String> words(String text) {
    return new HashSet<>(List.of(text.strip().toLowerCase().split("\\W+")));
  }
}
