package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.Shape;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.data.Inspections;
import io.adapt4j.studio.internal.data.SourceRows;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.plan.ModelFits;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Screen of a source: its kind, the way it is read, and its uses; leads to its other screens. */
public final class DataScreen implements Screen {

  private static final int SIZE = 10;

  /** Fields that columns may be read as, of all shapes. */
  private static final List<String> MEANINGS =
      List.of(
          "prompt",
          "completion",
          "text",
          "label",
          "instruction",
          "output",
          "input",
          "messages",
          "query",
          "passage",
          "negatives",
          "document",
          "summary",
          "question",
          "answers",
          "context",
          "chosen",
          "rejected",
          "tokens",
          "tags");

  private static final List<String> DELIMITERS = List.of("", ";", "|", "\t");

  private final Pages pages;
  private final Sources sources;
  private final Inspections inspections;
  private final ModelFits fits;
  private final Map<String, Screen> below;

  /** Creates a screen with further ones by the segment after the id. */
  public DataScreen(
      Pages pages,
      Sources sources,
      Inspections inspections,
      ModelFits fits,
      Map<String, Screen> below) {
    this.pages = pages;
    this.sources = sources;
    this.inspections = inspections;
    this.fits = fits;
    this.below = Map.copyOf(below);
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    Screen further = below.get(request.segment(2));
    if (further != null) {
      return further.answer(request, look);
    }
    Source source = sources.get(request.segment(1));
    if (request.isSafe() && request.path().size() == 2) {
      return page(request, look, source);
    }
    if (request.isSafe() && request.segment(2).equals("fits")) {
      Inspection inspection =
          inspections.of(source).filter(Inspection::isReadable).orElseThrow(Refusal::notFound);
      return Response.html(fits(look, source, inspection));
    }
    if (request.isPost()) {
      return switch (request.segment(2)) {
        case "reading" -> read(request.form(), look, source);
        case "forget" -> forget(look, source);
        default -> throw Refusal.notFound();
      };
    }
    throw Refusal.notFound();
  }

  private Response forget(Look look, Source source) throws IOException {
    sources.forget(source.id());
    return Response.see(look.to("?done=forgotten"));
  }

  /** Changes how the rows are read. */
  private Response read(Fields form, Look look, Source source) throws IOException {
    Map<String, String> map = new LinkedHashMap<>();
    for (Map.Entry<String, String> each : form.values().entrySet()) {
      String column = each.getKey();
      if (column.startsWith("as:") && MEANINGS.contains(each.getValue())) {
        map.put(column.substring("as:".length()), each.getValue());
      }
    }
    map.entrySet().removeIf(each -> each.getKey().equals(each.getValue()));
    String shape = form.text("shape");
    boolean known = Arrays.stream(Shape.values()).anyMatch(each -> each.name().equals(shape));
    String delimiter = form.raw("delimiter");
    sources.save(
        source.read(DELIMITERS.contains(delimiter) ? delimiter : "", known ? shape : "", map));
    inspections.forget(source);
    return Response.see(look.to("data/" + source.id() + "?done=read"));
  }

  private Response page(Request request, Look look, Source source) throws IOException {
    Optional<Inspection> found = inspections.of(source);
    Map<String, Object> model = SourceHead.of(look, source, "", found);
    Optional<String> failed = inspections.job(source).flatMap(Jobs.Job::problem);
    model.put("failed", failed);
    model.put("live", look.to("data/" + source.id()));
    model.put("running", found.isEmpty() && failed.isEmpty());
    if (found.isEmpty()) {
      boolean part = request.header("X-Part").isPresent();
      return part
          ? Response.html(pages.part(look, "waiting", model))
          : Response.html(pages.page(look, "data", "start", model));
    }
    Inspection inspection = found.get();
    model.put("tiles", tiles(look, inspection));
    boolean unknown =
        inspection.kind() == Inspection.Kind.ROWS
            && inspection.rows() > 0
            && inspection.shape().isEmpty();
    model.put("documents", inspection.kind() == Inspection.Kind.DOCUMENTS);
    model.put(
        "unknown",
        unknown ? look.message("columns_unknown", String.join(", ", inspection.columns())) : "");
    model.put("problem_text", inspection.problem());
    model.put("uses", uses(look, inspection));
    model.put("fits", new Markup(inspection.isReadable() ? fits(look, source, inspection) : ""));
    model.put("columns", columns(source, inspection));
    model.put("meanings", MEANINGS);
    model.put("shapes", shapes(look, source));
    model.put("delimiters", delimiters(look, source));
    model.put("reads", inspection.kind() == Inspection.Kind.ROWS);
    model.put("open", inspection.kind() == Inspection.Kind.ROWS && inspection.shape().isEmpty());
    model.put("rows", List.of());
    if (inspection.kind() == Inspection.Kind.ROWS && inspection.rows() > 0) {
      addRows(model, request, look, source, inspection.isReadable());
    }
    Response response = Response.html(pages.page(look, "data", "start", model));
    return request.header("X-Part").isPresent() ? response.with("X-Reload", "1") : response;
  }

  private static List<Object> tiles(Look look, Inspection inspection) {
    Formats formats = look.formats();
    List<Object> tiles = new ArrayList<>();
    if (inspection.kind() == Inspection.Kind.ROWS) {
      tiles.add(Models.fact(look.message("rows"), formats.count(inspection.rows())));
      tiles.add(Models.fact(look.message("shape"), InspectionText.shape(look, inspection)));
      if (inspection.malformed() > 0) {
        tiles.add(Models.fact(look.message("malformed"), formats.count(inspection.malformed())));
      }
    }
    if (inspection.kind() == Inspection.Kind.DOCUMENTS) {
      tiles.add(Models.fact(look.message("documents"), formats.count(inspection.rows())));
      tiles.add(Models.fact(look.message("letters"), formats.count(inspection.letters())));
    }
    tiles.add(Models.fact(look.message("size"), formats.bytes(inspection.bytes())));
    tiles.add(Models.fact(look.message("files"), InspectionText.files(look, inspection)));
    return tiles;
  }

  /** The part with the models and the memory that a training with each needs. */
  private String fits(Look look, Source source, Inspection inspection) throws IOException {
    Optional<JsonNode> known = fits.of(source, inspection);
    Optional<String> failed = fits.job(source).flatMap(Jobs.Job::problem);
    List<Object> rows = new ArrayList<>();
    for (JsonNode fit : known.orElse(MissingNode.getInstance())) {
      boolean usable = fit.path("problem").isMissingNode();
      boolean enough = usable && fit.path("fits").asBoolean();
      String what =
          usable
              ? look.message(
                  "fits_memory",
                  look.formats().bytes(fit.path("peakBytes").asLong()),
                  look.formats().bytes(fit.path("deviceBytes").asLong()))
              : fit.path("problem").asText();
      rows.add(
          Map.of(
              "name",
              fit.path("name").asText(),
              "path",
              fit.path("path").asText(),
              "what",
              what,
              "usable",
              usable,
              "badge",
              enough ? "good" : usable ? "bad" : "warn",
              "state",
              look.message(enough ? "fits_yes" : usable ? "fits_no" : "fits_unsuitable")));
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("id", source.id());
    model.put("fits", rows);
    model.put("failed", failed);
    model.put("running", known.isEmpty() && failed.isEmpty());
    return pages.part(look, "fits", model);
  }

  private static List<Object> uses(Look look, Inspection inspection) {
    List<Object> uses = new ArrayList<>();
    for (Inspection.Use use : inspection.uses()) {
      String key = "use_" + use.name().toLowerCase(Locale.ROOT);
      uses.add(Map.of("name", look.message(key), "text", look.message(key + "_text")));
    }
    return uses;
  }

  private static List<Object> columns(Source source, Inspection inspection) {
    Map<String, String> guesses =
        inspection.shape().isEmpty() && source.map().isEmpty()
            ? Guesses.of(inspection.columns())
            : Map.of();
    List<Object> columns = new ArrayList<>();
    for (String column : inspection.columns()) {
      columns.add(
          Map.of(
              "name", column,
              "as",
                  source
                      .map()
                      .getOrDefault(
                          column,
                          guesses.getOrDefault(column, MEANINGS.contains(column) ? column : "")),
              "unused", inspection.unused().contains(column)));
    }
    return columns;
  }

  private static List<Object> shapes(Look look, Source source) {
    List<Object> shapes = new ArrayList<>();
    for (Shape shape : Shape.values()) {
      shapes.add(
          Map.of(
              "value", shape.name(),
              "name", look.message("shape_" + shape.name().toLowerCase(Locale.ROOT)),
              "chosen", shape.name().equals(source.shape())));
    }
    return shapes;
  }

  private static List<Object> delimiters(Look look, Source source) {
    List<String> names = List.of("comma", "semicolon", "bar", "tab");
    List<Object> all = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      all.add(
          Map.of(
              "value", DELIMITERS.get(i),
              "name", look.message("delimiter_" + names.get(i)),
              "chosen", DELIMITERS.get(i).equals(source.delimiter())));
    }
    return all;
  }

  private static void addRows(
      Map<String, Object> model, Request request, Look look, Source source, boolean understood) {
    int page = request.query().number("page", 0, 0, 100_000_000);
    try {
      FileDataset rows = understood ? SourceRows.open(source) : SourceRows.openFields(source);
      List<Object> shown = new ArrayList<>();
      for (int row = Math.min(page * SIZE, rows.size());
          row < Math.min(rows.size(), (page + 1) * SIZE);
          row++) {
        shown.add(
            Map.of(
                "place", Places.brief(rows.locate(row)), "fields", SourceRows.fields(rows, row)));
      }
      model.put("rows", shown);
      String address = look.to("data/" + source.id() + "?page=");
      model.put("pages", Models.pages(look, address, page, SIZE, rows.size()));
    } catch (Adapt4jException e) {
      model.put("problem_text", String.valueOf(e.getMessage()));
    }
  }
}
