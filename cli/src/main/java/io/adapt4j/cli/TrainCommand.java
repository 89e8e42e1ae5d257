package io.adapt4j.cli;

import io.adapt4j.core.FineTuneReport;
import io.adapt4j.core.FineTuner;
import io.adapt4j.core.RunDescription;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains. */
@Command(
    name = "train",
    description = {
      "Trains as a description says. Ctrl-C stops after the present step and saves;",
      "--resume goes on from there."
    },
    mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {

  @Mixin private RunArgument run;
  @Mixin private Output output;

  @Option(
      names = "--no-report",
      description = "Write metrics.jsonl only, no report.html and no event files for TensorBoard.")
  private boolean noReport;

  @ArgGroup private final Earlier earlier = new Earlier();

  /** What to do about a run that is in the output folder. */
  static final class Earlier {

    @Option(names = "--resume", description = "Go on with the run in the output folder.")
    private boolean resume;

    @Option(names = "--overwrite", description = "Replace the run in the output folder.")
    private boolean overwrite;

    Earlier() {}
  }

  TrainCommand() {}

  @Override
  public Integer call() {
    RunDescription description = run.read();
    if (earlier.resume) {
      description = description.with("resume", "true").with("overwriteOutput", "false");
    }
    if (earlier.overwrite) {
      description = description.with("overwriteOutput", "true").with("resume", "false");
    }
    FineTuner.Builder builder = description.builder();
    Path folder = description.output().orElseThrow();
    FineTuner tuner = Training.tuner(builder, folder, output, !noReport);
    FineTuneReport report =
        Training.run(
            tuner,
            output,
            "Interrupted at a whole step; the state is in "
                + folder.resolve("states")
                + ". Go on with: adapt4j train "
                + run.file()
                + " --resume");
    output.write(report.text(), Training.json(report));
    return Training.exitCode(report);
  }
}
