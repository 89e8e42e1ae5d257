package io.adapt4j.studio.internal.screen;

import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.data.SourceRows;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.ship.Artifacts;
import io.adapt4j.studio.internal.ship.Commands;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.upkeep.Versions;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import io.adapt4j.upkeep.registry.ModelVersion;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Rows of a version's data, to be deleted from it by its run without them. */
public final class DeletionScreen implements Screen {

  private static final int SIZE = 20;
  private static final int SHOWN = 600;
  private static final int LONGEST = 1000;

  private final Pages pages;
  private final Versions versions;
  private final Artifacts artifacts;
  private final Commands commands;

  public DeletionScreen(Pages pages, Versions versions, Artifacts artifacts, Commands commands) {
    this.pages = pages;
    this.versions = versions;
    this.artifacts = artifacts;
    this.commands = commands;
  }

  /** A row of a data file by its place. */
  private record Found(String place, Map<String, String> fields) {}

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (request.path().size() > 1) {
      throw Refusal.notFound();
    }
    Fields fields = request.isSafe() ? request.query() : request.form();
    ModelVersion version = versions.find(fields.text("name"), fields.text("version"));
    Optional<Path> run = artifacts.runOf(version);
    if (request.isSafe()) {
      return page(200, look, fields, version, "");
    }
    List<Found> found = found(version, fields);
    List<String> words = new ArrayList<>(List.of("delete", run.map(Path::toString).orElse("")));
    int rows = found.size();
    if (fields.text("all").equals("1") && !fields.text("field").isEmpty()) {
      words.add("--where=" + fields.text("field") + "=" + fields.text("value"));
    } else {
      found.stream()
          .map(Found::place)
          .filter(place -> fields.values().containsKey("at:" + place))
          .forEach(place -> words.add("--at=" + place));
      rows = words.size() - 2;
    }
    if (run.isEmpty() || rows == 0) {
      String problem = run.isEmpty() ? "deletion_no_run" : "deletion_no_rows";
      return page(422, look, fields, version, look.message(problem));
    }
    for (String erased : List.of("rows", "checkpoints")) {
      if (fields.text("erase-" + erased).equals("1")) {
        words.add("--erase-" + erased);
      }
    }
    String id = commands.newId("delete " + version.name());
    words.add("--output=" + commands.output(id).resolve("run"));
    words.add("--registry=" + versions.folder());
    words.add("--version-of=" + version.reference());
    String name = look.message("deletion_name", version.reference(), look.formats().count(rows));
    commands.add(id, name, Commands.DELETION, version.name(), words);
    return Response.see(look.to("exports/" + id));
  }

  private Response page(int status, Look look, Fields fields, ModelVersion version, String problem)
      throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("deletion_title", version.reference()));
    model.put("name", version.name());
    model.put("version", version.number());
    model.put("value", Lengths.cut(fields.text("value"), LONGEST));
    model.put("field", fields.text("field"));
    model.put("runs", artifacts.runOf(version).isPresent());
    List<Found> found = List.of();
    Map<String, String> names = new LinkedHashMap<>();
    try {
      for (FileDataset rows : files(version)) {
        rows.source(0).ifPresent(row -> row.fields().forEach(each -> names.put(each, each)));
      }
      found = found(version, fields);
      model.put("problem_text", problem);
    } catch (Adapt4jException e) {
      model.put("problem_text", String.valueOf(e.getMessage()));
    }
    model.put("fields", Models.choices(names, fields.text("field")));
    model.put("erasable", version.lineage().data().stream().allMatch(each -> isLines(each.file())));
    int page = fields.number("page", 0, 0, 1_000_000);
    List<Object> rows = new ArrayList<>();
    for (Found each : Models.onPage(found, page, SIZE)) {
      List<Object> texts = new ArrayList<>();
      each.fields().forEach((key, text) -> texts.add(Models.fact(key, Lengths.cut(text, SHOWN))));
      rows.add(Map.of("at", each.place(), "place", Places.brief(each.place()), "fields", texts));
    }
    model.put("rows", rows);
    model.put("chosen_all", fields.given("field").isPresent() && !found.isEmpty());
    model.put("all_text", look.message("deletion_all", look.formats().count(found.size())));
    String address =
        look.to("deletion?name=" + version.name() + "&version=" + version.number() + "&field=")
            + URLEncoder.encode(fields.text("field"), StandardCharsets.UTF_8)
            + "&value="
            + URLEncoder.encode(fields.text("value"), StandardCharsets.UTF_8)
            + "&page=";
    model.put("pages", Models.pages(look, address, page, SIZE, found.size()));
    return Response.html(status, pages.page(look, "deletion", "registry", model));
  }

  private static boolean isLines(String file) {
    return file.endsWith(".jsonl") || file.endsWith(".ndjson");
  }

  private static List<FileDataset> files(ModelVersion version) {
    return version.lineage().data().stream()
        .map(data -> Path.of(data.file()))
        .filter(Files::exists)
        .map(
            path ->
                SourceRows.openFields(
                    new Source("", "", path, Instant.EPOCH, "", "", Map.of(), List.of(), "")))
        .toList();
  }

  /** Returns the rows with a value in a field, or with a text in any. */
  private static List<Found> found(ModelVersion version, Fields fields) {
    String field = fields.text("field");
    String value = fields.text("value");
    String lower = value.toLowerCase(Locale.ROOT);
    List<Found> found = new ArrayList<>();
    for (FileDataset rows : files(version)) {
      for (int at = 0; at < rows.size(); at++) {
        Map<String, String> texts = SourceRows.fields(rows, at);
        boolean wanted =
            field.isEmpty()
                ? texts.values().stream()
                    .anyMatch(each -> each.toLowerCase(Locale.ROOT).contains(lower))
                : value.equals(texts.get(field));
        if (wanted) {
          found.add(new Found(rows.locate(at), texts));
        }
      }
    }
    return found;
  }
}
