package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.ask.AskDocuments;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.ship.Artifacts;
import io.adapt4j.studio.internal.ship.Artifacts.Artifact;
import io.adapt4j.studio.internal.ship.Commands;
import io.adapt4j.studio.internal.ship.Services;
import io.adapt4j.studio.internal.ship.Services.Service;
import io.adapt4j.studio.internal.ship.Services.State;
import io.adapt4j.studio.internal.ship.Snippets;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.studio.internal.upkeep.Versions;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Services: models that answer over HTTP in processes of their own. */
public final class ServiceScreen implements Screen {

  private static final int MOST_TOKENS = 4096;
  private static final String USE = "use:";

  private final Pages pages;
  private final Services services;
  private final Artifacts artifacts;
  private final Commands commands;
  private final Versions versions;

  public ServiceScreen(
      Pages pages, Services services, Artifacts artifacts, Commands commands, Versions versions) {
    this.pages = pages;
    this.services = services;
    this.artifacts = artifacts;
    this.commands = commands;
    this.versions = versions;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (request.path().size() > 3) {
      throw Refusal.notFound();
    }
    if (request.segment(1).isEmpty() && request.isPost()) {
      return create(request.form(), look);
    }
    if (request.segment(1).equals("new") && request.isSafe()) {
      return form(200, request.query(), look, Map.of());
    }
    Service service = services.get(request.segment(1));
    if (request.isSafe()) {
      return switch (request.segment(2)) {
        case "" -> page(look, service);
        case "now" -> Response.html(pages.part(look, "service-now", part(look, service)));
        default -> throw Refusal.notFound();
      };
    }
    switch (request.segment(2)) {
      case "start" -> services.start(service);
      case "stop" -> services.stop(service);
      case "delete" -> {
        services.delete(service);
        return Response.see(look.to("ship?done=deleted"));
      }
      default -> throw Refusal.notFound();
    }
    return Response.see(look.to("services/" + service.id()));
  }

  /** Name and state of a service, and what can be done with it. */
  static Map<String, Object> head(Look look, Service service, State state) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("id", service.id());
    row.put("name", service.name());
    row.put("address", service.address());
    row.put("added", look.formats().time(service.changed()));
    row.put("state", look.message("service_" + state.name().toLowerCase(Locale.ROOT)));
    row.put(
        "badge",
        switch (state) {
          case READY -> "good";
          case STARTING -> "info";
          case FAILED -> "bad";
          case STOPPING, STOPPED -> "warn";
        });
    row.put("ready", state == State.READY);
    row.put("alive", state != State.FAILED && state != State.STOPPED);
    row.put("stopping", state == State.STOPPING);
    row.put("starting", state == State.STARTING);
    return row;
  }

  private Map<String, Object> part(Look look, Service service) throws IOException {
    State state = services.state(service);
    Map<String, Object> model = head(look, service, state);
    model.put("log", RunReport.tail(services.log(service.id()), 6_000));
    List<Object> facts = new ArrayList<>();
    facts.add(Models.fact(look.message("model"), service.model()));
    List<String> adapters =
        service.all("--named-adapter").stream().map(text -> text.replaceFirst("=.*", "")).toList();
    facts.add(Models.fact(look.message("service_names"), String.join(", ", names(service))));
    service
        .one("--follow")
        .ifPresent(text -> facts.add(Models.fact(look.message("service_follows"), text)));
    service
        .one("--canary")
        .ifPresent(
            text ->
                facts.add(
                    Models.fact(
                        look.message("service_canary"),
                        look.formats().percent(Double.parseDouble(text)))));
    service
        .one("--index")
        .ifPresent(text -> facts.add(Models.fact(look.message("service_index"), text)));
    facts.add(Models.fact(look.message("service_key"), services.keyFile(service.id()).toString()));
    model.put("facts", facts);
    model.put("ask_path", look.to("ask?service=" + service.id()));
    model.put("documents_path", look.to("documents?service=" + service.id()));
    model.put("feedback", service.one("--feedback").isPresent());
    model.put("index", service.one("--index").isPresent());
    model.put("compares", adapters.size() + service.all("--follow").size() > 0);
    if (state == State.READY) {
      String called = adapters.isEmpty() ? service.called() : adapters.get(0);
      Path key = services.keyFile(service.id());
      model.putAll(Snippets.of(service, key, called, services.chats(service.id())));
    }
    return model;
  }

  private static List<String> names(Service service) {
    List<String> names = new ArrayList<>(List.of(service.name()));
    service.all("--named-adapter").forEach(text -> names.add(text.replaceFirst("=.*", "")));
    service.one("--follow").ifPresent(text -> names.add(service.called()));
    return names;
  }

  private Response page(Look look, Service service) throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", service.name());
    model.put("id", service.id());
    model.put("name", service.name());
    model.put("now", new Markup(pages.part(look, "service-now", part(look, service))));
    return Response.html(pages.page(look, "service", "ship", model));
  }

  private Response form(int status, Fields fields, Look look, Map<String, String> problems)
      throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("service_new"));
    Map<String, String> models = artifacts.models();
    model.put("models", Models.choices(models, fields.text("model")));
    String guess = models.getOrDefault(fields.text("model"), "").replaceFirst(".*/", "");
    model.put("name", fields.given("name").orElse(Versions.nameFor(guess)));
    List<Object> adapters = new ArrayList<>();
    for (Artifact each : artifacts.ofRuns()) {
      if (each.adapter().isPresent()) {
        adapters.add(
            Map.of(
                "id", each.id(),
                "name", each.id(),
                "model", each.model(),
                "chosen",
                    fields.text(USE + each.id()).equals("1")
                        || each.id().equals(fields.text("run"))));
      }
    }
    model.put("adapters", adapters);
    Map<String, String> followed = new LinkedHashMap<>();
    versions.inProduction().forEach(name -> followed.put(name, name + "@production"));
    model.put("followed", Models.choices(followed, fields.text("follow")));
    Map<String, String> indexes = new LinkedHashMap<>();
    for (Run run : indexes()) {
      indexes.put(run.id(), run.name());
    }
    model.put("indexes", Models.choices(indexes, fields.text("index")));
    model.put("canary", fields.text("canary"));
    model.put("tokens", fields.text("tokens"));
    model.put("feedback", fields.text("feedback").equals("1"));
    model.put("consent", fields.text("consent").equals("1"));
    model.put("wrong", problems);
    return Response.html(status, pages.page(look, "service-new", "ship", model));
  }

  private List<Run> indexes() throws IOException {
    return commands.all(Commands.INDEX).stream()
        .filter(run -> run.state() == Runs.State.DONE)
        .toList();
  }

  private Response create(Fields form, Look look) throws IOException {
    Map<String, String> problems = new LinkedHashMap<>();
    String model = form.text("model");
    String name = form.text("name");
    if (!artifacts.models().containsKey(model)) {
      problems.put("model", look.message("ship_no_model"));
    }
    if (!Versions.isName(name)) {
      problems.put("name", look.message("service_name"));
    }
    List<String> words = new ArrayList<>(List.of("serve", model, "--name", name));
    for (Artifact each : artifacts.ofRuns()) {
      if (form.text(USE + each.id()).equals("1") && each.adapter().isPresent()) {
        words.addAll(List.of("--named-adapter", each.id() + "=" + each.adapter().get()));
      }
    }
    addFollowed(words, form, look, problems);
    form.given("index")
        .ifPresent(
            id -> {
              boolean known = isIndex(id);
              if (known) {
                words.addAll(
                    List.of("--index", AskDocuments.folder(commands.output(id)).toString()));
              } else {
                problems.put("index", look.message("service_no_index"));
              }
            });
    int tokens = form.number("tokens", -1, 1, MOST_TOKENS);
    if (tokens > 0) {
      words.addAll(List.of("--max-new-tokens", "" + tokens));
    } else if (form.given("tokens").isPresent()) {
      problems.put("tokens", look.message("service_tokens", MOST_TOKENS));
    }
    if (!problems.isEmpty()) {
      return form(422, form, look, problems);
    }
    String id = Workspace.newId(name);
    if (form.text("feedback").equals("1")) {
      Path log = services.folder(id).resolve("feedback");
      words.addAll(List.of("--feedback", log.toString()));
      if (form.text("consent").equals("1")) {
        words.add("--feedback-consent");
      }
    }
    return Response.see(look.to("services/" + services.add(id, name, words).id()));
  }

  private boolean isIndex(String id) {
    try {
      return indexes().stream().anyMatch(run -> run.id().equals(id));
    } catch (IOException e) {
      return false;
    }
  }

  private void addFollowed(
      List<String> words, Fields form, Look look, Map<String, String> problems) {
    String followed = form.text("follow");
    String canary = form.text("canary");
    if (followed.isEmpty() && canary.isEmpty()) {
      return;
    }
    if (!versions.inProduction().contains(followed)) {
      problems.put("follow", look.message("service_no_version"));
      return;
    }
    if (followed.equals(form.text("name"))) {
      problems.put("name", look.message("service_same_name"));
    }
    words.addAll(List.of("--registry", versions.folder().toString()));
    words.addAll(List.of("--follow", followed + "@production"));
    if (!canary.isEmpty()) {
      int percent = form.number("canary", -1, 0, 100);
      if (percent < 0) {
        problems.put("canary", look.message("service_percent"));
      }
      words.addAll(List.of("--canary", String.valueOf(percent / 100.0)));
    }
  }
}
