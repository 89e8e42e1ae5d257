package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.ship.Commands;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Drift: whether the rows of two times differ, in words. */
public final class DriftScreen implements Screen {

  private static final int SIZE = 10;
  private static final int SHOWN = 12;

  private final Pages pages;
  private final PlanScreen.Opened opened;
  private final Commands commands;

  public DriftScreen(Pages pages, PlanScreen.Opened opened, Commands commands) {
    this.pages = pages;
    this.opened = opened;
    this.commands = commands;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (request.path().size() > 1) {
      throw Refusal.notFound();
    }
    if (request.isSafe()) {
      return page(200, look, request.query(), Map.of());
    }
    Fields form = request.form();
    Map<String, String> names = files();
    Map<String, String> problems = new LinkedHashMap<>();
    for (String field : List.of("reference", "now")) {
      if (!names.containsKey(form.text(field))) {
        problems.put(field, look.message("drift_choose"));
      }
    }
    if (problems.isEmpty() && form.text("reference").equals(form.text("now"))) {
      problems.put("now", look.message("drift_same"));
    }
    if (!problems.isEmpty()) {
      return page(422, look, form, problems);
    }
    String before = form.text("reference");
    String now = form.text("now");
    String name = names.get(before) + " → " + names.get(now);
    List<String> words = List.of("drift", path(before), path(now));
    String id = commands.newId("drift " + names.get(now));
    commands.add(id, name, Commands.DRIFT, before + " " + now, words);
    return Response.see(look.to("exports/" + id));
  }

  private String path(String id) throws IOException {
    return opened.doctor().file(opened.sources().get(id)).toString();
  }

  /** Sources with rows in one file, by their ids. */
  private Map<String, String> files() throws IOException {
    Map<String, String> names = new LinkedHashMap<>();
    for (Source source : opened.sources().all()) {
      boolean rows =
          opened
              .inspections()
              .of(source)
              .filter(found -> found.kind() == Inspection.Kind.ROWS)
              .isPresent();
      if (rows && Files.isRegularFile(source.path())) {
        names.put(source.id(), source.name());
      }
    }
    return names;
  }

  private Response page(int status, Look look, Fields fields, Map<String, String> problems)
      throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("crumb_drift"));
    model.put("wrong", problems);
    Map<String, String> names = files();
    model.put("references", Models.choices(names, fields.text("reference")));
    model.put("nows", Models.choices(names, fields.text("now")));
    List<Run> all = commands.all(Commands.DRIFT);
    int page = fields.number("page", 0, 0, 100_000);
    model.put(
        "exports",
        Models.onPage(all, page, SIZE).stream().map(run -> RunScreen.head(look, run)).toList());
    model.put("pages", Models.pages(look, look.to("drift?page="), page, SIZE, all.size()));
    return Response.html(status, pages.page(look, "drift", "registry", model));
  }

  /** Says what a comparison found. */
  static Map<String, Object> report(Look look, JsonNode answer) {
    Formats formats = look.formats();
    Map<String, Object> model = new LinkedHashMap<>();
    if (!answer.has("drifted")) {
      return model;
    }
    boolean drifted = answer.path("drifted").asBoolean();
    model.put("compared", true);
    model.put("drifted", drifted);
    model.put(
        "drift_text",
        look.message(
            drifted ? "drift_found" : "drift_none",
            formats.count(answer.path("referenceRows").asLong()),
            formats.count(answer.path("nowRows").asLong())));
    List<Object> tests = new ArrayList<>();
    for (JsonNode each : answer.path("results")) {
      String method = each.path("method").asText();
      double statistic = each.path("statistic").asDouble();
      tests.add(
          Map.of(
              "field", each.path("field").asText(),
              "drifted", each.path("drifted").asBoolean(),
              "text", look.message("drift_" + method, formats.figure(statistic)),
              "p", formats.figure(each.path("adjustedPValue").asDouble())));
    }
    model.put("tests", tests);
    List<Object> words = new ArrayList<>();
    for (JsonNode each : answer.path("words")) {
      if (words.size() < SHOWN) {
        words.add(
            Map.of(
                "word", each.path("word").asText(),
                "before", formats.percent(each.path("referenceShare").asDouble()),
                "now", formats.percent(each.path("nowShare").asDouble())));
      }
    }
    model.put("words", words);
    // A row that lacks the field has nothing to show.
    List<Object> rows = new ArrayList<>();
    for (JsonNode each : answer.path("rows")) {
      String text = each.path("text").asText();
      if (rows.size() < SHOWN && !text.isBlank()) {
        rows.add(
            Models.fact(
                formats.count(each.path("row").asLong() + 1) + " · " + each.path("field").asText(),
                Lengths.cut(text, 400)));
      }
    }
    model.put("changed_rows", rows);
    return model;
  }
}
