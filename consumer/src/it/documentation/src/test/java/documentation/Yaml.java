package documentation;

import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.lora.MergeDescription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the YAML of the pages as the library does. */
final class Yaml {

  private static final Pattern NEXT_TASK = Pattern.compile("(?m)^(?=task:)");

  private static final Pattern DATA = Pattern.compile("data (\\w+)");

  private Yaml() {}

  /**
   * Reads a block: tasks of an evaluation, a merge, a run, or the task of a run in several
   * variants.
   */
  static void check(String text, String directive) throws IOException {
    if (text.startsWith("tasks:")) {
      Tasks.read(write(text));
      return;
    }
    if (has(text, "models")) {
      MergeDescription.read(write(text));
      return;
    }
    List<String> variants =
        directive.contains("variants") ? List.of(NEXT_TASK.split(text)) : List.of(text);
    for (String variant : variants) {
      RunDescription run = RunDescription.read(write(variant)).with("output", "runs/yaml");
      if (!has(variant, "model")) {
        run = run.with("model", "models/my-llama");
      }
      if (!has(variant, "data")) {
        Matcher data = DATA.matcher(directive);
        String name = data.find() ? data.group(1) : "support";
        run =
            run.with(
                "data",
                "{path: " + name + ".jsonl, split: {train: 0.9, validation: 0.1, seed: 42}}");
      }
      if (!has(variant, "method")) {
        run = run.with("method", "{lora: {rank: 4}}");
      }
      run.builder();
    }
  }

  private static boolean has(String yaml, String key) {
    return yaml.lines().anyMatch(line -> line.startsWith(key + ":"));
  }

  private static Path write(String text) throws IOException {
    return Files.writeString(Path.of("snippet.yaml"), text);
  }
}
