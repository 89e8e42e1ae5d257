package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.data.Doctor;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.data.Inspections;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.machine.LocalModels.LocalModel;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.plan.Estimates;
import io.adapt4j.studio.internal.plan.FirstPlan;
import io.adapt4j.studio.internal.plan.PlanText;
import io.adapt4j.studio.internal.store.Plans;
import io.adapt4j.studio.internal.store.Plans.Plan;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Plans: the form that is the YAML, both ways, with problems at their fields. */
public final class PlanScreen implements Screen {

  private static final int SIZE = 20;

  /** Tasks that need no options. */
  private static final List<String> TASKS =
      List.of(
          "nextTokens",
          "classification",
          "multiLabel",
          "regression",
          "tokenClassification",
          "maskedTokens",
          "sequenceToSequence",
          "embeddings",
          "reranking",
          "dpo",
          "kto",
          "orpo",
          "simpo",
          "cpo",
          "reward");

  private static final List<String> LOSSES = List.of("completion", "last-assistant", "all");

  private final Pages pages;
  private final Plans plans;
  private final Sources sources;
  private final Inspections inspections;
  private final Doctor doctor;
  private final LocalModels models;
  private final PlanReport report;
  private final Estimates estimates;
  private final Runs runs;

  public PlanScreen(
      Pages pages, Opened opened, LocalModels models, Plans plans, Estimates estimates, Runs runs) {
    this.pages = pages;
    this.plans = plans;
    this.sources = opened.sources();
    this.inspections = opened.inspections();
    this.doctor = opened.doctor();
    this.models = models;
    this.estimates = estimates;
    this.runs = runs;
    this.report = new PlanReport(estimates);
  }

  /** The data that was opened, with its inspections and examinations. */
  public record Opened(Sources sources, Inspections inspections, Doctor doctor) {}

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (request.segment(1).isEmpty()) {
      return request.isPost() ? create(request.form(), look) : list(request, look);
    }
    Plan plan = plans.get(request.segment(1));
    String action = request.segment(2);
    if (request.path().size() > 3) {
      throw Refusal.notFound();
    }
    if (request.isSafe()) {
      return switch (action) {
        case "" -> page(200, look, plan, plan.yaml(), Map.of());
        case "report" ->
            Response.html(pages.part(look, "plan-report", report.of(look, plan, isSound(plan))));
        default -> throw Refusal.notFound();
      };
    }
    return switch (action) {
      case "check" -> check(request.form(), plan);
      case "save" -> save(request.form(), look, plan, false);
      case "run" -> save(request.form(), look, plan, true);
      case "time" -> time(look, plan);
      case "data" -> data(look, plan);
      case "delete" -> delete(look, plan);
      default -> throw Refusal.notFound();
    };
  }

  private Response list(Request request, Look look) throws IOException {
    List<Plan> all = plans.all();
    int page = request.query().number("page", 0, 0, 100_000);
    List<Object> rows = new ArrayList<>();
    for (Plan plan : Models.onPage(all, page, SIZE)) {
      Map<String, String> form = PlanText.form(plan.yaml());
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("id", plan.id());
      row.put("name", plan.name());
      row.put("what", form.getOrDefault("method", "") + " · " + form.getOrDefault("model", ""));
      row.put("added", look.formats().time(plan.added()));
      rows.add(row);
    }
    List<Object> choices = new ArrayList<>();
    for (Source source : sources.all()) {
      if (inspections.of(source).map(Inspection::isReadable).orElse(false)) {
        choices.add(Map.of("id", source.id(), "name", source.name()));
      }
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("nav_plans"));
    model.put("plans", rows);
    model.put("sources", choices);
    model.put("pages", Models.pages(look, look.to("plans?page="), page, SIZE, all.size()));
    return Response.html(pages.page(look, "plans", "plans", model));
  }

  private Response create(Fields form, Look look) throws IOException {
    Source source = sources.get(form.text("source"));
    Inspection inspection =
        inspections
            .of(source)
            .filter(Inspection::isReadable)
            .orElseThrow(() -> new Refusal(409, "doctor_unreadable"));
    if (!source.fixes().isEmpty() && doctor.of(source).isEmpty()) {
      // The file of the fixed rows is being written.
      throw new Refusal(409, "examining");
    }
    String asked = form.text("model");
    List<LocalModel> usable =
        models.all().stream()
            .filter(each -> each.problem().isEmpty())
            .sorted(Comparator.comparing(each -> !each.path().toString().equals(asked)))
            .toList();
    Plan plan =
        plans.add(source.name(), source.id(), FirstPlan.yaml(source, inspection, doctor, usable));
    return Response.see(look.to("plans/" + plan.id()));
  }

  /** The YAML that a form means: its text if that was edited, else the text with the fields. */
  private static String meant(Fields form, Plan plan) {
    String yaml = form.values().containsKey("yaml") ? form.raw("yaml") : plan.yaml();
    boolean typed =
        form.text("edited").isEmpty()
            ? !yaml.strip().equals(plan.yaml().strip())
            : form.text("edited").equals("yaml");
    if (typed) {
      return yaml;
    }
    Map<String, String> fields = new LinkedHashMap<>();
    for (String name : PlanText.fields()) {
      if (form.values().containsKey(name)) {
        fields.put(name, form.text(name));
      }
    }
    return PlanText.with(yaml, fields);
  }

  private Response check(Fields form, Plan plan) {
    String yaml = meant(form, plan);
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ObjectNode fields = answer.putObject("fields");
    PlanText.form(yaml).forEach(fields::put);
    fields.put(PlanText.GENERAL, yaml);
    ObjectNode problems = answer.putObject("problems");
    problems(plan, yaml).forEach(problems::put);
    return Response.text(200, "application/json", Json.compact(answer));
  }

  private Map<String, String> problems(Plan plan, String yaml) {
    return PlanText.problems(yaml, plans.folder(plan.id()).resolve("output"));
  }

  private boolean isSound(Plan plan) {
    return problems(plan, plan.yaml()).isEmpty();
  }

  /** Saves what was entered, and starts it if it is sound. */
  private Response save(Fields form, Look look, Plan plan, boolean starts) throws IOException {
    String yaml = meant(form, plan);
    Map<String, String> problems = problems(plan, yaml);
    if (!problems.isEmpty()) {
      // What is wrong stays on the page and is not kept.
      return page(422, look, plan, yaml, problems);
    }
    plans.save(plan, yaml);
    estimates.again(plan);
    if (!starts) {
      return Response.see(look.to("plans/" + plan.id() + "?done=saved"));
    }
    String id = Runs.newId(plan.name());
    try {
      String description =
          PlanText.description(yaml, runs.output(id)).with("overwriteOutput", "false").text();
      runs.add(id, plan.name(), plan.id(), description);
    } catch (SettingsException e) {
      throw new Refusal(422, "refused_internal");
    }
    return Response.see(look.to("runs/" + id));
  }

  private Response time(Look look, Plan plan) {
    if (isSound(plan)) {
      estimates.time(plan);
    }
    return Response.see(look.to("plans/" + plan.id()));
  }

  /** Returns the plan's data, if its fixes have changed since the plan was made. */
  private Optional<Source> changedData(Plan plan) throws IOException {
    Optional<Source> source = sources.find(plan.source());
    if (source.isEmpty() || PlanText.dataPath(plan.yaml()).isEmpty()) {
      return Optional.empty();
    }
    String now = doctor.file(source.get()).toString();
    String before = PlanText.dataPath(plan.yaml());
    boolean its =
        before.equals(source.get().path().toString())
            || before.startsWith(sources.folder(source.get().id()).toString());
    return source.filter(each -> its && !now.equals(before));
  }

  /** Makes a plan read its data as it is fixed now. */
  private Response data(Look look, Plan plan) throws IOException {
    Source source = changedData(plan).orElseThrow(Refusal::notFound);
    if (doctor.of(source).isEmpty()) {
      throw new Refusal(409, "examining");
    }
    plans.save(plan, PlanText.withData(plan.yaml(), FirstPlan.data(source, doctor)));
    estimates.again(plan);
    return Response.see(look.to("plans/" + plan.id() + "?done=saved"));
  }

  private Response delete(Look look, Plan plan) throws IOException {
    plans.delete(plan.id());
    return Response.see(look.to("plans?done=deleted"));
  }

  private Response page(int status, Look look, Plan plan, String yaml, Map<String, String> problems)
      throws IOException {
    Map<String, String> found = problems.isEmpty() ? problems(plan, yaml) : problems;
    Map<String, String> form = PlanText.form(yaml);
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", plan.name());
    model.put("id", plan.id());
    model.put("name", plan.name());
    model.put("yaml", yaml);
    model.put("form", form);
    model.put("data_changed", changedData(plan).isPresent());
    Map<String, Object> wrong = new LinkedHashMap<>();
    PlanText.fields().forEach(name -> wrong.put(name, found.getOrDefault(name, "")));
    wrong.put(PlanText.GENERAL, found.getOrDefault(PlanText.GENERAL, ""));
    model.put("wrong", wrong);
    model.put("choices", choices(look, form));
    model.put(
        "report",
        new Markup(pages.part(look, "plan-report", report.of(look, plan, found.isEmpty()))));
    return Response.html(status, pages.page(look, "plan", "plans", model));
  }

  /** Choices of the fields that have some, with what is chosen though it is none of them. */
  private Map<String, Object> choices(Look look, Map<String, String> form) {
    List<String> paths = models.all().stream().map(each -> each.path().toString()).toList();
    Map<String, String> names = new LinkedHashMap<>();
    models.all().forEach(each -> names.put(each.path().toString(), each.name()));
    Map<String, Object> choices = new LinkedHashMap<>();
    choices.put("model", options(form.getOrDefault("model", ""), paths, names));
    choices.put("task", options(form.getOrDefault("task", ""), TASKS, Map.of()));
    choices.put(
        "method", options(form.getOrDefault("method", ""), RunDescription.methods(), Map.of()));
    choices.put("lossOn", options(form.getOrDefault("lossOn", ""), LOSSES, Map.of()));
    choices.put(
        "chatTemplate",
        options(form.getOrDefault("chatTemplate", ""), ChatTemplate.builtInNames(), Map.of()));
    Map<String, String> words = Map.of("true", look.message("yes"), "false", look.message("no"));
    for (String name : List.of("asChat", "keepBest")) {
      choices.put(name, options(form.getOrDefault(name, ""), List.of("true", "false"), words));
    }
    return choices;
  }

  static List<Object> options(String chosen, List<String> known, Map<String, String> names) {
    List<String> values = new ArrayList<>(known);
    if (!chosen.isEmpty() && !values.contains(chosen)) {
      values.add(0, chosen);
    }
    List<Object> options = new ArrayList<>();
    for (String value : values) {
      options.add(
          Map.of(
              "value", value,
              "name", names.getOrDefault(value, value),
              "chosen", value.equals(chosen)));
    }
    return options;
  }
}
