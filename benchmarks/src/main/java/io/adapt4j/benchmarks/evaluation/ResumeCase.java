package io.adapt4j.benchmarks.evaluation;

import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Cost;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.task.Task;
import java.nio.file.Path;

/** An evaluation killed halfway in a separate process, and resumed in this one. */
@InSuite(leftOut = "a part of EvaluationBenchmark")
record ResumeCase(Path folder, String precision, int items, Path replies) {

  private static final int KILLED = 9;
  private static final String ASKED = "asked ";

  void report(Report report, LanguageModel model) {
    OwnProcess half = OwnProcess.run(ResumeCase.class, folder, precision, items, replies);
    long before = (long) half.number(ASKED);
    Cost rest = evaluator().build().evaluate(Candidate.of(model)).cost();
    long all = rest.asked() + rest.kept();
    boolean nothingTwice = rest.kept() == before && before < all;
    report.line(
        "killed, gone on",
        "%d of %d requests asked before, %d after: nothing twice %s",
        before,
        all,
        rest.asked(),
        Report.verdict(nothingTwice));
  }

  private Evaluator.Builder evaluator() {
    Task task = new EvaluationQuestions().task(items);
    return Evaluator.builder().tasks(task).replies(replies).batch(16, 64);
  }

  /** Evaluates, and halts the process without cleanup once half of the requests have been sent. */
  public static void main(String[] line) {
    ResumeCase resumeCase =
        new ResumeCase(Path.of(line[0]), line[1], Integer.parseInt(line[2]), Path.of(line[3]));
    Precision precision = line[1].equals("bf16") ? Precision.BF16 : Precision.FP32;
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(resumeCase.folder()), precision)) {
      resumeCase
          .evaluator()
          .listener(
              (name, done, all) -> {
                if (2 * done >= all) {
                  System.out.println(ASKED + done);
                  System.out.flush();
                  Runtime.getRuntime().halt(KILLED);
                }
              })
          .build()
          .evaluate(Candidate.of(model));
    }
  }
}
