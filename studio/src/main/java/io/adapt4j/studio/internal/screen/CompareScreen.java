package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.LineChart;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.exam.ExamResults.Pair;
import io.adapt4j.studio.internal.exam.ExamStores;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.run.RunMetrics;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** Compares two to four trainings: settings that differ, curves, figures, and exams of both. */
public final class CompareScreen implements Screen {

  private static final List<String> FIELDS = List.of("a", "b", "c", "d");
  private static final int OFFERED = 200;
  private static final Set<String> PLACES = Set.of("output", "resume", "overwriteOutput");

  private final Pages pages;
  private final ExamStores parts;
  private final RunReport report;

  public CompareScreen(Pages pages, ExamStores parts) {
    this.pages = pages;
    this.parts = parts;
    this.report = new RunReport(parts.trainings().runs());
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (!request.isSafe() || request.path().size() > 1) {
      throw Refusal.notFound();
    }
    List<Run> all = parts.trainings().runs().all();
    List<Run> chosen = chosen(all, request.query());
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("nav_compare"));
    model.put("few", all.size() < 2);
    addChoices(model, look, all, chosen);
    model.put("compares", chosen.size() > 1);
    boolean asked = FIELDS.stream().anyMatch(field -> request.query().given(field).isPresent());
    model.put(
        "problem_text",
        asked && chosen.size() < 2 && all.size() > 1 ? look.message("compare_choose") : "");
    if (chosen.size() > 1) {
      add(model, look, chosen);
    }
    boolean part = request.header("X-Part").isPresent();
    if (part && Boolean.TRUE.equals(model.get("running"))) {
      return Response.html(pages.part(look, "waiting", model));
    }
    Response response =
        Response.html(
            asked && chosen.size() < 2 ? 422 : 200, pages.page(look, "compare", "compare", model));
    return part ? response.with("X-Reload", "1") : response;
  }

  /** Returns the runs that were asked for, without repetition; if none were, the newest two. */
  private static List<Run> chosen(List<Run> all, Fields query) {
    Set<Run> chosen = new LinkedHashSet<>();
    for (String field : FIELDS) {
      all.stream().filter(run -> run.id().equals(query.text(field))).forEach(chosen::add);
    }
    boolean asked = FIELDS.stream().anyMatch(field -> query.given(field).isPresent());
    if (asked || all.size() < 2) {
      return List.copyOf(chosen);
    }
    List<Run> done = all.stream().filter(run -> run.state() == State.DONE).toList();
    List<Run> newest = done.size() < 2 ? all : done;
    return List.of(newest.get(1), newest.get(0));
  }

  private void addChoices(Map<String, Object> model, Look look, List<Run> all, List<Run> chosen)
      throws IOException {
    List<Object> fields = new ArrayList<>();
    for (int i = 0; i < FIELDS.size(); i++) {
      List<Object> options = new ArrayList<>();
      for (Run run : Models.onPage(all, 0, OFFERED)) {
        options.add(
            Map.of(
                "value", run.id(),
                "name", parts.trainings().name(run),
                "chosen", i < chosen.size() && chosen.get(i).equals(run)));
      }
      fields.add(
          Map.of(
              "name",
              FIELDS.get(i),
              "label",
              look.message("compare_first") + " " + (i + 1),
              "options",
              options,
              "free",
              i > 1));
    }
    model.put("fields", fields);
  }

  private void add(Map<String, Object> model, Look look, List<Run> chosen) throws IOException {
    Map<String, RunMetrics> metrics = new LinkedHashMap<>();
    List<Object> heads = new ArrayList<>();
    for (int i = 0; i < chosen.size(); i++) {
      Run run = chosen.get(i);
      metrics.put(name(run, chosen), report.metrics(run));
      heads.add(
          Map.of(
              "id",
              run.id(),
              "name",
              name(run, chosen),
              "added",
              look.formats().time(run.added())));
    }
    model.put("heads", heads);
    model.put("settings", settings(look, chosen));
    model.put("figures", figures(look, metrics.values()));
    List<Object> charts = new ArrayList<>();
    for (Map.Entry<String, String> curve :
        Map.of("loss", "compare_loss", "evaluation", "run_validation").entrySet().stream()
            .sorted(Map.Entry.comparingByValue())
            .toList()) {
      LineChart chart = new LineChart(look.message(curve.getValue()));
      int line = 0;
      for (Map.Entry<String, RunMetrics> each : metrics.entrySet()) {
        chart.line(each.getKey(), FIELDS.get(line++), each.getValue().curve(curve.getKey()));
      }
      charts.add(new Markup(chart.html()));
    }
    model.put("charts", charts);
    addExams(model, look, chosen);
  }

  private String name(Run run, List<Run> chosen) throws IOException {
    return (chosen.indexOf(run) + 1) + ": " + parts.trainings().name(run);
  }

  /** The settings of which not all runs have the same value. */
  private List<Object> settings(Look look, List<Run> chosen) throws IOException {
    List<Map<String, String>> all = new ArrayList<>();
    Set<String> keys = new TreeSet<>();
    for (Run run : chosen) {
      Map<String, String> flat = new LinkedHashMap<>();
      parts.trainings().description(run).properties().stream()
          .filter(each -> !PLACES.contains(each.getKey()))
          .forEach(each -> flatten(each.getKey(), each.getValue(), flat));
      all.add(flat);
      keys.addAll(flat.keySet());
    }
    List<Object> rows = new ArrayList<>();
    for (String key : keys) {
      // Another method does not have the option.
      String unset = key.startsWith("method.") ? "–" : look.message("compare_unset");
      List<String> values = all.stream().map(flat -> flat.getOrDefault(key, unset)).toList();
      if (values.stream().distinct().count() > 1) {
        rows.add(Map.of("name", key, "values", values));
      }
    }
    return rows;
  }

  private static void flatten(String key, JsonNode value, Map<String, String> flat) {
    if (key.equals("method") && value.size() == 1) {
      flat.put(key, value.fieldNames().next());
    }
    if (value.isObject() && !value.isEmpty()) {
      value.properties().forEach(each -> flatten(key + "." + each.getKey(), each.getValue(), flat));
    } else {
      flat.put(key, Lengths.cut(value.isTextual() ? value.asText() : Json.compact(value), 300));
    }
  }

  private static List<Object> figures(Look look, Collection<RunMetrics> metrics) {
    Formats formats = look.formats();
    List<Object> rows = new ArrayList<>();
    rows.add(
        figure(
            look.message("run_step"),
            metrics,
            of -> formats.count(of.step().path("step").asLong())));
    rows.add(
        figure(look.message("compare_loss"), metrics, of -> number(formats, of.step(), "loss")));
    rows.add(
        figure(
            look.message("run_validation"),
            metrics,
            of -> number(formats, of.evaluation(), "loss")));
    rows.add(
        figure(
            look.message("run_elapsed"),
            metrics,
            of ->
                formats.duration(
                    Duration.ofMillis(
                        Math.round(1000 * of.step().path("elapsed_seconds").asDouble())))));
    rows.add(
        figure(
            look.message("run_speed"),
            metrics,
            of -> number(formats, of.step(), "tokens_per_second")));
    rows.add(
        figure(
            look.message("plan_peak"),
            metrics,
            of ->
                formats.bytes(
                    Math.round(
                        of.curve("resident_bytes").stream()
                            .mapToDouble(LineChart.Point::high)
                            .max()
                            .orElse(0)))));
    return rows;
  }

  /** A run that has made no step has no figures. */
  private static Map<String, Object> figure(
      String name, Collection<RunMetrics> metrics, Function<RunMetrics, String> value) {
    List<String> values =
        metrics.stream().map(of -> of.step().has("step") ? value.apply(of) : "–").toList();
    return Map.of("name", name, "values", values);
  }

  private static String number(Formats formats, JsonNode json, String field) {
    return formats.figure(json.path(field).asDouble(Double.NaN));
  }

  /** Differences of exams that asked the first run and another the same. */
  private void addExams(Map<String, Object> model, Look look, List<Run> chosen) throws IOException {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Run run : chosen.subList(1, chosen.size())) {
      Optional<Pair> pair = parts.results().pair(chosen.get(0).id(), run.id());
      if (pair.isPresent()) {
        for (TaskComparison comparison : pair.get().comparisons()) {
          rows.add(row(look, name(run, chosen), pair.get().exam().id(), comparison));
        }
      }
    }
    model.put("exams", rows);
    model.put("from", look.message("compare_from", name(chosen.get(0), chosen)));
    model.put("running", parts.results().isReading());
    StringBuilder address = new StringBuilder("compare?");
    for (int i = 0; i < chosen.size(); i++) {
      address.append(FIELDS.get(i)).append('=').append(chosen.get(i).id()).append('&');
    }
    model.put("live", look.to(address.toString()));
    model.put("failed", "");
  }

  private static Map<String, Object> row(
      Look look, String name, String exam, TaskComparison comparison) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("name", name);
    row.put("task", comparison.task());
    row.put("exam", exam);
    row.put("metric", ExamFigures.name(look, comparison.metric().name()));
    row.put("better", look.message(comparison.largerIsBetter() ? "exam_more" : "exam_less"));
    ExamFigures.add(row, look, comparison);
    ExamFigures.drawDifferences(List.of(row), List.of(comparison.difference()));
    return row;
  }
}
