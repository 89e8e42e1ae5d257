package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.exam.Exam;
import io.adapt4j.studio.internal.exam.Exam.Candidate;
import io.adapt4j.studio.internal.exam.ExamStores;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.plan.FirstPlan;
import io.adapt4j.studio.internal.run.RunQueue;
import io.adapt4j.studio.internal.store.Plans;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Exams: the list, the form of a new one, its results, and actions on them. */
public final class ExamScreen implements Screen {

  private static final int SIZE = 20;
  private static final int ROWS = 200;
  private static final int MOST_ROWS = 5000;
  private static final int MOST_LETTERS = 20_000;

  private final Pages pages;
  private final PlanScreen.Opened opened;
  private final LocalModels models;
  private final ExamStores parts;
  private final RunQueue queue;
  private final ExamForm form;
  private final ExamReport report;
  private final ForgettingReport forgetting;

  public ExamScreen(
      Pages pages,
      PlanScreen.Opened opened,
      LocalModels models,
      ExamStores parts,
      RunQueue queue,
      Plans plans) {
    this.pages = pages;
    this.opened = opened;
    this.models = models;
    this.parts = parts;
    this.queue = queue;
    this.form = new ExamForm(models, parts.trainings(), parts.drafts());
    this.report = new ExamReport(parts, opened);
    this.forgetting = new ForgettingReport(parts, plans);
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (request.segment(1).isEmpty()) {
      return request.isPost()
          ? create(request.form(), request, look)
          : list(200, request, look, new Fields(Map.of()), Map.of());
    }
    Exam exam = parts.exams().get(request.segment(1));
    if (request.path().size() > 3) {
      throw Refusal.notFound();
    }
    if (request.isSafe()) {
      return switch (request.segment(2)) {
        case "" -> show(request, look, exam);
        case "forgetting" -> forgotten(request, look, exam);
        default -> throw Refusal.notFound();
      };
    }
    return switch (request.segment(2)) {
      case "check" -> check(request.form(), look, exam);
      case "save" -> save(request.form(), look, exam, false);
      case "start" -> save(request.form(), look, exam, true);
      case "stop" -> stop(look, exam);
      case "resume" -> resume(look, exam);
      case "copy" -> Response.see(look.to("exams/" + parts.exams().copy(exam).id()));
      case "correct" -> correct(request, look, exam);
      case "remedy" ->
          Response.see(look.to("plans/" + forgetting.remedy(exam, request.form()).id()));
      case "delete" -> {
        parts.exams().delete(exam);
        yield Response.see(look.to("exams?done=deleted"));
      }
      default -> throw Refusal.notFound();
    };
  }

  private Response list(
      int status, Request request, Look look, Fields entered, Map<String, String> problems)
      throws IOException {
    List<Exam> all = parts.exams().all();
    int page = request.query().number("page", 0, 0, 100_000);
    List<Object> rows = new ArrayList<>();
    boolean active = false;
    for (Exam exam : Models.onPage(all, page, SIZE)) {
      Map<String, Object> row = head(look, exam);
      active |= Boolean.TRUE.equals(row.get("active"));
      rows.add(row);
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("nav_exams"));
    model.put("exams", rows);
    model.put("active", active);
    model.put("pages", Models.pages(look, look.to("exams?page="), page, SIZE, all.size()));
    if (request.header("X-Part").isPresent()) {
      return Response.html(pages.part(look, "exams-list", model));
    }
    String training =
        entered
            .given("training")
            .orElse(request.query().text("training"))
            .replaceAll("[^a-z0-9-]", "");
    addSources(model, entered, training);
    model.put("rows", entered.given("rows").orElse(String.valueOf(ROWS)));
    model.put("training", training);
    model.put("wrong_source", problems.getOrDefault("source", ""));
    model.put("wrong_rows", problems.getOrDefault("rows", ""));
    return Response.html(status, pages.page(look, "exams", "exams", model));
  }

  private void addSources(Map<String, Object> model, Fields entered, String training)
      throws IOException {
    List<Source> rows = new ArrayList<>();
    for (Source source : opened.sources().all()) {
      if (hasRows(source)) {
        rows.add(source);
      }
    }
    String chosen = entered.given("source").orElse(first(rows, training));
    List<Object> choices = new ArrayList<>();
    for (Source source : rows) {
      choices.add(
          Map.of(
              "id", source.id(),
              "name", source.name(),
              "chosen", source.id().equals(chosen),
              "general", source.id().equals(entered.text("general"))));
    }
    model.put("sources", choices);
  }

  /** The data that the training is tested on, or of which it is; else the newest with answers. */
  private String first(List<Source> rows, String training) throws IOException {
    Optional<Run> run = parts.trainings().runs().find(training);
    for (Source source : rows) {
      if (run.isPresent()
          ? parts.trainings().reads(run.get(), opened.doctor().file(source))
          : opened.inspections().of(source).filter(is -> !is.shape().equals("TEXT")).isPresent()) {
        return chosen(source.test()).map(Source::id).orElse(source.id());
      }
    }
    return "";
  }

  private boolean hasRows(Source source) throws IOException {
    return opened
        .inspections()
        .of(source)
        .map(known -> known.kind() == Inspection.Kind.ROWS && known.rows() > 0)
        .orElse(false);
  }

  /** Name and state of an exam. */
  private Map<String, Object> head(Look look, Exam exam) throws IOException {
    Collection<Run> runs = parts.exams().asking(exam).values();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("id", exam.id());
    row.put("name", exam.name());
    row.put("added", look.formats().time(exam.added()));
    row.put(
        "what",
        look.message(
            "exam_what",
            look.formats().count(exam.data().rows()),
            look.formats().count(exam.candidates().size() + (exam.isStarted() ? 0 : 1))));
    Optional<State> state = state(runs);
    row.put(
        "state",
        look.message(
            "state_" + state.map(each -> each.name().toLowerCase(Locale.ROOT)).orElse("draft")));
    row.put("badge", state.map(RunScreen::badge).orElse(""));
    row.put("active", runs.stream().anyMatch(run -> run.state().isActive()));
    row.put("resumable", runs.stream().anyMatch(run -> run.state().canResume()));
    row.put("started", exam.isStarted());
    return row;
  }

  /** The state of all runs together: the first of these that one of them is in. */
  private static Optional<State> state(Collection<Run> runs) {
    for (State each :
        List.of(
            State.RUNNING,
            State.QUEUED,
            State.FAILED,
            State.INTERRUPTED,
            State.STOPPED,
            State.PAUSED,
            State.DONE)) {
      if (runs.stream().anyMatch(run -> run.state() == each)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  private Optional<Source> chosen(String id) throws IOException {
    Optional<Source> source = opened.sources().find(id);
    return source.isPresent() && hasRows(source.get()) ? source : Optional.empty();
  }

  private Response create(Fields fields, Request request, Look look) throws IOException {
    Map<String, String> problems = new LinkedHashMap<>();
    Optional<Source> source = chosen(fields.text("source"));
    if (source.isEmpty()) {
      problems.put("source", look.message("exam_source_missing"));
    }
    int rows = fields.number("rows", 0, 1, MOST_ROWS);
    if (rows == 0) {
      problems.put("rows", look.message("exam_rows_wrong", look.formats().count(MOST_ROWS)));
    }
    if (problems.isEmpty()) {
      try {
        return Response.see(look.to("exams/" + create(source.orElseThrow(), fields, rows).id()));
      } catch (Adapt4jException e) {
        problems.put("source", String.valueOf(e.getMessage()));
      }
    }
    return list(422, request, look, fields, problems);
  }

  private Exam create(Source source, Fields fields, int rows) throws IOException {
    Optional<Source> general =
        chosen(fields.text("general")).filter(each -> !each.id().equals(source.id()));
    Optional<Run> training = training(fields.text("training"), source);
    List<Candidate> candidates = new ArrayList<>();
    String model =
        models.all().stream()
            .filter(each -> each.problem().isEmpty())
            .findFirst()
            .map(each -> each.path().toString())
            .orElse("");
    boolean chat = false;
    if (training.isPresent()) {
      parts.trainings().made(training.get()).ifPresent(candidates::add);
      JsonNode description = parts.trainings().description(training.get());
      model = description.path("model").asText(model);
      chat = description.path("data").path("asChat").asBoolean();
    }
    Exam exam =
        parts
            .drafts()
            .create(source, general, rows, candidates, Guesses::of)
            .with(model, chat && !model.isEmpty() && FirstPlan.chats(Path.of(model)), candidates);
    parts.exams().save(exam);
    return exam;
  }

  /** The training that was asked for, else the newest on the data, or on data tested on it. */
  private Optional<Run> training(String id, Source source) throws IOException {
    List<Path> files = new ArrayList<>();
    for (Source each : opened.sources().all()) {
      if (each.id().equals(source.id()) || each.test().equals(source.id())) {
        files.add(opened.doctor().file(each));
      }
    }
    for (Run run : parts.trainings().runs().all()) {
      boolean fits = run.id().equals(id);
      for (Path file : files) {
        fits |= id.isEmpty() && parts.trainings().reads(run, file);
      }
      if (fits && run.state() == State.DONE && parts.trainings().made(run).isPresent()) {
        return Optional.of(run);
      }
    }
    return Optional.empty();
  }

  private Response show(Request request, Look look, Exam exam) throws IOException {
    return exam.isStarted()
        ? results(200, request, look, exam, Map.of())
        : draft(200, look, form.saved(exam, parts.exams().yaml(exam)));
  }

  private Response draft(int status, Look look, ExamForm.Entered entered) throws IOException {
    Map<String, Object> model = head(look, entered.exam());
    model.put("title", entered.exam().name());
    report.addData(model, look, entered.exam());
    form.add(model, look, entered);
    return Response.html(status, pages.page(look, "exam-draft", "exams", model));
  }

  private static void requireDraft(Exam exam) {
    if (exam.isStarted()) {
      throw new Refusal(409, "refused_started");
    }
  }

  private Response check(Fields fields, Look look, Exam exam) throws IOException {
    requireDraft(exam);
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.putObject("fields");
    ObjectNode problems = answer.putObject("problems");
    form.read(look, exam, fields).problems().forEach(problems::put);
    return Response.text(200, "application/json", Json.compact(answer));
  }

  private Response save(Fields fields, Look look, Exam exam, boolean starts) throws IOException {
    requireDraft(exam);
    ExamForm.Entered entered = form.read(look, exam, fields);
    if (!entered.problems().isEmpty()) {
      return draft(422, look, entered);
    }
    parts.exams().save(entered.exam(), entered.yaml());
    if (!starts) {
      return Response.see(look.to("exams/" + exam.id() + "?done=saved"));
    }
    parts.exams().start(entered.exam());
    return Response.see(look.to("exams/" + exam.id()));
  }

  private Response stop(Look look, Exam exam) throws IOException {
    for (Run run : parts.exams().asking(exam).values()) {
      if (run.state().isActive()) {
        queue.end(parts.exams().runs(), run.id(), State.STOPPED);
      }
    }
    return Response.see(look.to("exams/" + exam.id()));
  }

  private Response resume(Look look, Exam exam) throws IOException {
    for (Run run : parts.exams().asking(exam).values()) {
      if (run.state().canResume()) {
        queue.resume(parts.exams().runs(), run.id());
      }
    }
    return Response.see(look.to("exams/" + exam.id()));
  }

  private Map<String, Object> asked(Look look, Exam exam, String tab) throws IOException {
    Map<String, Object> model = head(look, exam);
    model.put("title", exam.name());
    report.addData(model, look, exam);
    report.addRuns(model, look, exam, tab);
    return model;
  }

  private Response results(
      int status, Request request, Look look, Exam exam, Map<String, String> problems)
      throws IOException {
    Map<String, Object> model = asked(look, exam, "");
    boolean computing = Boolean.TRUE.equals(model.get("active")) || report.isComputing(exam);
    model.put("computing", computing);
    if (request.header("X-Part").isPresent() && computing) {
      return Response.html(pages.part(look, "exam-now", model));
    }
    Optional<ComparisonReport> results = parts.results().of(exam);
    if (results.isPresent()) {
      report.add(model, look, exam, results.get(), request.query(), problems);
    }
    if (request.header("X-Part").isPresent() && Boolean.TRUE.equals(model.get("running"))) {
      return Response.html(pages.part(look, "waiting", model));
    }
    model.put("known", results.isPresent());
    model.put("now", new Markup(pages.part(look, "exam-now", model)));
    model.put("yaml", parts.exams().yaml(exam));
    Response response = Response.html(status, pages.page(look, "exam", "exams", model));
    return request.header("X-Part").isPresent() ? response.with("X-Reload", "1") : response;
  }

  private Response forgotten(Request request, Look look, Exam exam) throws IOException {
    Map<String, Object> model = asked(look, exam, "forgetting");
    boolean computing = report.isComputing(exam);
    Optional<ComparisonReport> results = parts.results().of(exam);
    model.put("computing", computing);
    model.put("known", results.isPresent());
    model.put("running", computing);
    model.put("live", look.to("exams/" + exam.id() + "/forgetting"));
    if (results.isPresent()) {
      forgetting.add(model, look, exam, results.get(), request.query());
    }
    if (request.header("X-Part").isPresent()) {
      Response part = Response.html(pages.part(look, "waiting", model));
      return computing ? part : part.with("X-Reload", "1");
    }
    return Response.html(pages.page(look, "exam-forgetting", "exams", model));
  }

  /** Adds an answer to the data of corrections. */
  private Response correct(Request request, Look look, Exam exam) throws IOException {
    Fields fields = request.form();
    ComparisonReport results =
        parts.results().of(exam).orElseThrow(() -> new Refusal(409, "exam_reading"));
    String task = fields.text("task");
    Outcome outcome =
        ExamReport.asked(results, fields.text("with")).results().stream()
            .filter(each -> each.task().equals(task))
            .map(TaskResult::outcomes)
            .flatMap(List::stream)
            .filter(each -> each.id().equals(fields.text("item")) && !each.expected().isEmpty())
            .findFirst()
            .orElseThrow(Refusal::notFound);
    String answer = fields.raw("answer").strip();
    if (answer.isEmpty() || answer.length() > MOST_LETTERS) {
      Request at = new Request("GET", request.path(), fields, request.headers(), request.body());
      return results(
          422, at, look, exam, Map.of(outcome.id(), look.message("exam_answer_missing")));
    }
    parts.corrected().add(exam, task, outcome, answer);
    return Response.see(
        report.address(look, exam, fields)
            + "&page="
            + fields.number("page", 0, 0, 100_000)
            + "&done=corrected#answers");
  }
}
