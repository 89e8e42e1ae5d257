package io.adapt4j.eval.metric;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.Multiset;
import io.adapt4j.eval.internal.metric.Rows;
import io.adapt4j.eval.internal.metric.text.NGrams;
import io.adapt4j.eval.internal.metric.text.PythonText;
import io.adapt4j.eval.internal.metric.text.ReferenceCount;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * BLEU of a corpus or of single sentences (Papineni et al. 2002, "BLEU: a Method for Automatic
 * Evaluation of Machine Translation"), equal to sacrebleu 2.6 (Post 2018, "A Call for Clarity in
 * Reporting BLEU Scores"). Keeps sums only.
 */
final class Bleu {

  private static final String EQUALS = "2.6.0";

  private final BleuOptions options;
  private final long[] correct;
  private final long[] total;
  private final ReferenceCount references = new ReferenceCount();
  private long rows;
  private long length;
  private long referenceLength;

  /** Creates a metric with sacrebleu's default options. */
  public Bleu() {
    this(BleuOptions.DEFAULT);
  }

  public Bleu(BleuOptions options) {
    this.options = options;
    this.correct = new long[options.maxOrder()];
    this.total = new long[options.maxOrder()];
  }

  public static BleuScore sentence(
      BleuOptions options, String hypothesis, List<String> references) {
    Bleu bleu = new Bleu(options);
    bleu.add(hypothesis, references);
    return bleu.score();
  }

  public void add(String hypothesis, String reference) {
    add(hypothesis, Arrays.asList(reference));
  }

  public void add(String hypothesis, List<String> texts) {
    references.add(rows + 1, hypothesis, texts);
    rows++;
    List<String> words = words(hypothesis);
    List<List<String>> wanted = texts.stream().map(this::words).toList();
    length += words.size();
    referenceLength += closestLength(words.size(), wanted);
    for (int n = 1; n <= options.maxOrder(); n++) {
      Multiset<List<String>> most = HashMultiset.create();
      for (List<String> reference : wanted) {
        for (Multiset.Entry<List<String>> gram : NGrams.ofWords(reference, n).entrySet()) {
          most.setCount(
              gram.getElement(), Math.max(gram.getCount(), most.count(gram.getElement())));
        }
      }
      correct[n - 1] += NGrams.overlap(NGrams.ofWords(words, n), most);
      total[n - 1] += Math.max(0, words.size() - n + 1);
    }
  }

  /** Adds all counts of another. */
  public void merge(Bleu other) {
    Rows.sameSettings(options, other.options);
    references.merge(other.references);
    rows += other.rows;
    length += other.length;
    referenceLength += other.referenceLength;
    for (int i = 0; i < correct.length; i++) {
      correct[i] += other.correct[i];
      total[i] += other.total[i];
    }
  }

  /** Returns the corpus score of all rows. */
  public BleuScore score() {
    Rows.some("BLEU", rows);
    double[] matched = Arrays.stream(correct).asDoubleStream().toArray();
    double[] all = Arrays.stream(total).asDoubleStream().toArray();
    double penalty = brevityPenalty();
    double[] precisions = new double[matched.length];
    double score = 0;
    if (Arrays.stream(correct).anyMatch(count -> count > 0)) {
      addK(matched, all);
      int order = fillPrecisions(precisions, matched, all);
      double logs = Arrays.stream(precisions, 0, order).map(Math::log).sum();
      score = penalty * Math.exp(logs / order);
    }
    return new BleuScore(
        score,
        list(matched),
        list(all),
        list(precisions),
        penalty,
        length,
        referenceLength,
        signature());
  }

  /** Returns the signature of the settings, as in sacrebleu. */
  public String signature() {
    return options.signature(references.signature()) + "|version:" + EQUALS;
  }

  private List<String> words(String text) {
    String cased = options.lowercase() ? PythonText.lower(text) : text;
    return PythonText.split(options.tokenize(PythonText.stripTrailing(cased)));
  }

  /** Of two lengths equally close, the shorter one is used. */
  private static int closestLength(int length, List<List<String>> references) {
    int closest = references.get(0).size();
    for (List<String> reference : references) {
      int difference = Math.abs(reference.size() - length) - Math.abs(closest - length);
      if (difference < 0 || (difference == 0 && reference.size() < closest)) {
        closest = reference.size();
      }
    }
    return closest;
  }

  private double brevityPenalty() {
    if (length >= referenceLength) {
      return 1;
    }
    return length == 0 ? 0 : Math.exp(1 - (double) referenceLength / length);
  }

  /** As in sacrebleu, orders above the first without any n-gram stay as they are. */
  private void addK(double[] matched, double[] all) {
    if (!options.smoothing().equals(BleuOptions.ADD_K)) {
      return;
    }
    for (int i = 1; i < matched.length; i++) {
      matched[i] += options.smoothingValue();
      all[i] += options.smoothingValue();
      if (all[i] == 0) {
        return;
      }
    }
  }

  /** Returns the number of orders in the score. */
  private int fillPrecisions(double[] precisions, double[] matched, double[] all) {
    double halves = 1;
    int order = 0;
    while (order < precisions.length && all[order] > 0) {
      if (matched[order] > 0) {
        precisions[order] = 100 * matched[order] / all[order];
      } else if (options.smoothing().equals(BleuOptions.EXP)) {
        halves *= 2;
        precisions[order] = 100 / (halves * all[order]);
      } else if (options.smoothing().equals(BleuOptions.FLOOR)) {
        precisions[order] = 100 * options.smoothingValue() / all[order];
      }
      order++;
    }
    return options.effectiveOrder() ? order : precisions.length;
  }

  private static List<Double> list(double[] values) {
    List<Double> list = new ArrayList<>();
    for (double value : values) {
      list.add(value);
    }
    return list;
  }
}
