package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.adapt4j.core.internal.metric.Counts;
import io.adapt4j.eval.metric.Average;
import io.adapt4j.eval.metric.Bleu;
import io.adapt4j.eval.metric.BleuOptions;
import io.adapt4j.eval.metric.BleuScore;
import io.adapt4j.eval.metric.BleuTokenizer;
import io.adapt4j.eval.metric.Chrf;
import io.adapt4j.eval.metric.ChrfOptions;
import io.adapt4j.eval.metric.Classification;
import io.adapt4j.eval.metric.MulticlassAuc;
import io.adapt4j.eval.metric.OverlapScore;
import io.adapt4j.eval.metric.ProbabilityScores;
import io.adapt4j.eval.metric.RankCorrelation;
import io.adapt4j.eval.metric.Regression;
import io.adapt4j.eval.metric.RocAuc;
import io.adapt4j.eval.metric.Rouge;
import io.adapt4j.eval.metric.RougeType;
import io.adapt4j.eval.metric.Smoothing;
import io.adapt4j.eval.metric.SquadAnswers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleSupplier;

/** Files of metrics: translations, summaries, answers, classes and numbers. */
final class MetricsCheck {

  static final Kind TRANSLATION =
      file("metrics of translations", "/hypotheses/0", MetricsCheck::translations);
  static final Kind SUMMARIES =
      file("metrics of summaries", "/cases/0/target", MetricsCheck::summaries);
  static final Kind ANSWERS = file("metrics of answers", "/cases/0/gold", MetricsCheck::answers);
  static final Kind CLASSES = file("metrics of classes", "/cases/0/y_true", MetricsCheck::classes);

  private static final double SACREBLEU = 1e-6;
  private static final double EXACT = 1e-9;

  private static final Map<String, BleuTokenizer> TOKENIZERS =
      Map.of(
          "13a", BleuTokenizer.MTEVAL_13A,
          "none", BleuTokenizer.NONE,
          "char", BleuTokenizer.CHARACTER,
          "intl", BleuTokenizer.INTERNATIONAL,
          "zh", BleuTokenizer.CHINESE);

  private static final Map<String, RougeType> ROUGE =
      Map.of(
          "rouge1", RougeType.ROUGE_1,
          "rouge2", RougeType.ROUGE_2,
          "rouge3", RougeType.ROUGE_3,
          "rougeL", RougeType.ROUGE_L,
          "rougeLsum", RougeType.ROUGE_LSUM);

  private MetricsCheck() {}

  /** Checks the content of a file. */
  private interface Content {
    void check(JsonNode json, Report.Section section);
  }

  private static Kind file(String name, String mark, Content content) {
    return new Kind(
        name,
        source -> source.isFile() && !source.json().at(mark).isMissingNode(),
        (source, section) -> content.check(source.json(), section));
  }

  private static void translations(JsonNode json, Report.Section section) {
    List<String> said = texts(json.path("hypotheses"));
    List<List<String>> references = new ArrayList<>();
    json.path("references").forEach(stream -> references.add(texts(stream)));
    Texts corpus = new Texts(said, references);
    json.properties()
        .forEach(
            field -> {
              String name = field.getKey();
              JsonNode value = field.getValue();
              section.attempt(
                  name,
                  () -> {
                    switch (name) {
                      case "versions", "hypotheses", "references" -> {}
                      case "tokenized_13a" -> tokenized(corpus, texts(value), section);
                      case "bleu_corpus" -> each(name, value, section, corpus::bleu);
                      case "bleu_sentence_effective_order" ->
                          each(name, value, section, corpus::sentences);
                      case "bleu_sentence_exp_no_effective_order" ->
                          section.compared(name, corpus.sentenceScores(value));
                      case "chrf" -> each(name, value, section, corpus::chrf);
                      default -> throw new UnsupportedQuantityException("metric " + name);
                    }
                  });
            });
  }

  private static void tokenized(Texts corpus, List<String> wanted, Report.Section section) {
    for (int i = 0; i < wanted.size(); i++) {
      section.equal(
          "tokenized_13a row " + i,
          wanted.get(i),
          BleuTokenizer.MTEVAL_13A.tokenize(corpus.said().get(i)));
    }
  }

  /** Recomputes one variant of a metric. */
  private interface Variant {
    Deviation of(String name, JsonNode wanted);
  }

  private static void each(String metric, JsonNode all, Report.Section section, Variant variant) {
    all.properties()
        .forEach(
            field -> {
              String quantity = metric + " " + field.getKey();
              section.attempt(
                  quantity,
                  () -> section.compared(quantity, variant.of(field.getKey(), field.getValue())));
            });
  }

  /**
   * Texts with streams of references.
   *
   * @param said the texts
   * @param references streams of one reference a text
   */
  private record Texts(List<String> said, List<List<String>> references) {

    private List<String> references(int row, int count) {
      return references.stream().limit(count).map(stream -> stream.get(row)).toList();
    }

    Deviation bleu(String name, JsonNode wanted) {
      BleuOptions options = options(wanted.path("args"));
      Deviation worst = Deviation.NONE;
      Map<String, Integer> counts = Map.of("single_reference", 1, "two_references", 2);
      String signature = "";
      for (String field : List.of("single_reference", "two_references")) {
        if (wanted.has(field)) {
          Bleu bleu = new Bleu(options);
          for (int i = 0; i < said.size(); i++) {
            bleu.add(said.get(i), references(i, counts.get(field)));
          }
          worst = worst.or(deviation(bleu.score(), wanted.path(field)));
          signature = bleu.signature();
        }
      }
      if (wanted.has("signature") && !signature.equals(wanted.path("signature").asText())) {
        throw new GoldenException(
            "signature: expected " + wanted.path("signature").asText() + ", found " + signature);
      }
      return worst;
    }

    Deviation sentences(String method, JsonNode rows) {
      BleuOptions options =
          BleuOptions.DEFAULT
              .with(smoothing(method, MissingNode.getInstance()))
              .withEffectiveOrder();
      Deviation worst = Deviation.NONE;
      for (int i = 0; i < said.size(); i++) {
        worst =
            worst.or(
                deviation(Bleu.sentence(options, said.get(i), references(i, 1)), rows.path(i)));
      }
      return worst;
    }

    Deviation sentenceScores(JsonNode rows) {
      Deviation worst = Deviation.NONE;
      for (int i = 0; i < said.size(); i++) {
        worst =
            worst.or(
                of(
                    Bleu.sentence(BleuOptions.DEFAULT, said.get(i), references(i, 1)).score(),
                    rows.path(i),
                    SACREBLEU));
      }
      return worst;
    }

    Deviation chrf(String name, JsonNode wanted) {
      JsonNode args = wanted.path("args");
      ChrfOptions options =
          new ChrfOptions(
              args.path("char_order").asInt(6),
              args.path("word_order").asInt(0),
              args.path("beta").asDouble(2),
              args.path("lowercase").asBoolean(),
              args.path("whitespace").asBoolean(),
              args.path("eps_smoothing").asBoolean());
      Chrf one = new Chrf(options);
      Chrf two = new Chrf(options);
      Deviation worst = Deviation.NONE;
      for (int i = 0; i < said.size(); i++) {
        one.add(said.get(i), references(i, 1));
        two.add(said.get(i), references(i, 2));
        worst =
            worst.or(
                of(
                    Chrf.sentence(options, said.get(i), references(i, 1)),
                    wanted.path("sentences").path(i),
                    SACREBLEU));
      }
      return worst
          .or(of(one.score(), wanted.path("corpus"), SACREBLEU))
          .or(of(two.score(), wanted.path("corpus_two_references"), SACREBLEU));
    }
  }

  private static BleuOptions options(JsonNode args) {
    String tokenizer = args.path("tokenize").asText("13a");
    if (!TOKENIZERS.containsKey(tokenizer)) {
      throw new UnsupportedQuantityException("BLEU tokenizer " + tokenizer);
    }
    BleuOptions options =
        BleuOptions.DEFAULT
            .with(TOKENIZERS.get(tokenizer))
            .with(smoothing(args.path("smooth_method").asText("exp"), args.path("smooth_value")))
            .withMaxOrder(args.path("max_ngram_order").asInt(4));
    options = args.path("effective_order").asBoolean() ? options.withEffectiveOrder() : options;
    return args.path("lowercase").asBoolean() ? options.ignoringCase() : options;
  }

  private static Smoothing smoothing(String method, JsonNode value) {
    return switch (method) {
      case "none" -> Smoothing.none();
      case "exp" -> Smoothing.exp();
      case "floor" -> Smoothing.floor(value.asDouble(0.1));
      case "add-k" -> Smoothing.addK(value.asDouble(1));
      default -> throw new UnsupportedQuantityException("BLEU smoothing " + method);
    };
  }

  private static Deviation deviation(BleuScore score, JsonNode wanted) {
    return of(score.score(), wanted.path("score"), SACREBLEU)
        .or(of(score.brevityPenalty(), wanted.path("bp"), SACREBLEU))
        .or(of((double) score.length(), wanted.path("sys_len"), 0))
        .or(of((double) score.referenceLength(), wanted.path("ref_len"), 0))
        .or(of(score.counts(), wanted.path("counts")))
        .or(of(score.totals(), wanted.path("totals")))
        .or(of(score.precisions(), wanted.path("precisions")));
  }

  private static Deviation of(List<Double> found, JsonNode wanted) {
    if (found.size() != wanted.size()) {
      throw new GoldenException("expected " + wanted.size() + " orders, found " + found.size());
    }
    Deviation worst = Deviation.NONE;
    for (int i = 0; i < found.size(); i++) {
      worst = worst.or(of(found.get(i), wanted.path(i), SACREBLEU));
    }
    return worst;
  }

  private static Deviation of(double found, JsonNode wanted, double tolerance) {
    return Deviation.of(found, wanted.asDouble(Double.NaN), tolerance, 0);
  }

  private static void summaries(JsonNode json, Report.Section section) {
    int row = 0;
    for (JsonNode one : json.path("cases")) {
      for (String variant : List.of("plain", "stemmed")) {
        String quantity = "row " + row + " " + variant;
        section.attempt(
            quantity,
            () -> section.compared(quantity, rouge(one, variant.equals("stemmed"), variant)));
      }
      row++;
    }
  }

  private static Deviation rouge(JsonNode one, boolean stemmed, String variant) {
    Map<RougeType, OverlapScore> found =
        new Rouge(stemmed).add(one.path("prediction").asText(), one.path("target").asText());
    Deviation worst = Deviation.NONE;
    for (Map.Entry<String, JsonNode> field : one.path(variant).properties()) {
      if (!ROUGE.containsKey(field.getKey())) {
        throw new UnsupportedQuantityException("metric " + field.getKey());
      }
      OverlapScore score = found.get(ROUGE.get(field.getKey()));
      worst =
          worst
              .or(of(score.precision(), field.getValue().path("precision"), EXACT))
              .or(of(score.recall(), field.getValue().path("recall"), EXACT))
              .or(of(score.f1(), field.getValue().path("fmeasure"), EXACT));
    }
    return worst;
  }

  private static void answers(JsonNode json, Report.Section section) {
    int row = 0;
    for (JsonNode one : json.path("cases")) {
      String label = "row " + row++;
      String gold = one.path("gold").asText();
      String said = one.path("prediction").asText();
      section.equal(
          label + " gold", one.path("gold_normalized").asText(), SquadAnswers.normalize(gold));
      section.equal(
          label + " prediction",
          one.path("prediction_normalized").asText(),
          SquadAnswers.normalize(said));
      SquadAnswers.Answer answer = new SquadAnswers().add(said, List.of(gold));
      section.compared(
          label + " scores",
          of(answer.exact() ? 1 : 0, one.path("exact"), 0)
              .or(of(answer.f1(), one.path("f1"), EXACT)));
    }
  }

  private static void classes(JsonNode json, Report.Section section) {
    for (JsonNode one : json.path("cases")) {
      String label = one.path("name").asText();
      section.attempt(label, () -> new Classes(one, section, label).check());
    }
    if (json.has("regression")) {
      section.attempt("regression", () -> regression(json.path("regression"), section));
    }
  }

  private static void regression(JsonNode wanted, Report.Section section) {
    Regression scores = new Regression();
    RankCorrelation ranks = new RankCorrelation();
    for (int i = 0; i < wanted.path("y_true").size(); i++) {
      double truth = wanted.path("y_true").path(i).asDouble();
      double predicted = wanted.path("y_pred").path(i).asDouble();
      scores.add(truth, predicted);
      ranks.add(truth, predicted);
    }
    numbers(
        "regression",
        wanted,
        Map.of(
            "mse", scores::meanSquaredError,
            "mae", scores::meanAbsoluteError,
            "r2", scores::r2,
            "pearson", scores::pearson,
            "spearman", ranks::spearman),
        Set.of("y_true", "y_pred"),
        section);
  }

  /** Compares every number that is expected; one that this build has no metric for is named. */
  private static void numbers(
      String label,
      JsonNode wanted,
      Map<String, DoubleSupplier> found,
      Set<String> inputs,
      Report.Section section) {
    for (Map.Entry<String, JsonNode> field : wanted.properties()) {
      String name = field.getKey();
      if (!inputs.contains(name)) {
        section.attempt(
            label + " " + name,
            () -> {
              if (!found.containsKey(name)) {
                throw new UnsupportedQuantityException("metric " + name);
              }
              section.compared(
                  label + " " + name, of(found.get(name).getAsDouble(), field.getValue(), EXACT));
            });
      }
    }
  }

  /** One case of classes: decisions, scores and probabilities. */
  private static final class Classes {

    private static final Set<String> INPUTS =
        Set.of("name", "labels", "y_true", "y_pred", "scores", "probabilities");
    private static final Set<String> TABLES =
        Set.of("confusion_matrix", "per_class", "micro", "macro", "weighted");

    private final JsonNode wanted;
    private final Report.Section section;
    private final String label;
    private final List<String> labels;
    private final Classification scores;

    Classes(JsonNode wanted, Report.Section section, String label) {
      this.wanted = wanted;
      this.section = section;
      this.label = label;
      this.labels = texts(wanted.path("labels"));
      this.scores = new Classification(labels);
    }

    void check() {
      RocAuc binary = new RocAuc();
      ProbabilityScores probabilities = new ProbabilityScores(labels.size());
      MulticlassAuc areas = new MulticlassAuc(labels.size());
      List<String> truth = texts(wanted.path("y_true"));
      for (int i = 0; i < truth.size(); i++) {
        scores.add(truth.get(i), wanted.path("y_pred").path(i).asText());
        int number = labels.indexOf(truth.get(i));
        if (wanted.has("scores")) {
          binary.add(number == 1, wanted.path("scores").path(i).asDouble());
        }
        if (wanted.has("probabilities")) {
          double[] row = doubles(wanted.path("probabilities").path(i));
          probabilities.add(number, row);
          areas.add(number, row);
        }
      }
      Map<String, DoubleSupplier> found = new LinkedHashMap<>();
      found.put("accuracy", scores::accuracy);
      found.put("balanced_accuracy", scores::balancedAccuracy);
      found.put("mcc", scores::matthews);
      found.put("cohen_kappa", scores::cohenKappa);
      found.put("roc_auc", binary::area);
      found.put("average_precision", binary::averagePrecision);
      found.put("log_loss", probabilities::logLoss);
      found.put("brier", probabilities::brier);
      found.put("roc_auc_ovr_macro", areas::oneVersusRest);
      found.put("roc_auc_ovo_macro", areas::oneVersusOne);
      Set<String> others = new HashSet<>(INPUTS);
      others.addAll(TABLES);
      numbers(label, wanted, found, others, section);
      for (Average average : Average.values()) {
        String name = average.name().toLowerCase(Locale.ROOT);
        if (wanted.has(name)) {
          JsonNode means = wanted.path(name);
          section.compared(
              label + " " + name,
              of(scores.precision(average), means.path("precision"), EXACT)
                  .or(of(scores.recall(average), means.path("recall"), EXACT))
                  .or(of(scores.f1(average), means.path("f1"), EXACT)));
        }
      }
      tables();
    }

    private void tables() {
      JsonNode each = wanted.path("per_class");
      Deviation ofClasses = Deviation.NONE;
      Deviation confusion = Deviation.NONE;
      for (int i = 0; i < labels.size(); i++) {
        Counts one = scores.table().counts().get(i);
        ofClasses =
            ofClasses
                .or(of(one.precision(), each.path("precision").path(i), EXACT))
                .or(of(one.recall(), each.path("recall").path(i), EXACT))
                .or(of(one.f1(), each.path("f1").path(i), EXACT))
                .or(of((double) one.support(), each.path("support").path(i), 0));
        for (int j = 0; j < labels.size(); j++) {
          confusion =
              confusion.or(
                  of(
                      (double) scores.count(labels.get(i), labels.get(j)),
                      wanted.path("confusion_matrix").path(i).path(j),
                      0));
        }
      }
      section.compared(label + " per_class", ofClasses);
      section.compared(label + " confusion_matrix", confusion);
    }
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  private static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.path(i).asDouble();
    }
    return values;
  }
}
