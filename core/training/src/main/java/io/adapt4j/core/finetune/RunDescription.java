package io.adapt4j.core.finetune;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.data.quality.DataChecker;
import io.adapt4j.core.data.quality.DataReport;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Place;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.describe.Value;
import io.adapt4j.core.internal.recipe.DataKeys;
import io.adapt4j.core.internal.recipe.MethodKey;
import io.adapt4j.core.internal.task.RunReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A fine-tuning as data: a tree of keys, one for every option of {@link FineTuner.Builder}, in YAML
 * or JSON. Provenance records hold the same tree. Immutable.
 *
 * <pre>{@code
 * model: models/SmolLM2-135M
 * data: {path: support.jsonl, split: {train: 0.9, validation: 0.1, seed: 42}}
 * method: {lora: {rank: 16}}
 * learningRate: 2e-4
 * output: runs/support
 * }</pre>
 *
 * <p>Relative paths are resolved against the folder of the file.
 */
public final class RunDescription {

  private final Value tree;

  private RunDescription(Value tree) {
    this.tree = tree;
  }

  /**
   * Reads a file.
   *
   * @param file YAML or JSON
   * @return the description; its keys are not validated yet
   * @throws io.adapt4j.core.exception.SettingsException if the file cannot be read or is not valid
   */
  public static RunDescription read(Path file) {
    return new RunDescription(Documents.read(file));
  }

  /**
   * Parses a text, such as the result of {@link #text}.
   *
   * @param text YAML or JSON; relative paths in it are resolved against the working directory
   * @return the description; its keys are not validated yet
   * @throws io.adapt4j.core.exception.SettingsException if the text is not valid
   */
  public static RunDescription parse(String text) {
    return new RunDescription(Documents.parse("description", Path.of("").toAbsolutePath(), text));
  }

  /** Wraps a description as it was written. */
  static RunDescription of(JsonNode written) {
    return new RunDescription(
        Value.of(written, Place.of("description", Path.of("").toAbsolutePath())));
  }

  /**
   * Sets a key, replacing its value if there is one.
   *
   * @param key dotted path of the key: {@code method.lora.rank}
   * @param yaml its value in YAML; relative paths in it are resolved against the working directory
   * @return a changed copy
   * @throws io.adapt4j.core.exception.SettingsException if the value is not valid YAML
   */
  public RunDescription with(String key, String yaml) {
    Value value = Documents.parse("--set " + key, Path.of("").toAbsolutePath(), yaml);
    return new RunDescription(tree.with(key, value));
  }

  /**
   * Opens the data and creates the builder.
   *
   * @return a builder with everything described
   * @throws io.adapt4j.core.exception.SettingsException naming the file, line, key, value and
   *     remedy of everything that is wrong: unknown keys, values of another type or out of range,
   *     data that cannot be opened
   */
  public FineTuner.Builder builder() {
    return FineTuner.builder(RunReader.read(tree, Set.of()));
  }

  /**
   * Opens the data only.
   *
   * @return its parts, as they are described
   * @throws io.adapt4j.core.exception.SettingsException if data keys are wrong or it cannot be
   *     opened; other keys are not looked at
   */
  public Split data() {
    Problems problems = new Problems();
    Optional<Split> data = DataKeys.split(Fields.of("", tree, problems));
    problems.finish();
    return data.orElseThrow(() -> new IllegalStateException("data without a problem is open"));
  }

  /**
   * Returns the output folder of the run.
   *
   * @return the folder; empty if the key is missing or wrong, which {@link #builder} reports
   */
  public Optional<Path> output() {
    Fields fields = Fields.of("", tree, new Problems());
    return fields.file("output");
  }

  /**
   * Checks the data for problems. For next-token prediction, the tokenizer, the chat template and
   * the options of the run are used; for other tasks, rows are checked as they are. The test part
   * of a split is compared with the training part.
   *
   * @return the report
   * @throws io.adapt4j.core.exception.SettingsException if the description is wrong, or if the run
   *     cannot start
   */
  public DataReport checkData() {
    return check().data();
  }

  /**
   * Findings of the checks of a description.
   *
   * @param data problems of the data, as in {@link #checkData}
   * @param questions unusual settings of the run, as in {@link FineTuner#questions}
   */
  public record Findings(DataReport data, List<String> questions) {

    /** Copies the questions. */
    public Findings {
      questions = List.copyOf(questions);
    }
  }

  /**
   * Checks the data for problems and the run for unusual settings.
   *
   * @return the findings
   * @throws io.adapt4j.core.exception.SettingsException if the description is wrong, or if the run
   *     cannot start
   */
  public Findings check() {
    FineTuner tuner = builder().build();
    return new Findings(tuner.checkData(DataChecker.of(data())), tuner.questions());
  }

  /**
   * Serializes the description, to be read elsewhere by {@link #parse}. Relative paths of a
   * description that was read from a file stay as they are.
   *
   * @return the keys as JSON, which is YAML too
   */
  public String text() {
    return Json.indented(tree.json());
  }

  /**
   * Lists the fine-tuning methods that descriptions can name.
   *
   * @return the names registered by modules on the class path
   */
  public static List<String> methods() {
    return MethodKey.names();
  }
}
