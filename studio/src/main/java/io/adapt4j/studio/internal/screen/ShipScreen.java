package io.adapt4j.studio.internal.screen;

import io.adapt4j.core.internal.Disk;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.ship.Artifacts;
import io.adapt4j.studio.internal.ship.Artifacts.Artifact;
import io.adapt4j.studio.internal.ship.Commands;
import io.adapt4j.studio.internal.ship.Services;
import io.adapt4j.studio.internal.ship.Services.Service;
import io.adapt4j.studio.internal.ship.Snippets;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.upkeep.Versions;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Models that can leave the studio, and the ways: export, service, registry, code. */
public final class ShipScreen implements Screen {

  private static final int SIZE = 10;

  /** Types of GGUF files by their bits for each value. */
  private static final Map<String, Double> TYPES = new LinkedHashMap<>();

  static {
    TYPES.put("Q4_K_M", 4.8);
    TYPES.put("Q5_K_M", 5.7);
    TYPES.put("Q6_K", 6.6);
    TYPES.put("Q8_0", 8.5);
    TYPES.put("F16", 16.0);
  }

  private final Pages pages;
  private final Artifacts artifacts;
  private final Services services;
  private final Commands commands;
  private final Versions versions;
  private final PlanScreen.Opened opened;

  public ShipScreen(
      Pages pages,
      Artifacts artifacts,
      Services services,
      Commands commands,
      Versions versions,
      PlanScreen.Opened opened) {
    this.pages = pages;
    this.artifacts = artifacts;
    this.services = services;
    this.commands = commands;
    this.versions = versions;
    this.opened = opened;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    String action = request.segment(1);
    if (request.path().size() > 2) {
      throw Refusal.notFound();
    }
    if (request.isSafe()) {
      return switch (action) {
        case "" -> list(200, request.query(), look, "");
        case "of" -> of(request.query(), look);
        default -> throw Refusal.notFound();
      };
    }
    Fields form = request.form();
    Optional<Artifact> artifact = artifact(form);
    if (artifact.isEmpty()) {
      return list(422, form, look, problem(look, form));
    }
    return switch (action) {
      case "export" -> export(form, look, artifact.get());
      case "merge" -> merge(look, artifact.get());
      case "register" -> register(form, look, artifact.get());
      default -> throw Refusal.notFound();
    };
  }

  /** The result of a run, or a model of this machine with an adapter or without. */
  private Optional<Artifact> artifact(Fields fields) throws IOException {
    for (Artifact each : artifacts.ofRuns()) {
      if (each.id().equals(fields.text("run"))) {
        return Optional.of(each);
      }
    }
    String model = fields.text("model");
    Optional<String> adapter = fields.given("adapter");
    boolean adapts =
        adapter.isEmpty()
            || (Artifacts.isThere(adapter.get()) && Artifacts.isAdapter(Path.of(adapter.get())));
    Map<String, String> known = artifacts.models();
    return known.containsKey(model) && adapts
        ? Optional.of(new Artifact("", known.get(model), model, adapter.map(Path::of)))
        : Optional.empty();
  }

  private String problem(Look look, Fields fields) throws IOException {
    return artifacts.models().containsKey(fields.text("model"))
        ? look.message("ship_no_adapter", Lengths.cut(fields.text("adapter"), 200))
        : look.message("ship_no_model");
  }

  private Response list(int status, Fields query, Look look, String problem) throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("nav_ship"));
    model.put("problem_text", problem);
    model.put("adapter", query.text("adapter"));
    model.put("models", Models.choices(artifacts.models(), query.text("model")));
    List<Artifact> results = artifacts.ofRuns();
    int page = query.number("page", 0, 0, 100_000);
    List<Object> rows = new ArrayList<>();
    for (Artifact each : Models.onPage(results, page, SIZE)) {
      rows.add(
          Map.of(
              "id", each.id(),
              "path", look.to("ship/of?run=" + each.id()),
              "name", each.name(),
              "what", look.message(each.adapter().isPresent() ? "ship_adapter_of" : "ship_whole"),
              "model", each.model()));
    }
    model.put("results", rows);
    model.put("pages", Models.pages(look, look.to("ship?page="), page, SIZE, results.size()));
    List<Object> shown = new ArrayList<>();
    List<Service> all = services.all();
    int first = query.number("services", 0, 0, 100_000);
    model.put(
        "service_pages", Models.pages(look, look.to("ship?services="), first, SIZE, all.size()));
    for (Service each : Models.onPage(all, first, SIZE)) {
      shown.add(ServiceScreen.head(look, each, services.state(each)));
    }
    model.put("services", shown);
    List<Run> exports = commands.all(Commands.GGUF, Commands.MERGE);
    int at = query.number("exports", 0, 0, 100_000);
    model.put(
        "exports",
        Models.onPage(exports, at, SIZE).stream().map(run -> RunScreen.head(look, run)).toList());
    model.put(
        "export_pages", Models.pages(look, look.to("ship?exports="), at, SIZE, exports.size()));
    return Response.html(status, pages.page(look, "ship", "ship", model));
  }

  private Response of(Fields query, Look look) throws IOException {
    Optional<Artifact> found = artifact(query);
    return found.isEmpty()
        ? list(422, query, look, problem(look, query))
        : page(200, look, found.get(), query, Map.of());
  }

  private Response page(
      int status, Look look, Artifact artifact, Fields fields, Map<String, String> problems)
      throws IOException {
    Formats formats = look.formats();
    Map<String, Object> model = new LinkedHashMap<>();
    String adapter = artifact.adapter().map(Path::toString).orElse("");
    model.put("title", artifact.name());
    model.put("name", artifact.name());
    model.put("run", artifact.id());
    model.put("model", artifact.model());
    model.put("adapter", adapter);
    model.put("wrong", problems);
    List<Object> types = new ArrayList<>();
    OptionalLong parameters = Artifacts.parameters(artifact.model());
    String chosen = fields.given("type").orElse("Q4_K_M");
    TYPES.forEach(
        (type, bits) ->
            types.add(
                Map.of(
                    "value", type,
                    "chosen", type.equals(chosen),
                    "bits", formats.decimal(bits, 1),
                    "size",
                        parameters.isPresent()
                            ? formats.bytes(Math.round(parameters.getAsLong() * bits / 8))
                            : "–",
                    "text", look.message("type_" + type.toLowerCase(java.util.Locale.ROOT)))));
    model.put("types", types);
    model.put("sources", Models.choices(plainRows(), fields.text("data")));
    Map<String, String> exams = new LinkedHashMap<>();
    artifacts.exams().keySet().forEach(id -> exams.put(id, id));
    model.put("exams", Models.choices(exams, fields.text("exam")));
    model.put("as", fields.given("name").orElse(Versions.nameFor(artifact.name())));
    model.put("note", fields.text("note"));
    model.putAll(Snippets.inProcess(artifact.model(), artifact.adapter()));
    List<Run> made = commands.of(artifact.folder().toString(), Commands.GGUF, Commands.MERGE);
    model.put("exports", made.stream().map(run -> RunScreen.head(look, run)).toList());
    return Response.html(status, pages.page(look, "ship-of", "ship", model));
  }

  /** Sources whose rows the command line reads without being told how. */
  private Map<String, String> plainRows() throws IOException {
    Map<String, String> names = new LinkedHashMap<>();
    for (Source source : opened.sources().all()) {
      boolean readable = opened.inspections().of(source).map(Inspection::isReadable).orElse(false);
      boolean plain =
          source.map().isEmpty() && source.delimiter().isEmpty() && source.shape().isEmpty();
      if (readable && Files.isRegularFile(source.path()) && (plain || !source.fixes().isEmpty())) {
        names.put(source.id(), source.name());
      }
    }
    return names;
  }

  private Response export(Fields form, Look look, Artifact artifact) throws IOException {
    String type = form.text("type");
    Map<String, String> problems = new LinkedHashMap<>();
    if (!TYPES.containsKey(type)) {
      problems.put("type", look.message("export_no_type", Lengths.cut(type, 40)));
    }
    String data = form.text("data");
    if (!data.isEmpty() && !plainRows().containsKey(data)) {
      problems.put("data", look.message("export_no_data"));
    }
    int rows = form.number("rows", -1, 1, 10_000);
    if (!data.isEmpty() && rows < 0) {
      problems.put("rows", look.message("export_rows", 10_000));
    }
    if (!problems.isEmpty()) {
      return page(422, look, artifact, form, problems);
    }
    String name = Versions.nameFor(artifact.name());
    String id = commands.newId(name + " " + type);
    Path file = commands.output(id).resolve(name + "-" + type + ".gguf");
    Disk.createFolders(file.getParent());
    List<String> words = new ArrayList<>(List.of("export", artifact.model(), "--to"));
    words.addAll(List.of(file.toString(), "--type", type, "--overwrite", "--modelfile"));
    artifact.adapter().ifPresent(path -> words.addAll(List.of("--adapter", path.toString())));
    if (!data.isEmpty()) {
      String verified = opened.doctor().file(opened.sources().get(data)).toString();
      words.addAll(List.of("--verify", verified, "--verify-rows", "" + rows));
    }
    String folder = artifact.folder().toString();
    return queued(look, commands.add(id, name + " " + type, Commands.GGUF, folder, words));
  }

  private Response merge(Look look, Artifact artifact) throws IOException {
    Path adapter = artifact.adapter().orElseThrow(() -> new Refusal(409, "ship_nothing_to_merge"));
    String name = Versions.nameFor(artifact.name()) + "-merged";
    String id = commands.newId(name);
    List<String> words =
        List.of(
            "merge",
            artifact.model(),
            "--adapter",
            adapter.toString(),
            "--output",
            commands.output(id).resolve(name).toString());
    return queued(look, commands.add(id, name, Commands.MERGE, adapter.toString(), words));
  }

  private static Response queued(Look look, Run run) {
    return Response.see(look.to("exports/" + run.id()));
  }

  private Response register(Fields form, Look look, Artifact artifact) throws IOException {
    String name = form.text("name");
    String exam = form.text("exam");
    Map<String, Path> exams = artifacts.exams();
    Map<String, String> problems = new LinkedHashMap<>();
    if (!Versions.isName(name)) {
      problems.put("name", look.message("registry_name"));
    }
    if (!exam.isEmpty() && !exams.containsKey(exam)) {
      problems.put("exam", look.message("registry_no_exam_there"));
    }
    if (form.text("note").length() > Versions.LONGEST) {
      problems.put("note", look.message("too_long", Versions.LONGEST));
    }
    if (!Files.isDirectory(artifact.folder())) {
      problems.put("name", look.message("registry_no_folder"));
    }
    if (!problems.isEmpty()) {
      return page(422, look, artifact, form, problems);
    }
    versions.add(name, artifact.folder(), form.text("note"), Optional.ofNullable(exams.get(exam)));
    return Response.see(look.to("registry/" + name));
  }
}
