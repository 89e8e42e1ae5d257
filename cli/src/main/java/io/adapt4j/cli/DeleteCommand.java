package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.upkeep.deletion.Deletion;
import io.adapt4j.upkeep.deletion.DeletionReport;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a run again without some of its rows. */
@Command(
    name = "delete",
    description =
        "Deletes training rows from a model: makes its run again without them, from before their"
            + " first use.",
    mixinStandardHelpOptions = true)
final class DeleteCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Parameters(paramLabel = "RUN", description = "Output folder of the run.")
  private Path run;

  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      required = true,
      description = "Folder of the new run and of the report deletion.json.")
  private Path target;

  @Option(
      names = "--where",
      paramLabel = "FIELD=VALUE",
      description = "Rows whose field in the data file has this value. May be given again.")
  private Map<String, String> values = Map.of();

  @Option(
      names = "--at",
      paramLabel = "PLACE",
      description = "A row's file and line, such as 'rows.jsonl line 7'. May be given again.")
  private List<String> places = List.of();

  @Option(
      names = "--erase-rows",
      description = "Also erase the rows' content in their files of JSON Lines.")
  private boolean erasesRows;

  @Option(
      names = "--erase-checkpoints",
      description = "Also erase the old run's checkpoints and states that learned from the rows.")
  private boolean erasesCheckpoints;

  @ArgGroup(exclusive = false)
  private @Nullable Old old;

  /** The version that learned from the rows. */
  static final class Old {

    @Option(
        names = "--registry",
        paramLabel = "FOLDER",
        required = true,
        description = "A registry, to which the new model is added.")
    private Path registry;

    @Option(
        names = "--version-of",
        paramLabel = "VERSION",
        required = true,
        description = "The version that it takes the place of, such as support@2.")
    private String version;

    Old() {}
  }

  DeleteCommand() {}

  @Override
  public Integer call() throws IOException {
    Destination.existing("RUN", "the output folder of a run", run);
    if (!Deletion.isUnfinished(target)) {
      Destination.newFolder("--output", target);
    }
    @Nullable Registry registry =
        old == null
            ? null
            : Registry.open(
                Destination.existing("--registry", "the folder of a registry", old.registry));
    @Nullable ModelVersion version = registry == null ? null : registry.resolve(old.version);
    Deletion deletion = Deletion.of(run);
    for (String place : places) {
      deletion.at(Path.of(place).toAbsolutePath().toString());
    }
    values.forEach(deletion::where);
    if (erasesRows) {
      deletion.erasingRows();
    }
    if (erasesCheckpoints) {
      deletion.erasingCheckpoints();
    }
    deletion.listener(new WordedProgress(output.isJson() ? System.err : System.out));
    List<ModelVersion> added = new ArrayList<>();
    if (registry != null && version != null) {
      deletion.lastStep(report -> added.add(registry.add(newVersion(version, report))));
    }
    DeletionReport report = deletion.run(target);
    ObjectNode json =
        (ObjectNode) Output.parsed(Files.readString(target.resolve(DeletionReport.FILE)));
    StringBuilder text =
        new StringBuilder(
            "rows deleted: %d; steps made again: %d of %d, in %d s. The new model is in %s\n"
                .formatted(
                    report.plan().rows().size(),
                    report.plan().repeatedSteps(),
                    report.plan().totalSteps(),
                    report.elapsed().toSeconds(),
                    report.best()));
    report.toErase().forEach(path -> text.append("still learned from them: " + path + "\n"));
    report.remains().forEach(line -> text.append("look yourself: " + line + "\n"));
    for (ModelVersion one : added) {
      json.put("version", one.reference());
      text.append(one.reference()).append(" is in ").append(one.folder()).append('\n');
    }
    output.write(text.toString(), json);
    return ExitCode.OK;
  }

  private static NewVersion newVersion(ModelVersion old, DeletionReport report) {
    String note = "%s without %d rows".formatted(old.reference(), report.plan().rows().size());
    return new NewVersion(old.name(), report.best(), old.lineage().parent(), note);
  }
}
