package io.adapt4j.eval.metric;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.Multiset;
import io.adapt4j.eval.internal.metric.Rows;
import io.adapt4j.eval.internal.metric.text.CommonSubsequence;
import io.adapt4j.eval.internal.metric.text.NGrams;
import io.adapt4j.eval.internal.metric.text.PorterStemmer;
import io.adapt4j.eval.internal.metric.text.PythonText;
import io.adapt4j.eval.internal.metric.text.RougeType;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * ROUGE (Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries") as the Python package
 * rouge_score computes it: lower case, words of a-z and 0-9 only, so other scripts score 0. The
 * score of a corpus is the mean of its rows. Keeps sums only.
 */
final class Rouge {

  /** Shorter words are not stemmed. */
  private static final int STEMMED_FROM = 4;

  private static final Pattern BETWEEN_WORDS = Pattern.compile("[^a-z0-9]+");
  private static final Pattern BETWEEN_LINES = Pattern.compile("\n");

  private final boolean stemmed;
  private final Map<RougeType, F1Score> sums = new EnumMap<>(RougeType.class);
  private long rows;

  /** Creates a metric without stemming. */
  public Rouge() {
    this(false);
  }

  public Rouge(boolean stemmed) {
    this.stemmed = stemmed;
  }

  public Map<RougeType, F1Score> add(String prediction, String reference) {
    Rows.present(rows + 1, "the prediction", prediction);
    Rows.present(rows + 1, "the reference", reference);
    rows++;
    Map<RougeType, F1Score> row = new EnumMap<>(RougeType.class);
    List<String> said = words(prediction);
    List<String> wanted = words(reference);
    for (RougeType type : RougeType.values()) {
      if (type.order() > 0) {
        row.put(type, ofNGrams(said, wanted, type.order()));
      }
    }
    row.put(RougeType.ROUGE_L, ofSubsequence(said, wanted));
    row.put(RougeType.ROUGE_LSUM, ofLines(lines(prediction), lines(reference)));
    row.forEach((type, score) -> sums.merge(type, score, F1Score::plus));
    return row;
  }

  /** Adds all counts of another. */
  public void merge(Rouge other) {
    Rows.sameSettings("stemmed=" + stemmed, "stemmed=" + other.stemmed);
    rows += other.rows;
    other.sums.forEach((type, score) -> sums.merge(type, score, F1Score::plus));
  }

  /** Returns the mean of the rows. */
  public F1Score score(RougeType type) {
    Rows.some("ROUGE", rows);
    return Objects.requireNonNull(sums.get(type)).dividedBy(rows);
  }

  Map<String, F1Score> scores() {
    Map<String, F1Score> scores = new LinkedHashMap<>();
    for (RougeType type : RougeType.values()) {
      scores.put(type.label(), score(type));
    }
    return scores;
  }

  private List<String> words(String text) {
    return BETWEEN_WORDS
        .splitAsStream(PythonText.lower(text))
        .filter(word -> !word.isEmpty())
        .map(word -> stemmed && word.length() >= STEMMED_FROM ? PorterStemmer.stem(word) : word)
        .toList();
  }

  private List<List<String>> lines(String text) {
    return BETWEEN_LINES
        .splitAsStream(text)
        .filter(line -> !line.isEmpty())
        .map(this::words)
        .toList();
  }

  private static F1Score ofNGrams(List<String> said, List<String> wanted, int n) {
    Multiset<List<String>> some = NGrams.ofWords(said, n);
    Multiset<List<String>> others = NGrams.ofWords(wanted, n);
    return F1Score.of(NGrams.overlap(some, others), some.size(), others.size());
  }

  private static F1Score ofSubsequence(List<String> said, List<String> wanted) {
    return F1Score.of(CommonSubsequence.length(wanted, said), said.size(), wanted.size());
  }

  private static F1Score ofLines(List<List<String>> said, List<List<String>> wanted) {
    Multiset<String> leftSaid = words(said);
    Multiset<String> leftWanted = words(wanted);
    long hits = 0;
    for (List<String> line : wanted) {
      BitSet common = new BitSet(line.size());
      said.forEach(candidate -> CommonSubsequence.mark(line, candidate, common));
      for (int i = common.nextSetBit(0); i >= 0; i = common.nextSetBit(i + 1)) {
        String word = line.get(i);
        if (leftSaid.contains(word) && leftWanted.remove(word)) {
          hits++;
          leftSaid.remove(word);
        }
      }
    }
    return F1Score.of(hits, size(said), size(wanted));
  }

  private static Multiset<String> words(List<List<String>> lines) {
    Multiset<String> words = HashMultiset.create();
    lines.forEach(words::addAll);
    return words;
  }

  private static long size(List<List<String>> lines) {
    return lines.stream().mapToLong(List::size).sum();
  }
}
