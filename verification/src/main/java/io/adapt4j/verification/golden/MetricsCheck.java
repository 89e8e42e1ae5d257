package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.adapt4j.eval.metric.BleuOptions;
import io.adapt4j.eval.metric.BleuScore;
import io.adapt4j.eval.metric.ChrfOptions;
import io.adapt4j.eval.metric.ChrfScore;
import io.adapt4j.eval.metric.ClassificationReport;
import io.adapt4j.eval.metric.F1Score;
import io.adapt4j.eval.metric.Metric;
import io.adapt4j.eval.metric.Metrics;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/** Checks files of metrics: translations, summaries, answers, classes and numbers. */
final class MetricsCheck {

  static final Kind TRANSLATION =
      file("metrics of translations", "/hypotheses/0", MetricsCheck::translations);
  static final Kind SUMMARIES =
      file("metrics of summaries", "/cases/0/target", MetricsCheck::summaries);
  static final Kind ANSWERS = file("metrics of answers", "/cases/0/gold", MetricsCheck::answers);
  static final Kind CLASSES = file("metrics of classes", "/cases/0/y_true", MetricsCheck::classes);

  private static final double SACREBLEU = 1e-6;
  private static final double EXACT = 1e-9;

  private static final Set<String> TOKENIZERS = Set.of("13a", "none", "char", "intl", "zh");
  private static final Set<String> SMOOTHINGS = Set.of("none", "exp", "floor", "add-k");
  private static final Set<String> ROUGE =
      Set.of("rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum");

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
    section.each(
        "",
        json,
        (name, value) -> {
          switch (name) {
            case "versions", "hypotheses", "references" -> {}
            case "tokenized_13a" -> tokenized(corpus, texts(value), section);
            case "bleu_corpus" -> each(name, value, section, corpus::bleu);
            case "bleu_sentence_effective_order" -> each(name, value, section, corpus::sentences);
            case "bleu_sentence_exp_no_effective_order" ->
                section.compared(name, corpus.sentenceScores(value));
            case "chrf" -> each(name, value, section, corpus::chrf);
            default -> throw new UnsupportedQuantityException("metric " + name);
          }
        });
  }

  private static void tokenized(Texts corpus, List<String> wanted, Report.Section section) {
    for (int i = 0; i < wanted.size(); i++) {
      section.equal(
          "tokenized_13a row " + i,
          wanted.get(i),
          BleuOptions.DEFAULT.tokenize(corpus.said().get(i)));
    }
  }

  /** Recomputes one variant of a metric. */
  private interface Variant {
    Deviation of(String name, JsonNode wanted);
  }

  private static void each(String metric, JsonNode all, Report.Section section, Variant variant) {
    section.each(
        metric + " ",
        all,
        (name, wanted) -> section.compared(metric + " " + name, variant.of(name, wanted)));
  }

  /** Texts with streams of references. */
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
          Metric<String, List<String>, BleuScore> bleu = Metrics.bleu(options);
          for (int i = 0; i < said.size(); i++) {
            bleu.add(said.get(i), references(i, counts.get(field)));
          }
          worst = worst.or(deviation(bleu.result(), wanted.path(field)));
          signature = bleu.result().signature();
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
          smoothed(BleuOptions.DEFAULT, method, MissingNode.getInstance()).withEffectiveOrder();
      Metric<String, List<String>, BleuScore> bleu = Metrics.bleu(options);
      return Deviation.worst(
          said.size(), i -> deviation(bleu.of(said.get(i), references(i, 1)), rows.path(i)));
    }

    Deviation sentenceScores(JsonNode rows) {
      Metric<String, List<String>, BleuScore> bleu = Metrics.bleu();
      return Deviation.worst(
          said.size(),
          i -> of(bleu.of(said.get(i), references(i, 1)).score(), rows.path(i), SACREBLEU));
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
      Metric<String, List<String>, ChrfScore> metric = Metrics.chrf(options);
      Metric<String, List<String>, ChrfScore> two = Metrics.chrf(options);
      for (int i = 0; i < said.size(); i++) {
        metric.add(said.get(i), references(i, 1));
        two.add(said.get(i), references(i, 2));
      }
      JsonNode sentences = wanted.path("sentences");
      return Deviation.worst(
              said.size(),
              i ->
                  of(
                      metric.of(said.get(i), references(i, 1)).score(),
                      sentences.path(i),
                      SACREBLEU))
          .or(of(metric.result().score(), wanted.path("corpus"), SACREBLEU))
          .or(of(two.result().score(), wanted.path("corpus_two_references"), SACREBLEU));
    }
  }

  private static BleuOptions options(JsonNode args) {
    String tokenizer = args.path("tokenize").asText("13a");
    if (!TOKENIZERS.contains(tokenizer)) {
      throw new UnsupportedQuantityException("BLEU tokenizer " + tokenizer);
    }
    BleuOptions options =
        smoothed(
                BleuOptions.DEFAULT.withTokenizer(tokenizer),
                args.path("smooth_method").asText("exp"),
                args.path("smooth_value"))
            .withMaxOrder(args.path("max_ngram_order").asInt(4));
    options = args.path("effective_order").asBoolean() ? options.withEffectiveOrder() : options;
    return args.path("lowercase").asBoolean() ? options.ignoringCase() : options;
  }

  private static BleuOptions smoothed(BleuOptions options, String method, JsonNode value) {
    if (!SMOOTHINGS.contains(method)) {
      throw new UnsupportedQuantityException("BLEU smoothing " + method);
    }
    return value.isNumber()
        ? options.withSmoothing(method, value.asDouble())
        : options.withSmoothing(method);
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
    return Deviation.worst(found.size(), i -> of(found.get(i), wanted.path(i), SACREBLEU));
  }

  private static Deviation of(double found, JsonNode wanted, double tolerance) {
    return Deviation.of(found, wanted, tolerance);
  }

  private static Deviation of(F1Score found, JsonNode precision, JsonNode recall, JsonNode f1) {
    return of(found.precision(), precision, EXACT)
        .or(of(found.recall(), recall, EXACT))
        .or(of(found.f1(), f1, EXACT));
  }

  private static void summaries(JsonNode json, Report.Section section) {
    int row = 0;
    for (JsonNode node : json.path("cases")) {
      for (String variant : List.of("plain", "stemmed")) {
        String quantity = "row " + row + " " + variant;
        section.compare(quantity, () -> rouge(node, variant.equals("stemmed"), variant));
      }
      row++;
    }
  }

  private static Deviation rouge(JsonNode node, boolean stemmed, String variant) {
    Map<String, F1Score> found =
        Metrics.rouge(stemmed).of(node.path("prediction").asText(), node.path("target").asText());
    Deviation worst = Deviation.NONE;
    for (Map.Entry<String, JsonNode> field : node.path(variant).properties()) {
      if (!ROUGE.contains(field.getKey())) {
        throw new UnsupportedQuantityException("metric " + field.getKey());
      }
      JsonNode wanted = field.getValue();
      worst =
          worst.or(
              of(
                  found.get(field.getKey()),
                  wanted.path("precision"),
                  wanted.path("recall"),
                  wanted.path("fmeasure")));
    }
    return worst;
  }

  private static void answers(JsonNode json, Report.Section section) {
    int row = 0;
    for (JsonNode node : json.path("cases")) {
      String label = "row " + row++;
      String gold = node.path("gold").asText();
      String said = node.path("prediction").asText();
      section.equal(
          label + " gold", node.path("gold_normalized").asText(), Metrics.normalizeAnswer(gold));
      section.equal(
          label + " prediction",
          node.path("prediction_normalized").asText(),
          Metrics.normalizeAnswer(said));
      section.compared(
          label + " scores",
          of(Metrics.exactMatch().of(said, List.of(gold)), node.path("exact"), 0)
              .or(of(Metrics.answerF1().of(said, List.of(gold)), node.path("f1"), EXACT)));
    }
  }

  private static void classes(JsonNode json, Report.Section section) {
    for (JsonNode node : json.path("cases")) {
      String label = node.path("name").asText();
      section.attempt(label, () -> new Classes(node, section, label).check());
    }
    if (json.has("regression")) {
      section.attempt("regression", () -> regression(json.path("regression"), section));
    }
  }

  private static void regression(JsonNode wanted, Report.Section section) {
    Map<String, Metric<Double, Double, Double>> metrics =
        Map.of(
            "mse", Metrics.meanSquaredError(),
            "mae", Metrics.meanAbsoluteError(),
            "r2", Metrics.r2(),
            "pearson", Metrics.pearson(),
            "spearman", Metrics.spearman());
    for (int i = 0; i < wanted.path("y_true").size(); i++) {
      double truth = wanted.path("y_true").path(i).asDouble();
      double predicted = wanted.path("y_pred").path(i).asDouble();
      metrics.values().forEach(metric -> metric.add(predicted, truth));
    }
    Map<String, DoubleSupplier> found = new LinkedHashMap<>();
    metrics.forEach((name, metric) -> found.put(name, metric::result));
    numbers("regression", wanted, found, Set.of("y_true", "y_pred"), section);
  }

  /** Compares every expected number; those without a metric in this build are reported. */
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
    private final Metric<String, String, ClassificationReport> scores;

    Classes(JsonNode wanted, Report.Section section, String label) {
      this.wanted = wanted;
      this.section = section;
      this.label = label;
      this.labels = texts(wanted.path("labels"));
      this.scores = Metrics.classification(labels);
    }

    void check() {
      Map<String, Metric<Double, Boolean, Double>> binary =
          Map.of("roc_auc", Metrics.rocAuc(), "average_precision", Metrics.averagePrecision());
      int classes = labels.size();
      Map<String, Metric<double[], Integer, Double>> probabilities =
          Map.of(
              "log_loss", Metrics.logLoss(classes),
              "brier", Metrics.brier(classes),
              "roc_auc_ovr_macro", Metrics.rocAucOneVersusRest(classes),
              "roc_auc_ovo_macro", Metrics.rocAucOneVersusOne(classes));
      List<String> truth = texts(wanted.path("y_true"));
      for (int i = 0; i < truth.size(); i++) {
        scores.add(wanted.path("y_pred").path(i).asText(), truth.get(i));
        int number = labels.indexOf(truth.get(i));
        if (wanted.has("scores")) {
          double score = wanted.path("scores").path(i).asDouble();
          binary.values().forEach(metric -> metric.add(score, number == 1));
        }
        if (wanted.has("probabilities")) {
          double[] row = doubles(wanted.path("probabilities").path(i));
          probabilities.values().forEach(metric -> metric.add(row, number));
        }
      }
      ClassificationReport report = scores.result();
      Map<String, DoubleSupplier> found = new LinkedHashMap<>();
      found.put("accuracy", report::accuracy);
      found.put("balanced_accuracy", report::balancedAccuracy);
      found.put("mcc", report::matthews);
      found.put("cohen_kappa", report::cohenKappa);
      binary.forEach((name, metric) -> found.put(name, metric::result));
      probabilities.forEach((name, metric) -> found.put(name, metric::result));
      Set<String> others = new HashSet<>(INPUTS);
      others.addAll(TABLES);
      numbers(label, wanted, found, others, section);
      averages("micro", report::micro);
      averages("macro", report::macro);
      averages("weighted", report::weighted);
      tables(report);
    }

    private void averages(String name, Supplier<F1Score> found) {
      if (wanted.has(name)) {
        JsonNode means = wanted.path(name);
        section.compared(
            label + " " + name,
            of(found.get(), means.path("precision"), means.path("recall"), means.path("f1")));
      }
    }

    private void tables(ClassificationReport report) {
      JsonNode each = wanted.path("per_class");
      JsonNode counts = wanted.path("confusion_matrix");
      int size = labels.size();
      Deviation ofClasses =
          Deviation.worst(
              size,
              i ->
                  of(
                          report.classes().get(labels.get(i)),
                          each.path("precision").path(i),
                          each.path("recall").path(i),
                          each.path("f1").path(i))
                      .or(
                          of(
                              (double) report.support(labels.get(i)),
                              each.path("support").path(i),
                              0)));
      Deviation confusion =
          Deviation.worst(
              size * size,
              i ->
                  of(
                      (double) report.count(labels.get(i / size), labels.get(i % size)),
                      counts.path(i / size).path(i % size),
                      0));
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
