package io.adapt4j.studio.internal.exam;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Results of exams, item by item, computed from the replies that the runs kept. No model is asked
 * again: a reply that is missing is an error.
 */
public final class ExamResults {

  /** Share of the base's score that counts as kept. */
  public static final double KEPT = 0.98;

  private static final int OPEN = 6;

  private final Workspace workspace;
  private final Exams exams;
  private final Jobs jobs;

  /** Results with the evaluator that compares them. */
  private record Known(Evaluator evaluator, ComparisonReport report) {}

  /** Results that were looked at last, by the runs that they are of. */
  private final Map<List<String>, Known> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<String>, Known> eldest) {
          return size() > OPEN;
        }
      };

  public ExamResults(Workspace workspace, Exams exams, Jobs jobs) {
    this.workspace = workspace;
    this.exams = exams;
    this.jobs = jobs;
  }

  /** A candidate that answers what it has answered before. */
  private record Kept(String identity) implements Candidate {
    @Override
    public Replies reply(List<? extends Request> requests) {
      throw new IllegalStateException(
          "%d answers are missing: the tasks or their rows have changed since. Start the exam again."
              .formatted(requests.size()));
    }
  }

  /** Returns the runs of an exam that have finished. */
  public List<Run> finished(Exam exam) throws IOException {
    return exams.asking(exam).values().stream().filter(run -> run.state() == State.DONE).toList();
  }

  /**
   * Returns the results of the candidates that have finished, which are named by their runs. If
   * they are not known, they are begun.
   */
  public Optional<ComparisonReport> of(Exam exam) throws IOException {
    List<String> runs = finished(exam).stream().map(Run::id).toList();
    Optional<Known> found = known(runs);
    if (found.isPresent()) {
      return found.map(Known::report);
    }
    if (!runs.isEmpty() && job(exam).isEmpty()) {
      jobs.begin(key(exam), exam.name(), () -> read(exam, runs));
    }
    return Optional.empty();
  }

  private Optional<Known> known(List<String> runs) {
    synchronized (known) {
      return Optional.ofNullable(known.get(runs));
    }
  }

  /** A difference of two trainings on a task that an exam asked both. */
  public record Pair(Exam exam, TaskComparison comparison) {}

  /** A result of a training in an exam. */
  private record Answered(Exam exam, Known known, EvaluationReport report, TaskResult result) {}

  /**
   * Compares two trainings on the tasks that both were asked, in one exam or in several with the
   * same questions; of each task, the newest exam counts. Empty if an exam is still to be read.
   */
  public Optional<List<Pair>> pairs(String training, String other) throws IOException {
    Optional<List<Answered>> theirs = answered(training);
    Optional<List<Answered>> ours = answered(other);
    if (theirs.isEmpty() || ours.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Pair> pairs = new LinkedHashMap<>();
    for (Answered one : ours.get()) {
      for (Answered base : theirs.get()) {
        if (!pairs.containsKey(one.result().task()) && isSame(one.result(), base.result())) {
          ComparisonReport compared =
              one.known().evaluator().compare(List.of(alone(base), alone(one)));
          pairs.put(one.result().task(), new Pair(one.exam(), compared.comparisons().get(0)));
        }
      }
    }
    return Optional.of(List.copyOf(pairs.values()));
  }

  private static EvaluationReport alone(Answered one) {
    EvaluationReport report = one.report();
    return new EvaluationReport(
        report.candidate(), report.identity(), List.of(one.result()), report.cost());
  }

  private static boolean isSame(TaskResult one, TaskResult other) {
    return one.task().equals(other.task())
        && one.primary().name().equals(other.primary().name())
        && questions(one).equals(questions(other));
  }

  private static List<List<String>> questions(TaskResult result) {
    return result.outcomes().stream()
        .map(each -> List.of(each.id(), each.prompt(), each.expected()))
        .toList();
  }

  /** Returns all results of a training, the newest exam first; empty if one is not yet known. */
  private Optional<List<Answered>> answered(String training) throws IOException {
    List<Answered> all = new ArrayList<>();
    for (Exam exam : exams.all()) {
      List<String> done = finished(exam).stream().map(Run::id).toList();
      for (Exam.Candidate each : exam.candidates()) {
        if (each.training().equals(training) && done.contains(each.run())) {
          Optional<ComparisonReport> report = of(exam);
          Optional<Known> found = known(done);
          if (report.isEmpty() && job(exam).flatMap(Jobs.Job::problem).isEmpty()) {
            return Optional.empty();
          }
          found.ifPresent(
              known -> {
                EvaluationReport of = known.report().report(each.run());
                of.results().forEach(result -> all.add(new Answered(exam, known, of, result)));
              });
        }
      }
    }
    return Optional.of(all);
  }

  /** The work on the results, if it runs or has failed. */
  public Optional<Jobs.Job> job(Exam exam) {
    return jobs.job(key(exam));
  }

  private static String key(Exam exam) {
    return "exam " + exam.id();
  }

  private void read(Exam exam, List<String> runs) throws IOException {
    Evaluator evaluator =
        Evaluator.builder()
            .tasks(Tasks.read(exams.tasks(exam)))
            .replies(exams.replies(exam))
            .retention(KEPT)
            .build();
    List<EvaluationReport> reports = new ArrayList<>();
    for (String run : runs) {
      Path file = exams.runs().output(run).resolve("report.json");
      JsonNode report = workspace.json(file).path("candidates").path(0);
      reports.add(evaluator.evaluate(run, new Kept(report.path("identity").asText())));
    }
    ComparisonReport compared =
        reports.size() > 1
            ? evaluator.compare(reports)
            : new ComparisonReport(reports, List.of(), KEPT);
    synchronized (known) {
      known.put(runs, new Known(evaluator, compared));
    }
  }
}
