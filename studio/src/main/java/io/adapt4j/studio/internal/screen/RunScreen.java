package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.run.RunQueue;
import io.adapt4j.studio.internal.run.Trainer;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Runs: the queue, and each run as it goes. */
public final class RunScreen implements Screen {

  private static final int SIZE = 20;

  private final Pages pages;
  private final Runs runs;
  private final RunQueue queue;
  private final Trainer trainer;
  private final RunReport report;

  public RunScreen(Pages pages, Runs runs, RunQueue queue, Trainer trainer) {
    this.pages = pages;
    this.runs = runs;
    this.queue = queue;
    this.trainer = trainer;
    this.report = new RunReport(runs);
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (request.segment(1).isEmpty() && request.isSafe()) {
      return list(request, look);
    }
    Run run = runs.get(request.segment(1));
    if (request.path().size() > 3) {
      throw Refusal.notFound();
    }
    if (request.isSafe()) {
      return switch (request.segment(2)) {
        case "" -> page(look, run);
        case "now" -> now(look, run);
        default -> throw Refusal.notFound();
      };
    }
    return switch (request.segment(2)) {
      case "pause" -> ended(look, run, State.PAUSED);
      case "stop" -> ended(look, run, State.STOPPED);
      case "kill" -> {
        queue.kill(runs, run.id());
        yield back(look, run);
      }
      case "resume" -> {
        queue.resume(runs, run.id());
        yield back(look, run);
      }
      case "delete" -> {
        runs.delete(run);
        yield Response.see(look.to("runs?done=deleted"));
      }
      default -> throw Refusal.notFound();
    };
  }

  private Response ended(Look look, Run run, State wish) throws IOException {
    queue.end(runs, run.id(), wish);
    return back(look, run);
  }

  private static Response back(Look look, Run run) {
    return Response.see(look.to("runs/" + run.id()));
  }

  private Response list(Request request, Look look) throws IOException {
    List<Run> all = runs.all();
    int page = request.query().number("page", 0, 0, 100_000);
    List<Object> rows = new ArrayList<>();
    for (Run run : Models.onPage(all, page, SIZE)) {
      rows.add(head(look, run));
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("nav_runs"));
    model.put("runs", rows);
    model.put("active", all.stream().anyMatch(run -> run.state().isActive()));
    model.put("trains", trainer.isThere());
    model.put("pages", Models.pages(look, look.to("runs?page="), page, SIZE, all.size()));
    return Response.html(
        request.header("X-Part").isPresent()
            ? pages.part(look, "runs-list", model)
            : pages.page(look, "runs", "runs", model));
  }

  /** Name and state of a run, and what can be done with it. */
  static Map<String, Object> head(Look look, Run run) {
    Map<String, Object> row = new LinkedHashMap<>();
    boolean ending = run.state() == State.RUNNING && run.wish() != State.RUNNING;
    row.put("id", run.id());
    row.put("name", run.name());
    row.put("plan", run.plan());
    row.put("added", look.formats().time(run.added()));
    row.put(
        "state",
        look.message(
            ending ? "state_ending" : "state_" + run.state().name().toLowerCase(Locale.ROOT)));
    row.put("badge", badge(run.state()));
    row.put("running", run.state() == State.RUNNING);
    row.put("active", run.state().isActive());
    row.put("every", refreshMillis(Duration.between(run.changed(), Instant.now())));
    row.put("resumable", run.state().canResume());
    row.put("ending", ending);
    row.put("examine", run.state() == State.DONE ? look.to("exams?training=" + run.id()) : "");
    return row;
  }

  /** Returns the time between two looks at a run: a second, later more, at most five. */
  static long refreshMillis(Duration running) {
    return Math.min(5000, Math.max(1000, running.toMillis() / 60));
  }

  static String badge(State state) {
    return switch (state) {
      case RUNNING, QUEUED -> "info";
      case DONE -> "good";
      case FAILED -> "bad";
      case PAUSED, STOPPED, INTERRUPTED -> "warn";
    };
  }

  private Map<String, Object> part(Look look, Run run) throws IOException {
    Map<String, Object> model = head(look, run);
    report.add(model, look, run);
    return model;
  }

  private Response page(Look look, Run run) throws IOException {
    Map<String, Object> model = head(look, run);
    model.put("title", run.name());
    model.put("now", new Markup(pages.part(look, "run-now", part(look, run))));
    model.put("description", Workspace.text(runs.description(run.id()), 1 << 20));
    return Response.html(pages.page(look, "run", "runs", model));
  }

  private Response now(Look look, Run run) throws IOException {
    return Response.html(pages.part(look, "run-now", part(look, run)));
  }
}
