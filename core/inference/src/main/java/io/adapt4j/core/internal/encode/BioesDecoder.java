package io.adapt4j.core.internal.encode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Viterbi decoding of BIOES labels: the path with the highest sum of log-probabilities and
 * transition biases among those that consist of whole spans. A span is one S- label, or a B- label,
 * any number of I- and an E- of the same category. Immutable.
 */
public final class BioesDecoder {

  private static final String OUTSIDE = "O";
  private static final Set<String> PREFIXES = Set.of("B-", "I-", "E-", "S-");

  private final List<String> labels;
  private final double[][] transitions;

  /** Span of tokens. */
  public record Span(String category, int from, int to) {}

  private BioesDecoder(List<String> labels, BioesBiases biases) {
    this.labels = labels;
    this.transitions = new double[labels.size()][labels.size()];
    for (int from = 0; from < transitions.length; from++) {
      for (int to = 0; to < transitions.length; to++) {
        transitions[from][to] = transition(labels.get(from), labels.get(to), biases);
      }
    }
  }

  /** Creates a decoder; empty if labels are not O and all four of every category. */
  public static Optional<BioesDecoder> of(List<String> labels, BioesBiases biases) {
    Map<String, Set<String>> prefixes = new HashMap<>();
    boolean outside = false;
    for (String label : labels) {
      if (label.equals(OUTSIDE)) {
        outside = true;
      } else {
        String prefix = label.substring(0, Math.min(2, label.length()));
        prefixes.computeIfAbsent(category(label), key -> new HashSet<>()).add(prefix);
      }
    }
    boolean complete = prefixes.values().stream().allMatch(PREFIXES::equals);
    boolean distinct = labels.size() == 1 + PREFIXES.size() * prefixes.size();
    return outside && complete && distinct && labels.size() > 1
        ? Optional.of(new BioesDecoder(List.copyOf(labels), biases))
        : Optional.empty();
  }

  private static String category(String label) {
    return label.substring(Math.min(2, label.length()));
  }

  private static double transition(String from, String to, BioesBiases biases) {
    boolean starts = startsSpan(to);
    if (from.equals(OUTSIDE)) {
      return to.equals(OUTSIDE)
          ? biases.backgroundStay()
          : starts ? biases.backgroundToStart() : Double.NEGATIVE_INFINITY;
    }
    if (endsSpan(from)) {
      return to.equals(OUTSIDE)
          ? biases.endToBackground()
          : starts ? biases.endToStart() : Double.NEGATIVE_INFINITY;
    }
    boolean inside = !to.equals(OUTSIDE) && !starts && category(from).equals(category(to));
    if (!inside) {
      return Double.NEGATIVE_INFINITY;
    }
    return to.startsWith("I-") ? biases.insideToContinue() : biases.insideToEnd();
  }

  private static boolean startsSpan(String label) {
    return label.startsWith("B-") || label.startsWith("S-");
  }

  private static boolean endsSpan(String label) {
    return label.startsWith("E-") || label.startsWith("S-");
  }

  /**
   * Finds the best path of labels.
   *
   * @return the label of each token; of equally good ones that with the lower index
   */
  public int[] decode(List<double[]> probabilities) {
    int tokens = probabilities.size();
    if (tokens == 0) {
      return new int[0];
    }
    int count = labels.size();
    short[][] before = new short[tokens][count];
    double[] scores = new double[count];
    for (int label = 0; label < count; label++) {
      boolean first = labels.get(label).equals(OUTSIDE) || startsSpan(labels.get(label));
      scores[label] = first ? log(probabilities.get(0)[label]) : Double.NEGATIVE_INFINITY;
    }
    for (int token = 1; token < tokens; token++) {
      double[] next = new double[count];
      for (int to = 0; to < count; to++) {
        int best = 0;
        for (int from = 1; from < count; from++) {
          if (scores[from] + transitions[from][to] > scores[best] + transitions[best][to]) {
            best = from;
          }
        }
        before[token][to] = (short) best;
        next[to] = scores[best] + transitions[best][to] + log(probabilities.get(token)[to]);
      }
      scores = next;
    }
    int[] path = new int[tokens];
    path[tokens - 1] = last(scores);
    for (int token = tokens - 1; token > 0; token--) {
      path[token - 1] = before[token][path[token]];
    }
    return path;
  }

  /** A probability that underflows must not forbid a path. */
  private static double log(double probability) {
    return Math.log(Math.max(probability, Double.MIN_VALUE));
  }

  private int last(double[] scores) {
    int best = labels.indexOf(OUTSIDE);
    for (int label = 0; label < scores.length; label++) {
      if (endsSpan(labels.get(label)) && scores[label] > scores[best]) {
        best = label;
      }
    }
    return best;
  }

  public List<Span> spans(int... path) {
    List<Span> spans = new ArrayList<>();
    int from = 0;
    for (int token = 0; token < path.length; token++) {
      String label = labels.get(path[token]);
      if (startsSpan(label)) {
        from = token;
      }
      if (endsSpan(label)) {
        spans.add(new Span(category(label), from, token + 1));
      }
    }
    return spans;
  }
}
