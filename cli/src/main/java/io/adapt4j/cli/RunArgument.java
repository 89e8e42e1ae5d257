package io.adapt4j.cli;

import io.adapt4j.core.finetune.RunDescription;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The run description argument of a command. */
final class RunArgument {

  @Parameters(paramLabel = "RUN.YAML", description = "The description of the run.")
  private Path file;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Set a key of the description, such as learningRate=1e-4 or method.lora.rank=8. The value"
              + " is YAML. May be given more than once.")
  private final Map<String, String> settings = new LinkedHashMap<>();

  RunDescription read() {
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(
          "RUN.YAML: expected a file, found the folder "
              + Destination.described(file)
              + ". Name the description in it.");
    }
    if (!Files.exists(file)) {
      throw new IllegalArgumentException(
          "RUN.YAML: there is no file "
              + file.toAbsolutePath().normalize()
              + ". Correct the path.");
    }
    RunDescription description = RunDescription.read(file);
    if (!Output.parsed(description.text()).isObject()) {
      throw new IllegalArgumentException(
          "RUN.YAML: expected keys such as 'model: FOLDER', found none in "
              + Destination.described(file)
              + ". Name the description of a run.");
    }
    for (Map.Entry<String, String> entry : settings.entrySet()) {
      description = description.with(entry.getKey(), entry.getValue());
    }
    return description;
  }

  /** Returns the file and the overridden keys, as arguments for another program. */
  List<String> words() {
    List<String> words = new ArrayList<>();
    words.add(file.toAbsolutePath().normalize().toString());
    settings.forEach((key, value) -> words.addAll(List.of("--set", key + "=" + value)));
    return words;
  }

  /** Reads the description for inspection only, so an output that holds a run is allowed. */
  RunDescription readToLook() {
    return read().with("resume", "false").with("overwriteOutput", "true");
  }
}
