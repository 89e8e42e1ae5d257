package io.adapt4j.eval.task;

import io.adapt4j.eval.spi.AnswerMetric;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Grades a reply by the words it mentions of all those that could be meant. */
record Mentions(Set<String> candidates) implements AnswerMetric {

  static final String FOUND = "found";
  static final String EXACT = "exact";

  Mentions {
    candidates = candidates.stream().map(Mentions::plain).collect(Collectors.toSet());
  }

  private static String plain(String word) {
    return word.toLowerCase(Locale.ROOT);
  }

  @Override
  public List<String> names() {
    return List.of(FOUND, EXACT);
  }

  @Override
  public Map<String, Double> grade(String answer, List<String> references) {
    // A number may be written with separators.
    String joined = answer.replaceAll("(?<=\\d)[,.' ](?=\\d{3}(?!\\d))", "");
    Set<String> said = new HashSet<>();
    for (String word : plain(joined).split("[^\\p{L}\\p{N}]+", -1)) {
      if (candidates.contains(word)) {
        said.add(word);
      }
    }
    Set<String> wanted = references.stream().map(Mentions::plain).collect(Collectors.toSet());
    double found = (double) wanted.stream().filter(said::contains).count() / wanted.size();
    return Map.of(FOUND, found, EXACT, said.equals(wanted) ? 1.0 : 0.0);
  }
}
