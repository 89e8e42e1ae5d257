package io.adapt4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.monitor.TrainingListeners;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains. */
@Command(
    name = "train",
    description =
        "Trains as a description says. Ctrl-C stops after the current step and saves; --resume goes"
            + " on from there.",
    mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {

  private static final String RESUME = "--resume";
  private static final String OVERWRITE = "--overwrite";

  /** Files that a run writes besides checkpoints. */
  private static final List<String> RUN_FILES =
      List.of(TrainingListeners.METRICS, TrainingListeners.REPORT, TrainingListeners.TENSORBOARD);

  @Spec private CommandSpec command;

  @Mixin private RunArgument run;
  @Mixin private Output output;

  @Option(
      names = "--no-report",
      description = "Write metrics.jsonl only, no report.html and no event files for TensorBoard.")
  private boolean noReport;

  @Option(
      names = "--spark",
      paramLabel = "MASTER",
      description =
          "Train on a Spark cluster, such as spark://host:7077 or local-cluster[2,1,4096]: the"
              + " micro-batches of a step are shared out among workers.")
  private String spark;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Workers on Spark; as many as can run at once if not said.")
  private Integer workers;

  @ArgGroup private final Earlier earlier = new Earlier();

  /** Handling of an earlier run in the output folder. */
  static final class Earlier {

    @Option(names = RESUME, description = "Go on with the run in the output folder.")
    private boolean resume;

    @Option(names = OVERWRITE, description = "Replace the run in the output folder.")
    private boolean overwrite;

    Earlier() {}
  }

  TrainCommand() {}

  @Override
  public Integer call() {
    if (spark != null) {
      return SparkTraining.run(SparkTraining.command(System.getenv(), sparkArguments()));
    }
    RunDescription description = run.read();
    if (earlier.resume) {
      description = description.with("resume", "true").with("overwriteOutput", "false");
    }
    if (earlier.overwrite) {
      description = description.with("overwriteOutput", "true").with("resume", "false");
    }
    FineTuner.Builder builder = description.builder();
    Path folder = description.output().orElseThrow();
    List<String> others = filesOfAnother(description, folder);
    FineTuner tuner = Training.tuner(builder, folder, output, !noReport);
    if (!others.isEmpty()) {
      throw new IllegalArgumentException(
          "output %s holds %s of another run; choose another folder, or give %s to replace it"
              .formatted(folder, Destination.some(others), OVERWRITE));
    }
    FineTuneReport report =
        Training.run(
            tuner,
            output,
            "Interrupted after a whole step; the state is in %s. Go on with: %s"
                .formatted(folder.resolve("states"), resumption()));
    output.write(Wording.of(report.text()), Training.json(report));
    return Training.exitCode(report);
  }

  /** Returns files of another run that this one would overwrite. */
  private static List<String> filesOfAnother(RunDescription description, Path folder) {
    JsonNode keys = Output.parsed(description.text());
    return keys.path("resume").asBoolean() || keys.path("overwriteOutput").asBoolean()
        ? List.of()
        : RUN_FILES.stream().filter(name -> holds(folder.resolve(name))).toList();
  }

  /** Returns whether a file has content; a rejected run may have left an empty one. */
  private static boolean holds(Path path) {
    return Files.exists(path) && !(Files.isRegularFile(path) && path.toFile().length() == 0);
  }

  private List<String> sparkArguments() {
    List<String> arguments = new ArrayList<>(run.words());
    arguments.addAll(List.of("--master", spark));
    if (workers != null) {
      arguments.addAll(List.of("--workers", workers.toString()));
    }
    if (earlier.resume) {
      arguments.add(RESUME);
    }
    if (earlier.overwrite) {
      arguments.add(OVERWRITE);
    }
    return arguments;
  }

  /** Returns this command with {@code --resume} added: other settings would be a different run. */
  String resumption() {
    List<String> words = new ArrayList<>(List.of("adapt4j"));
    command.root().commandLine().getParseResult().originalArgs().stream()
        .filter(word -> !word.equals(RESUME) && !word.equals(OVERWRITE))
        .forEach(words::add);
    words.add(RESUME);
    return Quoting.line(words);
  }
}
