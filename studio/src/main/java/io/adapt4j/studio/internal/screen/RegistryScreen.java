package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.ship.Artifacts;
import io.adapt4j.studio.internal.ship.Commands;
import io.adapt4j.studio.internal.ship.Services;
import io.adapt4j.studio.internal.ship.Services.Service;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.upkeep.Versions;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.HistoryEntry;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.Registry;
import io.adapt4j.upkeep.registry.RegistryException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The registry: versions, their lineage and exams, promotion and rollback. */
public final class RegistryScreen implements Screen {

  private static final int SIZE = 10;

  /** Deepest level of the drawn lineage. */
  private static final int DEEPEST = 8;

  private final Pages pages;
  private final Versions versions;
  private final Registry registry;
  private final Artifacts artifacts;
  private final Services services;
  private final Commands commands;

  public RegistryScreen(
      Pages pages, Versions versions, Artifacts artifacts, Services services, Commands commands) {
    this.pages = pages;
    this.versions = versions;
    this.registry = versions.registry();
    this.artifacts = artifacts;
    this.services = services;
    this.commands = commands;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    String name = request.segment(1);
    if (name.isEmpty() && request.isSafe()) {
      return list(request.query(), look);
    }
    boolean adding = versions.adding(name).isPresent();
    if (request.path().size() > 3 || !(adding || versions.names().contains(name))) {
      throw Refusal.notFound();
    }
    if (request.isSafe() && request.path().size() == 2) {
      boolean part = request.header("X-Part").isPresent();
      boolean waits = versions.adding(name).filter(Jobs.Job::isRunning).isPresent();
      return part && !waits
          ? Response.html("").with("X-Reload", "1")
          : page(200, request.query(), look, name, "");
    }
    if (!request.isPost()) {
      throw Refusal.notFound();
    }
    return change(request.form(), look, name, request.segment(2));
  }

  private Response change(Fields form, Look look, String name, String action) throws IOException {
    Optional<ModelVersion> chosen =
        registry.versions(name).stream()
            .filter(version -> form.text("version").equals("" + version.number()))
            .findFirst();
    String reason = form.text("reason");
    boolean moves = action.equals("promote") || action.equals("rollback");
    if (moves && (reason.isEmpty() || reason.length() > Versions.LONGEST)) {
      return page(422, form, look, name, look.message("registry_reason_missing", Versions.LONGEST));
    }
    if (!action.equals("rollback") && chosen.isEmpty()) {
      throw Refusal.notFound();
    }
    Change change = Change.by(System.getProperty("user.name", "studio"), reason);
    try {
      switch (action) {
        case "promote" -> {
          boolean challenges = form.text("alias").equals(Registry.CHALLENGER);
          registry.promote(
              chosen.get(), challenges ? Registry.CHALLENGER : Registry.PRODUCTION, change);
        }
        case "rollback" -> registry.rollback(name, change);
        case "verify" -> versions.verify(chosen.get());
        case "exam" -> {
          Path report = artifacts.exams().get(form.text("exam"));
          if (report == null) {
            return page(422, form, look, name, look.message("registry_no_exam_there"));
          }
          registry.addExam(chosen.get(), report);
        }
        default -> throw Refusal.notFound();
      }
    } catch (RegistryException e) {
      return page(422, form, look, name, String.valueOf(e.getMessage()));
    }
    return Response.see(look.to("registry/" + name + "?done=" + action));
  }

  private Response list(Fields query, Look look) throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("nav_registry"));
    List<Object> rows = new ArrayList<>();
    List<String> known = versions.names();
    int page = query.number("page", 0, 0, 100_000);
    model.put("pages", Models.pages(look, look.to("registry?page="), page, SIZE, known.size()));
    for (String name : Models.onPage(known, page, SIZE)) {
      List<ModelVersion> all = registry.versions(name);
      Integer live = registry.aliases(name).get(Registry.PRODUCTION);
      rows.add(
          Map.of(
              "name",
              name,
              "live",
              live == null ? "" : look.message("registry_live", live),
              "what",
              look.message("registry_versions", look.formats().count(all.size()))));
    }
    model.put("names", rows);
    List<Service> recording =
        services.all().stream().filter(each -> each.one("--feedback").isPresent()).toList();
    int at = query.number("inboxes", 0, 0, 100_000);
    model.put(
        "inbox_pages",
        Models.pages(look, look.to("registry?inboxes="), at, SIZE, recording.size()));
    List<Object> inboxes = new ArrayList<>();
    for (Service service : Models.onPage(recording, at, SIZE)) {
      inboxes.add(ServiceScreen.head(look, service, services.state(service)));
    }
    model.put("inboxes", inboxes);
    return Response.html(pages.page(look, "registry", "registry", model));
  }

  private Response page(int status, Fields fields, Look look, String name, String problem)
      throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", name);
    model.put("name", name);
    model.put("problem_text", problem);
    model.put("reason", Lengths.cut(fields.text("reason"), Versions.LONGEST));
    Optional<Jobs.Job> adding = versions.adding(name);
    model.put("adding", adding.filter(Jobs.Job::isRunning).isPresent());
    model.put("failed", adding.flatMap(Jobs.Job::problem));
    List<ModelVersion> all = new ArrayList<>(registry.versions(name));
    Map<String, Integer> aliases = registry.aliases(name);
    model.put("lineage", lineage(look, all, aliases));
    Collections.reverse(all);
    int page = fields.number("page", 0, 0, 100_000);
    List<Object> rows = new ArrayList<>();
    for (ModelVersion version : Models.onPage(all, page, SIZE)) {
      rows.add(row(look, version, aliases));
    }
    model.put("versions", rows);
    model.put(
        "pages",
        Models.pages(look, look.to("registry/" + name + "?page="), page, SIZE, all.size()));
    Map<String, String> exams = new LinkedHashMap<>();
    artifacts.exams().keySet().forEach(id -> exams.put(id, id));
    model.put("exams", Models.choices(exams, ""));
    List<ModelVersion> earlier =
        aliases.containsKey(Registry.PRODUCTION)
            ? registry.earlier(name, Registry.PRODUCTION)
            : List.of();
    model.put(
        "rollback",
        earlier.isEmpty()
            ? ""
            : look.message(
                "registry_rollback_to",
                aliases.getOrDefault(Registry.PRODUCTION, 0),
                earlier.get(0).number()));
    List<Run> deletions = commands.of(name, Commands.DELETION);
    int of = fields.number("deletions", 0, 0, 100_000);
    model.put(
        "deletions",
        Models.onPage(deletions, of, SIZE).stream().map(run -> RunScreen.head(look, run)).toList());
    String listed = look.to("registry/" + name + "?deletions=");
    model.put("deletion_pages", Models.pages(look, listed, of, SIZE, deletions.size()));
    List<HistoryEntry> history = new ArrayList<>(registry.history(name));
    Collections.reverse(history);
    int at = fields.number("history", 0, 0, 100_000);
    model.put(
        "history",
        Models.onPage(history, at, SIZE).stream().map(entry -> entry(look, entry)).toList());
    model.put(
        "history_pages",
        Models.pages(look, look.to("registry/" + name + "?history="), at, SIZE, history.size()));
    return Response.html(status, pages.page(look, "registry-name", "registry", model));
  }

  private static List<String> names(Map<String, Integer> aliases, ModelVersion version) {
    return aliases.entrySet().stream()
        .filter(alias -> alias.getValue() == version.number())
        .map(Map.Entry::getKey)
        .toList();
  }

  private Map<String, Object> row(Look look, ModelVersion version, Map<String, Integer> aliases)
      throws IOException {
    Formats formats = look.formats();
    Map<String, Object> row = new LinkedHashMap<>();
    List<String> own = names(aliases, version);
    int exams = registry.exams(version).size();
    row.put("number", version.number());
    row.put("aliases", own);
    row.put("live", own.contains(Registry.PRODUCTION));
    row.put("challenges", own.contains(Registry.CHALLENGER));
    row.put(
        "deletion", look.to("deletion?name=" + version.name() + "&version=" + version.number()));
    row.put("note", version.note());
    row.put("examined", exams > 0);
    List<Object> facts = new ArrayList<>();
    facts.add(Models.fact(look.message("registry_added"), formats.time(version.created())));
    facts.add(Models.fact(look.message("size"), formats.bytes(version.bytes())));
    facts.add(
        Models.fact(
            look.message("registry_exams"),
            exams == 0 ? look.message("registry_none_yet") : formats.count(exams)));
    version
        .lineage()
        .data()
        .forEach(
            data ->
                facts.add(
                    Models.fact(
                        look.message("registry_data"),
                        Places.brief(data.file()) + " · " + formats.count(data.rows()))));
    facts.add(Models.fact(look.message("registry_digest"), "sha256:" + version.digest()));
    row.put("facts", facts);
    row.put("verifying", versions.isVerifying(version));
    Optional<Versions.Checked> checked = versions.verified(version);
    row.put("checked", checked.isPresent());
    row.put("changed", checked.map(Versions.Checked::problems).orElse(List.of()));
    row.put(
        "checked_text",
        checked
            .map(each -> look.message("registry_verified", formats.time(each.time())))
            .orElse(""));
    return row;
  }

  /** Bases and versions, each below what it was trained from. */
  private static List<Object> lineage(
      Look look, List<ModelVersion> all, Map<String, Integer> aliases) {
    Map<String, List<ModelVersion>> below = new LinkedHashMap<>();
    List<String> known = all.stream().map(ModelVersion::pinned).toList();
    for (ModelVersion version : all) {
      String base =
          version.lineage().base().map(each -> each.name()).orElse(look.message("registry_base"));
      String above = version.lineage().parent().filter(known::contains).orElse("/" + base);
      below.computeIfAbsent(above, key -> new ArrayList<>()).add(version);
    }
    List<Object> drawn = new ArrayList<>();
    for (String root : below.keySet()) {
      if (root.startsWith("/")) {
        drawn.add(Map.of("name", root.substring(1), "depth", 0, "aliases", List.of(), "note", ""));
        draw(drawn, root, 1, below, aliases);
      }
    }
    return drawn;
  }

  private static void draw(
      List<Object> drawn,
      String above,
      int depth,
      Map<String, List<ModelVersion>> below,
      Map<String, Integer> aliases) {
    for (ModelVersion version : below.getOrDefault(above, List.of())) {
      drawn.add(
          Map.of(
              "name",
              version.reference(),
              "depth",
              Math.min(depth, DEEPEST),
              "aliases",
              names(aliases, version),
              "note",
              Lengths.cut(version.note(), 80)));
      draw(drawn, version.pinned(), depth + 1, below, aliases);
    }
  }

  private static Map<String, Object> entry(Look look, HistoryEntry entry) {
    boolean first = entry.action() == HistoryEntry.Action.PROMOTE && entry.from().isEmpty();
    String action = "history_" + (first ? "first" : entry.action().name().toLowerCase(Locale.ROOT));
    return Map.of(
        "time", look.formats().time(entry.time()),
        "what", look.message(action, entry.alias(), number(entry.from()), number(entry.to())),
        "who", entry.who(),
        "reason", entry.reason(),
        "unexamined",
            entry.action() == HistoryEntry.Action.PROMOTE
                && entry.alias().equals(Registry.PRODUCTION)
                && !entry.examined());
  }

  private static String number(OptionalInt number) {
    return number.isPresent() ? String.valueOf(number.getAsInt()) : "–";
  }
}
