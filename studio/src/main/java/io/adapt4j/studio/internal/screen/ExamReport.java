package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.failure.FailureAnalysis;
import io.adapt4j.eval.failure.Slice;
import io.adapt4j.eval.metric.Confusion;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.studio.internal.exam.Exam;
import io.adapt4j.studio.internal.exam.Exam.Candidate;
import io.adapt4j.studio.internal.exam.ExamCases;
import io.adapt4j.studio.internal.exam.ExamCases.Case;
import io.adapt4j.studio.internal.exam.ExamStores;
import io.adapt4j.studio.internal.page.Charts;
import io.adapt4j.studio.internal.page.Charts.Axis;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.studio.internal.web.Fields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Report of an exam: who is asked, scores with intervals, and the answers item by item. */
final class ExamReport {

  /** Says in a log how many questions are answered. */
  private static final Pattern ASKED = Pattern.compile("(\\d{1,12}) of ([1-9]\\d{0,11}) requests");

  /** View of one cluster of wrong answers, by its number from 1. */
  private static final Pattern CLUSTER = Pattern.compile("group([1-9])");

  private static final int SIZE = 10;
  private static final int EXAMPLES = 3;
  private static final int SHOWN = 4000;
  private static final int MOST_SLICES = 12;
  private static final int LENGTHS = 4;
  private static final int LOG = 4000;
  private static final List<String> VIEWS = List.of("lost", "gained", "wrong", "groups");

  private final ExamStores parts;
  private final PlanScreen.Opened opened;

  ExamReport(ExamStores parts, PlanScreen.Opened opened) {
    this.parts = parts;
    this.opened = opened;
  }

  /** Adds what the questions are from, and whether a model has learned from them. */
  void addData(Map<String, Object> model, Look look, Exam exam) throws IOException {
    Runs trainings = parts.trainings().runs();
    Optional<Run> heldBack = trainings.find(exam.data().heldBack());
    model.put(
        "held_back",
        heldBack.isEmpty()
            ? ""
            : look.message("exam_held_back", parts.trainings().name(heldBack.get())));
    List<String> learned = new ArrayList<>();
    Optional<Source> source = opened.sources().find(exam.data().source());
    for (Candidate each : exam.candidates()) {
      Optional<Run> training = trainings.find(each.training());
      if (source.isPresent()
          && training.isPresent()
          && parts
              .trainings()
              .learned(training.get(), opened.doctor().file(source.get()), heldBack)) {
        learned.add(each.name());
      }
    }
    model.put(
        "learned",
        learned.isEmpty() ? "" : look.message("exam_learned", String.join(", ", learned)));
  }

  boolean isComputing(Exam exam) throws IOException {
    return !parts.results().finished(exam).isEmpty()
        && parts.results().of(exam).isEmpty()
        && parts.results().job(exam).flatMap(Jobs.Job::problem).isEmpty();
  }

  static String name(Look look, Candidate candidate) {
    return candidate.isBase() ? look.message("exam_base") : candidate.name();
  }

  static Map<String, String> names(Look look, Exam exam) {
    Map<String, String> names = new LinkedHashMap<>();
    exam.candidates().forEach(each -> names.put(each.run(), name(look, each)));
    return names;
  }

  /** Adds the runs that ask, with what they say. */
  void addRuns(Map<String, Object> model, Look look, Exam exam, String tab) throws IOException {
    List<Object> rows = new ArrayList<>();
    for (Map.Entry<Candidate, Run> each : parts.exams().asking(exam).entrySet()) {
      Run run = each.getValue();
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("name", name(look, each.getKey()));
      row.put("training", each.getKey().training());
      row.put("path", each.getKey().isBase() ? exam.model() : each.getKey().path());
      row.put("state", look.message("state_" + run.state().name().toLowerCase(Locale.ROOT)));
      row.put("badge", RunScreen.badge(run.state()));
      addProgress(row, look, run);
      boolean ended = !run.state().isActive() && run.state() != State.DONE;
      row.put("problem", ended ? problem(run) : "");
      rows.add(row);
    }
    model.put("asked", rows);
    model.put("failed", parts.results().job(exam).flatMap(Jobs.Job::problem));
    model.put("tabs", tabs(look, exam, tab));
  }

  private static List<Object> tabs(Look look, Exam exam, String active) {
    List<Object> tabs = new ArrayList<>();
    for (String each : List.of("", "forgetting")) {
      tabs.add(
          Map.of(
              "name", look.message("exam_tab_" + (each.isEmpty() ? "results" : each)),
              "path", look.to("exams/" + exam.id() + (each.isEmpty() ? "" : "/" + each)),
              "active", each.equals(active)));
    }
    return tabs;
  }

  /** Adds how many questions a running candidate has answered. */
  private void addProgress(Map<String, Object> row, Look look, Run run) throws IOException {
    row.put("said", "");
    row.put("bar", "");
    if (run.state() != State.RUNNING) {
      return;
    }
    Matcher asked = ASKED.matcher(RunReport.tail(parts.exams().runs().log(run.id()), LOG));
    row.put("said", look.message("run_beginning"));
    while (asked.find()) {
      long done = Long.parseLong(asked.group(1));
      long all = Long.parseLong(asked.group(2));
      row.put(
          "said",
          look.message("exam_asked", look.formats().count(done), look.formats().count(all)));
      row.put("bar", Charts.bar((double) done / all));
    }
  }

  private String problem(Run run) throws IOException {
    Path answer = parts.exams().runs().answer(run.id());
    List<String> problems = new ArrayList<>();
    if (Files.exists(answer)) {
      try {
        JsonNode json = Json.parse(Workspace.text(answer, 64L << 20));
        json.path("problems").forEach(each -> problems.add(each.asText()));
      } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
        // It ended before it could answer; the log says why.
      }
    }
    return problems.isEmpty()
        ? RunReport.tail(parts.exams().runs().log(run.id()), LOG).strip()
        : String.join("\n", problems);
  }

  /** Adds scores, and the answers that are asked for. */
  void add(
      Map<String, Object> model,
      Look look,
      Exam exam,
      ComparisonReport report,
      Fields query,
      Map<String, String> problems)
      throws IOException {
    Map<String, String> names = names(look, exam);
    List<Object> tasks = new ArrayList<>();
    for (TaskResult result : report.baseline().results()) {
      tasks.add(task(look, report, result, names));
    }
    model.put("tasks", tasks);
    Choice asked = choice(report, query);
    model.put("task_choices", PlanScreen.options(asked.task(), tasks(report), Map.of()));
    model.put("with_choices", PlanScreen.options(asked.with(), candidates(report), names));
    ExamCases cases = ExamCases.of(report, asked.with(), asked.task());
    Choice choice =
        asked.view().isEmpty() ? new Choice(asked.task(), asked.with(), first(cases)) : asked;
    Set<String> corrected = parts.corrected().items(exam);
    List<JsonNode> clusters =
        choice.view().startsWith("group") ? clusters(model, look, exam, choice, cases) : List.of();
    for (Map<String, Object> row : addAnswers(model, look, exam, choice, cases, clusters, query)) {
      String id = String.valueOf(row.get("id"));
      row.put("corrected", corrected.contains(choice.task() + "\n" + id));
      row.put("problem", problems.getOrDefault(id, ""));
    }
    model.put("before_name", names.getOrDefault(report.baseline().candidate(), ""));
    model.put("now_name", names.getOrDefault(choice.with(), ""));
    addCorrections(model, look, exam);
  }

  /** Returns the clusters of wrong answers; adds the work on them as long as they are not known. */
  private List<JsonNode> clusters(
      Map<String, Object> model, Look look, Exam exam, Choice choice, ExamCases cases)
      throws IOException {
    List<JsonNode> clusters = new ArrayList<>();
    if (cases.isGraded()) {
      FailureAnalysis analysis = cases.analysis();
      Optional<JsonNode> known = parts.clusters().of(exam, choice.with(), analysis);
      known.ifPresent(all -> all.forEach(clusters::add));
      Optional<Jobs.Job> job = parts.clusters().job(exam, choice.with(), analysis);
      model.put("running", known.isEmpty() && job.flatMap(Jobs.Job::problem).isEmpty());
      model.put("clustering_failed", job.flatMap(Jobs.Job::problem));
      model.put("live", address(look, exam, choice));
    }
    return clusters;
  }

  private void addCorrections(Map<String, Object> model, Look look, Exam exam) throws IOException {
    Optional<Source> source = parts.corrected().source(exam);
    model.put("corrections", source.map(Source::id).orElse(""));
    model.put(
        "corrections_text",
        source.isEmpty()
            ? ""
            : look.message(
                "exam_corrections", look.formats().count(parts.corrected().items(exam).size())));
  }

  /** Task, candidate and view of the answers that are shown. */
  record Choice(String task, String with, String view) {}

  /**
   * Returns what was asked for if it exists; else the first candidate after the base on the first
   * task, and the first view that is not empty.
   */
  static Choice choice(ComparisonReport report, Fields query) {
    List<String> tasks = tasks(report);
    List<String> all = candidates(report);
    String task = tasks.contains(query.text("task")) ? query.text("task") : tasks.get(0);
    String with =
        all.contains(query.text("with"))
            ? query.text("with")
            : all.get(Math.min(1, all.size() - 1));
    String view = query.text("view");
    List<String> views =
        with.equals(report.baseline().candidate()) ? VIEWS.subList(2, VIEWS.size()) : VIEWS;
    return new Choice(
        task, with, views.contains(view) || CLUSTER.matcher(view).matches() ? view : "");
  }

  /** Returns the report of a candidate; the first if there is none of this name. */
  static EvaluationReport asked(ComparisonReport report, String candidate) {
    return report.reports().stream()
        .filter(each -> each.candidate().equals(candidate))
        .findFirst()
        .orElse(report.baseline());
  }

  private static List<String> tasks(ComparisonReport report) {
    return report.baseline().results().stream().map(TaskResult::task).toList();
  }

  private static List<String> candidates(ComparisonReport report) {
    return report.reports().stream().map(EvaluationReport::candidate).toList();
  }

  private static String first(ExamCases cases) {
    return !cases.lost().isEmpty() ? "lost" : !cases.gained().isEmpty() ? "gained" : "wrong";
  }

  private static Map<String, Object> task(
      Look look, ComparisonReport report, TaskResult result, Map<String, String> names) {
    TaskMetric metric = result.primary();
    Map<String, Object> task = new LinkedHashMap<>();
    task.put("name", result.task());
    task.put("general", result.isGeneral());
    task.put("metric", ExamFigures.name(look, metric.name()));
    task.put("better", look.message(metric.largerIsBetter() ? "exam_more" : "exam_less"));
    task.put(
        "size",
        look.message(
            metric.kind() instanceof TaskMetric.Mean ? "exam_questions" : "exam_texts",
            look.formats().count(result.outcomes().size())));
    List<ConfidenceInterval> scores = new ArrayList<>();
    for (EvaluationReport each : report.reports()) {
      scores.add(each.result(result.task()).score());
    }
    Axis axis = ExamFigures.axis(scores, List.of());
    List<Map<String, Object>> rows = new ArrayList<>();
    List<Map<String, Object>> compared = new ArrayList<>();
    List<ConfidenceInterval> differences = new ArrayList<>();
    for (EvaluationReport each : report.reports()) {
      ConfidenceInterval score = each.result(result.task()).score();
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("name", names.getOrDefault(each.candidate(), each.candidate()));
      row.put("score", ExamFigures.value(look, metric, score.value()));
      row.put("range", ExamFigures.range(look, metric, score));
      row.put(
          "chart",
          Charts.interval(axis, score.low(), score.value(), score.high(), Double.NaN, "a"));
      row.put("more", others(look, each.result(result.task())));
      row.put("difference", "");
      report.comparisons().stream()
          .filter(is -> is.candidate().equals(each.candidate()) && is.task().equals(result.task()))
          .findFirst()
          .ifPresent(
              comparison -> {
                ExamFigures.add(row, look, comparison);
                compared.add(row);
                differences.add(comparison.difference());
              });
      rows.add(row);
    }
    ExamFigures.drawDifferences(compared, differences);
    task.put("rows", rows);
    return task;
  }

  /** The metrics that do not decide. */
  private static String others(Look look, TaskResult result) {
    List<String> texts = new ArrayList<>();
    for (TaskMetric metric : result.definitions().subList(1, result.definitions().size())) {
      ConfidenceInterval value = result.metrics().get(metric.name());
      if (value != null) {
        texts.add(
            ExamFigures.name(look, metric.name())
                + " "
                + ExamFigures.value(look, metric, value.value()));
      }
    }
    return String.join(" · ", texts);
  }

  /** Returns the address of the answers that a form was sent from. */
  String address(Look look, Exam exam, Fields fields) {
    return address(
        look, exam, new Choice(fields.text("task"), fields.text("with"), fields.text("view")));
  }

  private static String address(Look look, Exam exam, Choice choice) {
    return look.to(
        "exams/"
            + exam.id()
            + "?task="
            + encoded(choice.task())
            + "&with="
            + encoded(choice.with())
            + "&view="
            + encoded(choice.view()));
  }

  static String encoded(String text) {
    return java.net.URLEncoder.encode(text, java.nio.charset.StandardCharsets.UTF_8);
  }

  /** Adds the answers of a page; returns their rows. */
  private static List<Map<String, Object>> addAnswers(
      Map<String, Object> model,
      Look look,
      Exam exam,
      Choice choice,
      ExamCases cases,
      List<JsonNode> clusters,
      Fields query) {
    Formats formats = look.formats();
    boolean graded = cases.isGraded();
    List<Object> views = new ArrayList<>();
    Map<String, List<Case>> lists = new LinkedHashMap<>();
    if (cases.before().isPresent()) {
      lists.put("lost", cases.lost());
      lists.put("gained", cases.gained());
    }
    lists.put("wrong", cases.wrong());
    lists.forEach(
        (view, list) ->
            views.add(
                view(look, exam, choice, view, (graded ? "exam_" : "exam_text_") + view, list)));
    views.add(view(look, exam, choice, "groups", "exam_groups", List.of()));
    Matcher cluster = CLUSTER.matcher(choice.view());
    if (cluster.matches() && Integer.parseInt(cluster.group(1)) <= clusters.size()) {
      JsonNode chosen = clusters.get(Integer.parseInt(cluster.group(1)) - 1);
      lists.put(choice.view(), cases.of(chosen));
      model.put("cluster", name(chosen));
    }
    model.put("views", views);
    model.put("graded", graded);
    model.put("task", choice.task());
    model.put("with", choice.with());
    model.put("view", choice.view());
    List<Case> chosen = lists.getOrDefault(choice.view(), List.of());
    int page = query.number("page", 0, 0, 100_000);
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Case each : Models.onPage(chosen, page, SIZE)) {
      rows.add(row(look, each, cases.now().primary()));
    }
    model.put("clusters", List.of());
    if (choice.view().equals("groups")) {
      rows.addAll(addClusters(model, look, exam, choice, cases, clusters));
    } else {
      model.put("cases", rows);
    }
    model.put("page", page);
    model.put(
        "pages",
        Models.pages(look, address(look, exam, choice) + "&page=", page, SIZE, chosen.size()));
    model.put("groups", choice.view().equals("groups") ? groups(look, cases) : List.of());
    model.put(
        "confusions", choice.view().equals("groups") ? confusions(formats, cases) : List.of());
    return rows;
  }

  private static String name(JsonNode cluster) {
    List<String> words = new ArrayList<>();
    cluster.path("words").forEach(word -> words.add(word.asText()));
    return Lengths.cut(String.join(", ", words), 80);
  }

  /** Adds the clusters with examples; returns the rows of these. */
  private static List<Map<String, Object>> addClusters(
      Map<String, Object> model,
      Look look,
      Exam exam,
      Choice choice,
      ExamCases cases,
      List<JsonNode> clusters) {
    Formats formats = look.formats();
    List<Map<String, Object>> all = new ArrayList<>();
    List<Object> shown = new ArrayList<>();
    for (JsonNode cluster : clusters) {
      List<Map<String, Object>> rows =
          cases.of(cluster).stream()
              .limit(EXAMPLES)
              .map(each -> row(look, each, cases.now().primary()))
              .toList();
      all.addAll(rows);
      String view = "group" + (shown.size() + 1);
      int size = cluster.path("items").size();
      String share =
          look.message(
              "exam_cluster_share",
              formats.count(size),
              formats.count(cases.analysis().failures().size()));
      String rate =
          look.message(
              "exam_cluster_rate",
              formats.count(cluster.path("count").asLong()),
              Lengths.cut(cluster.path("words").path(0).asText(), 40),
              formats.share(cluster.path("rate").asDouble()),
              look.message(
                  "exam_range",
                  formats.share(cluster.path("low").asDouble()),
                  formats.share(cluster.path("high").asDouble())));
      shown.add(
          Map.of(
              "name",
              name(cluster),
              "size",
              formats.count(size),
              "what",
              share + " " + rate,
              "cases",
              rows,
              "id",
              view,
              "more",
              size > EXAMPLES,
              "path",
              address(look, exam, new Choice(choice.task(), choice.with(), view)) + "#answers"));
    }
    model.put("clusters", shown);
    return all;
  }

  private static Map<String, Object> view(
      Look look, Exam exam, Choice choice, String view, String key, List<Case> list) {
    return Map.of(
        "name",
        look.message(key),
        "count",
        view.equals("groups") ? "" : look.formats().count(list.size()),
        "path",
        address(look, exam, new Choice(choice.task(), choice.with(), view)) + "#answers",
        "active",
        view.equals(CLUSTER.matcher(choice.view()).replaceFirst("groups")));
  }

  /** An item with its prompt, both answers and the expected one. */
  static Map<String, Object> row(Look look, Case item, TaskMetric metric) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("id", item.now().id());
    row.put("prompt", Lengths.cut(item.now().prompt(), SHOWN));
    row.put("expected", Lengths.cut(item.now().expected(), SHOWN));
    row.put("now", Lengths.cut(item.now().got().strip(), SHOWN));
    row.put("before", item.before().map(each -> Lengths.cut(each.got().strip(), SHOWN)).orElse(""));
    row.put("compared", item.before().isPresent());
    row.put("now_score", ExamFigures.named(look, metric, metric.of(item.now())));
    row.put(
        "before_score",
        item.before().map(each -> ExamFigures.named(look, metric, metric.of(each))).orElse(""));
    row.put(
        "confidence",
        item.now().confidence().isPresent()
            ? look.formats().percent(item.now().confidence().getAsDouble())
            : "");
    return row;
  }

  private static List<Object> groups(Look look, ExamCases cases) {
    List<Object> groups = new ArrayList<>();
    FailureAnalysis now = cases.analysis();
    for (String field : now.fields()) {
      groups.add(
          group(
              look,
              field,
              now.slices(field),
              cases.analysisBefore().map(each -> each.slices(field)).orElse(List.of())));
    }
    groups.add(
        group(
            look,
            look.message("exam_by_length"),
            now.byLength(LENGTHS),
            cases.analysisBefore().map(each -> each.byLength(LENGTHS)).orElse(List.of())));
    return groups;
  }

  private static Map<String, Object> group(
      Look look, String name, List<Slice> now, List<Slice> before) {
    Formats formats = look.formats();
    List<ConfidenceInterval> rates = now.stream().map(Slice::failureRate).toList();
    Axis axis = ExamFigures.axis(rates, List.of(0.0));
    List<Object> rows = new ArrayList<>();
    for (Slice slice : now.subList(0, Math.min(MOST_SLICES, now.size()))) {
      ConfidenceInterval rate = slice.failureRate();
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("name", Lengths.cut(slice.name(), 80));
      row.put("size", formats.count(slice.items()));
      row.put("now", formats.share(rate.value()));
      row.put(
          "range",
          look.message("exam_range", formats.share(rate.low()), formats.share(rate.high())));
      row.put(
          "chart", Charts.interval(axis, rate.low(), rate.value(), rate.high(), Double.NaN, "a"));
      row.put(
          "before",
          before.stream()
              .filter(each -> each.name().equals(slice.name()))
              .findFirst()
              .map(each -> formats.share(each.failureRate().value()))
              .orElse("–"));
      rows.add(row);
    }
    return Map.of("name", name, "rows", rows, "compared", !before.isEmpty());
  }

  /** Free texts are hardly ever taken for each other twice. */
  private static List<Object> confusions(Formats formats, ExamCases cases) {
    List<Object> rows = new ArrayList<>();
    for (Confusion each : cases.analysis().confusions(8)) {
      if (each.count() > 1 && !each.expected().isEmpty()) {
        rows.add(
            Map.of(
                "expected", Lengths.cut(each.expected(), 80),
                "got", Lengths.cut(each.got(), 80),
                "count", formats.count(each.count())));
      }
    }
    return rows;
  }
}
