package io.adapt4j.studio.internal.exam;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.TaskComparison;
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

  /** Differences of two trainings in an exam, a task each. */
  public record Pair(Exam exam, List<TaskComparison> comparisons) {}

  /** Compares two trainings by the newest exam that asked both, as soon as it is read. */
  public Optional<Pair> pair(String training, String other) throws IOException {
    for (Exam exam : exams.all()) {
      List<String> done = finished(exam).stream().map(Run::id).toList();
      Map<String, String> runs = new LinkedHashMap<>();
      exam.candidates().stream()
          .filter(each -> done.contains(each.run()))
          .forEach(each -> runs.put(each.training(), each.run()));
      String base = runs.get(training);
      String candidate = runs.get(other);
      if (base != null && candidate != null && of(exam).isPresent()) {
        Known found = known(done).orElseThrow();
        ComparisonReport report = found.report();
        ComparisonReport compared =
            found.evaluator().compare(List.of(report.report(base), report.report(candidate)));
        return Optional.of(new Pair(exam, compared.comparisons()));
      }
    }
    return Optional.empty();
  }

  /** Returns whether results of any exam are being read. */
  public boolean isReading() throws IOException {
    return exams.all().stream().anyMatch(exam -> job(exam).filter(Jobs.Job::isRunning).isPresent());
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
