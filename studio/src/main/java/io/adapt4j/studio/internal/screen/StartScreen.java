package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.data.Inspections;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Uploads;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Opens data by a path or an upload, and lists what was opened. */
public final class StartScreen implements Screen {

  private static final int SIZE = 20;

  private final Pages pages;
  private final Sources sources;
  private final Inspections inspections;
  private final Uploads uploads;

  public StartScreen(Pages pages, Sources sources, Inspections inspections, Uploads uploads) {
    this.pages = pages;
    this.sources = sources;
    this.inspections = inspections;
    this.uploads = uploads;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (request.isSafe()) {
      return page(200, request, look, "", "");
    }
    Fields form = request.form();
    String given = form.text("path");
    Optional<Path> path = path(given);
    String problem = problem(given, path);
    if (!problem.isEmpty()) {
      return page(422, request, look, given, look.message(problem));
    }
    Path real = path.orElseThrow().toRealPath();
    for (Source known : sources.all()) {
      if (known.path().equals(real)) {
        return Response.see(look.to("data/" + known.id()));
      }
    }
    Path name = real.getFileName();
    Source source = sources.add(name == null ? real.toString() : name.toString(), real);
    return Response.see(look.to("data/" + source.id()));
  }

  private static Optional<Path> path(String given) {
    try {
      String text =
          given.startsWith("~/") ? System.getProperty("user.home") + given.substring(1) : given;
      return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text).toAbsolutePath());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static String problem(String given, Optional<Path> path) {
    if (given.isEmpty()) {
      return "path_missing";
    }
    if (path.isEmpty() || !Files.exists(path.get())) {
      return "path_unknown";
    }
    boolean usable = Files.isRegularFile(path.get()) || Files.isDirectory(path.get());
    return usable && Files.isReadable(path.get()) ? "" : "path_unreadable";
  }

  private Response page(int status, Request request, Look look, String given, String problem)
      throws IOException {
    List<Source> all = sources.all();
    int page = request.query().number("page", 0, 0, 100_000);
    List<Object> rows = new ArrayList<>();
    for (Source source : Models.onPage(all, page, SIZE)) {
      rows.add(row(look, source));
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("nav_start"));
    model.put("given", given);
    model.put("problem_text", problem);
    model.put("sources", rows);
    model.put("accepted", String.join(",", Uploads.extensions()));
    model.put("limit", look.message("upload_limit", look.formats().bytes(uploads.limit())));
    model.put("pages", Models.pages(look, look.to("?page="), page, SIZE, all.size()));
    return Response.html(status, pages.page(look, "start", "start", model));
  }

  private Map<String, Object> row(Look look, Source source) throws IOException {
    Optional<Inspection> inspection = inspections.of(source);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("id", source.id());
    row.put("name", source.name());
    row.put("path", source.path().toString());
    row.put("added", look.formats().time(source.added()));
    row.put("what", inspection.map(known -> InspectionText.line(look, known)).orElse("…"));
    row.put(
        "uses",
        inspection.map(Inspection::uses).orElse(List.of()).stream()
            .map(use -> look.message("use_" + use.name().toLowerCase(Locale.ROOT)))
            .toList());
    return row;
  }
}
