package io.adapt4j.eval.metric;

import com.google.common.collect.Multiset;
import io.adapt4j.eval.internal.metric.Rows;
import io.adapt4j.eval.internal.metric.text.NGrams;
import io.adapt4j.eval.internal.metric.text.PythonText;
import io.adapt4j.eval.internal.metric.text.ReferenceCount;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * chrF and chrF++ of a corpus or of single sentences (Popović 2015, "chrF: character n-gram F-score
 * for automatic MT evaluation"; Popović 2017, "chrF++: words helping character n-grams"), equal to
 * sacrebleu 2.6. Keeps sums only.
 */
final class Chrf {

  private static final String EQUALS = "2.6.0";
  private static final double EPS = 1e-16;

  private final ChrfOptions options;
  private final ReferenceCount references = new ReferenceCount();
  private final OrderSums sums;
  private long rows;

  /** Creates a metric with sacrebleu's default options. */
  public Chrf() {
    this(ChrfOptions.CHRF);
  }

  public Chrf(ChrfOptions options) {
    this.options = options;
    this.sums = new OrderSums(options.orders());
  }

  /** Scores a single sentence. */
  public static double sentence(ChrfOptions options, String hypothesis, List<String> references) {
    Chrf chrf = new Chrf(options);
    chrf.add(hypothesis, references);
    return chrf.score();
  }

  public void add(String hypothesis, String reference) {
    add(hypothesis, Arrays.asList(reference));
  }

  /** Adds a row. Of several references the one with the best score is used. */
  public void add(String hypothesis, List<String> texts) {
    references.add(rows + 1, hypothesis, texts);
    rows++;
    Grams said = new Grams(options, hypothesis);
    @Nullable OrderSums best = null;
    double bestScore = -1;
    for (String text : texts) {
      OrderSums orderSums = said.against(new Grams(options, text));
      double score = score(orderSums);
      if (score > bestScore) {
        best = orderSums;
        bestScore = score;
      }
    }
    sums.add(Objects.requireNonNull(best));
  }

  /** Adds all counts of another. */
  public void merge(Chrf other) {
    Rows.sameSettings(options, other.options);
    references.merge(other.references);
    rows += other.rows;
    sums.add(other.sums);
  }

  /** Returns the corpus score of all rows. */
  public double score() {
    Rows.some("chrF", rows);
    return score(sums);
  }

  /** Returns the signature of the settings, as in sacrebleu. */
  public String signature() {
    return options.signature(references.signature()) + "|version:" + EQUALS;
  }

  private double score(OrderSums of) {
    return options.epsSmoothing() ? meanOfScores(of) : scoreOfMeans(of);
  }

  private double meanOfScores(OrderSums of) {
    double sum = 0;
    for (int i = 0; i < options.orders(); i++) {
      double precision = of.said[i] > 0 ? (double) of.matched[i] / of.said[i] : EPS;
      double recall = of.wanted[i] > 0 ? (double) of.matched[i] / of.wanted[i] : EPS;
      sum += precision + recall > 0 ? fScore(precision, recall) : EPS;
    }
    return 100 * sum / options.orders();
  }

  private double scoreOfMeans(OrderSums of) {
    double precision = 0;
    double recall = 0;
    int orders = 0;
    for (int i = 0; i < options.orders(); i++) {
      if (of.said[i] > 0 && of.wanted[i] > 0) {
        precision += (double) of.matched[i] / of.said[i];
        recall += (double) of.matched[i] / of.wanted[i];
        orders++;
      }
    }
    return precision + recall > 0 ? 100 * fScore(precision / orders, recall / orders) : 0;
  }

  private double fScore(double precision, double recall) {
    double factor = options.beta() * options.beta();
    return (1 + factor) * precision * recall / (factor * precision + recall);
  }

  /** Counts of n-grams by order, characters first. */
  private static final class OrderSums {
    private final long[] said;
    private final long[] wanted;
    private final long[] matched;

    private OrderSums(int orders) {
      said = new long[orders];
      wanted = new long[orders];
      matched = new long[orders];
    }

    private void add(OrderSums other) {
      for (int i = 0; i < said.length; i++) {
        said[i] += other.said[i];
        wanted[i] += other.wanted[i];
        matched[i] += other.matched[i];
      }
    }
  }

  /** The n-grams of one text, by order. */
  private static final class Grams {
    private final List<Multiset<?>> orders = new ArrayList<>();

    private Grams(ChrfOptions options, String text) {
      String cased = options.lowercase() ? PythonText.lower(text) : text;
      String kept = options.whitespace() ? cased : String.join("", PythonText.split(cased));
      int[] characters = kept.codePoints().toArray();
      for (int n = 1; n <= options.characterOrder(); n++) {
        orders.add(NGrams.ofCharacters(characters, n));
      }
      List<String> words = options.wordOrder() > 0 ? words(cased) : List.of();
      for (int n = 1; n <= options.wordOrder(); n++) {
        orders.add(NGrams.ofWords(words, n));
      }
    }

    /** Orders that the reference is too short for do not count as predicted. */
    private OrderSums against(Grams reference) {
      OrderSums sums = new OrderSums(orders.size());
      for (int i = 0; i < orders.size(); i++) {
        long wanted = reference.orders.get(i).size();
        sums.wanted[i] = wanted;
        sums.said[i] = wanted == 0 ? 0 : orders.get(i).size();
        sums.matched[i] = NGrams.overlap(orders.get(i), reference.orders.get(i));
      }
      return sums;
    }

    /** Splits off a single punctuation mark at the end of a word, or else at the beginning. */
    private static List<String> words(String text) {
      List<String> words = new ArrayList<>();
      for (String word : PythonText.split(text)) {
        int last = word.length() - 1;
        if (word.codePointCount(0, word.length()) == 1) {
          words.add(word);
        } else if (PythonText.isPunctuation(word.charAt(last))) {
          words.add(word.substring(0, last));
          words.add(word.substring(last));
        } else if (PythonText.isPunctuation(word.charAt(0))) {
          words.add(word.substring(0, 1));
          words.add(word.substring(1));
        } else {
          words.add(word);
        }
      }
      return words;
    }
  }
}
