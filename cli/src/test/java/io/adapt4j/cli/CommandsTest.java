package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands, run as the main program runs them, on the model that the examples ship. */
class CommandsTest {

  static final Path MODEL = Path.of("../examples/models/stories260K").toAbsolutePath().normalize();

  @TempDir private Path folder;
  private Path run;

  /** What a command wrote, and its exit code. */
  record Result(int code, String out, String err) {

    JsonNode json() {
      return Output.parsed(out);
    }
  }

  static Result execute(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] texts = List.of(arguments).stream().map(Object::toString).toArray(String[]::new);
    int code = Adapt4j.execute(new PrintWriter(out), new PrintWriter(err), texts);
    return new Result(code, out.toString(), err.toString());
  }

  @BeforeEach
  void writeRun() throws IOException {
    run = write(folder, 60);
  }

  /** Writes a description of a short run beside its rows. */
  static Path write(Path folder, int maxSteps) throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append("{\"text\": \"Lily saw ")
          .append(i)
          .append(i % 2 == 0 ? " red balls in the park." : " dogs that liked to play with Tom.")
          .append("\"}\n");
    }
    Files.writeString(folder.resolve("rows.jsonl"), rows);
    Path run = folder.resolve("run.yaml");
    Files.writeString(
        run,
        """
        model: %s
        data:
          path: rows.jsonl
          split: {train: 0.8, validation: 0.1, test: 0.1, seed: 42}
        method:
          lora: {rank: 4, alpha: 8, targets: all-linear}
        output: run
        maxSteps: %d
        epochs: 100
        batchSize: 8
        learningRate: 5e-3
        evaluateEvery: 10
        keepBest: true
        """
            .formatted(MODEL, maxSteps));
    return run;
  }

  @Test
  void aRunIsCheckedPlannedTrainedUsedMergedAndRepeated() throws IOException {
    Result validated = execute("validate", run, "--json");
    assertThat(validated.code()).isZero();
    assertThat(validated.json().path("valid").asBoolean()).isTrue();

    Result planned = execute("plan", run, "--set", "maxSteps=10", "--json");
    assertThat(planned.code()).isZero();
    assertThat(planned.json().path("steps").asInt()).isEqualTo(10);
    assertThat(planned.json().path("trainExamples").asInt()).isEqualTo(32);
    assertThat(planned.json().path("memory").isObject()).isTrue();
    assertThat(planned.json().has("timed")).isFalse();

    Result trained = execute("train", run, "--set", "maxSteps=10", "--json");
    assertThat(trained.code()).isZero();
    JsonNode report = trained.json();
    assertThat(report.path("reason").asText()).isEqualTo("completed");
    assertThat(report.path("lastLoss").asDouble()).isLessThan(report.path("firstLoss").asDouble());
    Path best = Path.of(report.path("best").asText());
    assertThat(best).isEqualTo(folder.resolve("run/best")).isDirectory();
    assertThat(folder.resolve("run/metrics.jsonl")).isNotEmptyFile();
    assertThat(folder.resolve("run/report.html")).isNotEmptyFile();
    assertThat(folder.resolve("run/tensorboard")).isNotEmptyDirectory();

    Result alone = generate();
    Result adapted = generate("--adapter", best);
    assertThat(adapted.json().path("tokens").asInt()).isBetween(1, 12);
    assertThat(adapted.json().path("text")).isNotEqualTo(alone.json().path("text"));

    Path merged = folder.resolve("merged");
    assertThat(execute("merge", MODEL, "--adapter", best, "--output", merged).code()).isZero();
    Result fromMerged =
        execute("generate", merged, "--prompt", "Lily saw", "--max-new-tokens", "12", "--json");
    assertThat(fromMerged.json()).isEqualTo(adapted.json());
    assertThat(execute("merge", MODEL, "--adapter", best, "--output", merged).code())
        .isEqualTo(ExitCode.USAGE);
    mergesFromAFile(best, merged);
    exportsMergedAndAlone(best);

    Result repeated = execute("repeat", folder.resolve("run/last"), "--json");
    assertThat(repeated.code()).isZero();
    assertThat(repeated.json().path("same").asBoolean()).isTrue();
  }

  private void mergesFromAFile(Path adapter, Path merged) throws IOException {
    Path models = folder.resolve("models.yaml");
    Files.writeString(
        models,
        """
        method: {task-arithmetic: {lambda: 0.5}}
        base: %1$s
        models:
          - {model: %1$s, adapter: run/best, weight: 1}
          - {model: merged, weight: 1}
        """
            .formatted(MODEL));
    Path both = folder.resolve("both");
    assertThat(execute("merge", "--description", models, "--output", both).err()).isEmpty();
    Result found =
        execute("generate", both, "--prompt", "Lily saw", "--max-new-tokens", "12", "--json");
    Result expected =
        execute("generate", merged, "--prompt", "Lily saw", "--max-new-tokens", "12", "--json");
    assertThat(found.json()).isEqualTo(expected.json());

    Path adapters = folder.resolve("adapters.yaml");
    Files.writeString(
        adapters,
        """
        method: {ties: {density: 1}}
        adapters: [{adapter: run/best, weight: 1}]
        """);
    Path mix = folder.resolve("mix");
    assertThat(execute("merge", "--description", adapters, "--output", mix).err()).isEmpty();
    assertThat(generate("--adapter", mix).json()).isEqualTo(generate("--adapter", adapter).json());

    Files.writeString(models, "method: {tiess: {}}\nmodels: [{weight: 1}]\n");
    Result refused = execute("merge", "--description", models, "--output", folder.resolve("no"));
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err())
        .contains("Did you mean 'ties'?", "models[0].model", "Name a checkpoint folder");
  }

  private void exportsMergedAndAlone(Path adapter) throws IOException {
    Path file = folder.resolve("stories.gguf");
    Files.writeString(
        folder.resolve("kept.jsonl"), "{\"text\": \"Once upon a time there was a cat.\"}\n");
    Result merged =
        execute(
            "export",
            MODEL,
            "--adapter",
            adapter,
            "--type",
            "Q8_0",
            "--to",
            file,
            "--system",
            "Tell a story.",
            "--verify",
            folder.resolve("kept.jsonl"),
            "--json");
    assertThat(merged.err()).isEmpty();
    assertThat(merged.code()).isZero();
    assertThat(merged.json().path("type").asText()).isEqualTo("Q8_0");
    assertThat(merged.json().path("bytes").asLong()).isEqualTo(Files.size(file));
    assertThat(Path.of(merged.json().path("modelfile").asText()))
        .content()
        .contains("FROM ./stories.gguf", "Tell a story.");
    assertThat(merged.json().path("verification").path("texts").asInt()).isEqualTo(1);
    assertThat(Path.of(merged.json().path("verificationPage").asText()))
        .isEqualTo(folder.resolve("stories.verification.html"))
        .content()
        .contains("stories.gguf against the model it was made of");
    assertThat(adapter.resolveSibling("report.html"))
        .as("the report of the run")
        .content()
        .contains("stories.gguf against the model it was made of");

    Path alone = folder.resolve("adapter.gguf");
    assertThat(execute("export", MODEL, "--adapter-only", "--to", alone).code())
        .isEqualTo(ExitCode.USAGE);
    Result adapted =
        execute("export", MODEL, "--adapter-only", "--adapter", adapter, "--to", alone);
    assertThat(adapted.code()).isZero();
    assertThat(adapted.out()).contains("adapter.gguf");
    assertThat(alone).isNotEmptyFile();
  }

  @Test
  void defaultsAreShownAndAbsurdRatesAreQuestionedButNotRefused() throws IOException {
    Files.writeString(run, Files.readString(run).replace("learningRate: 5e-3\n", ""));
    assertThat(execute("plan", run).out())
        .contains(
            "learningRate   2e-04 (default; usual are 1e-05 to 0.002 for LoRA on next tokens");
    assertThat(execute("validate", run).out()).doesNotContain("Warning: ");

    Result validated = execute("validate", run, "--set", "learningRate=1");
    assertThat(validated.code()).isZero();
    assertThat(validated.out())
        .startsWith("Warning: learningRate 1 is above what is usual, 1e-05 to 0.002 for LoRA")
        .contains("forget", "The run can start.");
    Result strict =
        execute("validate", run, "--set", "learningRate=1", "--fail-on", "WARNING", "--json");
    assertThat(strict.code()).isEqualTo(ExitCode.FINDINGS);
    assertThat(strict.json().path("warnings")).hasSize(1);
    assertThat(execute("plan", run, "--set", "learningRate=1").out()).startsWith("Warning: ");

    Result absurd = execute("validate", run, "--set", "method.lora.rank=10000");
    assertThat(absurd.code()).isNotZero();
    assertThat(absurd.out() + absurd.err()).contains("rank 10000", "at most 64", "Lower the rank");
  }

  @Test
  void aRunThatEndsWorseSaysSoInTheFirstLineAndExitsWithZero() {
    Result trained = execute("train", run, "--set", "maxSteps=20", "--set", "learningRate=5");
    assertThat(trained.code()).isZero();
    assertThat(trained.out()).startsWith("WARNING: The run ended worse than it began");
    assertThat(trained.out())
        .doesNotContain("No warnings")
        .contains("unusual         learningRate 5 is above");

    Result json =
        execute(
            "train",
            run,
            "--overwrite",
            "--json",
            "--set",
            "maxSteps=20",
            "--set",
            "learningRate=5");
    assertThat(json.code()).isZero();
    assertThat(json.json().path("outcome").asText()).isEqualTo("worse");
    assertThat(json.json().path("warnings").get(0).asText()).contains("ended worse");
  }

  @Test
  void stepsAreTimedWhereThatIsAskedFor() {
    Result timed = execute("plan", run, "--time", "1", "--json");
    assertThat(timed.code()).isZero();
    assertThat(timed.json().path("timed").isObject()).isTrue();
    assertThat(folder.resolve("run")).doesNotExist();
    assertThat(execute("plan", run).out()).contains("60 steps", "memory:");
    assertThat(execute("plan", run, "--time", "0").code()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void aRunTellsHowItWentAndWritesNoReportWhereNoneIsWanted() {
    Result trained =
        execute("train", run, "--set", "maxSteps=1", "--set", "learningRate=2e-4", "--no-report");
    assertThat(trained.code()).isZero();
    assertThat(trained.out()).contains("Training completed after 1 of 1 steps", "No warnings");
    assertThat(folder.resolve("run/metrics.jsonl")).isNotEmptyFile();
    assertThat(folder.resolve("run/report.html")).doesNotExist();
    assertThat(folder.resolve("run/tensorboard")).doesNotExist();
  }

  @Test
  void aRunWithEveryKindOfOptionIsRepeatedFromItsRecord() throws IOException {
    Files.writeString(
        folder.resolve("earlier.jsonl"), "{\"text\": \"Tom had a red ball.\"}\n".repeat(4));
    Files.writeString(
        run,
        """
        neftune: 5
        packing: true
        saveEvery: 10m
        keepLast: 1
        replay: {path: earlier.jsonl, share: 0.1}
        regularize:
          - {klToBase: {on: {path: earlier.jsonl}, strength: 0.5}}
          - {l2ToBase: {strength: 0.1}}
        """,
        StandardOpenOption.APPEND);
    assertThat(execute("train", run, "--set", "maxSteps=3", "--set", "method.lora.plus=16").code())
        .isZero();
    Path record = folder.resolve("run/last/provenance.json");
    JsonNode configuration = Output.parsed(Files.readString(record)).path("configuration");
    assertThat(configuration.at("/method/lora/plus").asDouble()).isEqualTo(16);
    assertThat(configuration.has("learningRateFactors")).isFalse();
    Result repeated = execute("repeat", record, "--json");
    assertThat(repeated.err()).isEmpty();
    assertThat(repeated.json().path("same").asBoolean()).isTrue();
    Files.writeString(folder.resolve("earlier.jsonl"), "{\"text\": \"Other.\"}\n");
    assertThat(execute("repeat", record).err()).contains("earlier.jsonl has changed");
  }

  @Test
  void rowsAreShownAsTheModelWillSeeThem() {
    Result text = execute("preview", run, "-n", "1");
    assertThat(text.code()).isZero();
    assertThat(text.out()).contains("rows.jsonl", "[");
    JsonNode rows = execute("preview", run, "-n", "2", "--json").json().path("rows");
    assertThat(rows).hasSize(2);
    JsonNode tokens = rows.path(0).path("samples").path(0);
    assertThat(tokens.path(0).path("trained").asBoolean()).isFalse();
    assertThat(tokens.path(1).path("trained").asBoolean()).isTrue();
    assertThat(tokens.path(1).path("text").asText()).isNotEmpty();
    assertThat(execute("preview", run, "-n", "0").code()).isEqualTo(ExitCode.USAGE);
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void aLearningRateIsSuggested() {
    Result found = execute("lr-find", run, "--steps", "30", "--json");
    assertThat(found.code()).isZero();
    assertThat(found.json().path("learningRate").asDouble()).isBetween(1e-6, 1.0);
    assertThat(found.json().path("points")).isNotEmpty();
    assertThat(folder.resolve("run")).doesNotExist();
    assertThat(execute("lr-find", run, "--steps", "1").code()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void aTaskWithLabelsIsCheckedPlannedAndTrained() throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append("{\"text\": \"Lily saw ").append(i).append(i % 2 == 0 ? " balls" : " dogs");
      rows.append("\", \"label\": \"").append(i % 2 == 0 ? "toy" : "pet").append("\"}\n");
    }
    Files.writeString(folder.resolve("rows.jsonl"), rows);
    Files.writeString(
        run,
        """
        task: {classification: {labels: [pet, toy]}}
        metricForBestModel: accuracy
        """,
        StandardOpenOption.APPEND);
    assertThat(execute("validate", run).code()).isZero();
    assertThat(execute("plan", run, "--set", "maxSteps=2").out()).contains("2 steps");
    Result trained = execute("train", run, "--set", "maxSteps=2", "--json");
    assertThat(trained.err()).isEmpty();
    assertThat(trained.code()).isZero();
    assertThat(trained.json().path("bestMetrics").has("accuracy")).isTrue();
    Result repeated = execute("repeat", folder.resolve("run/last"), "--json");
    assertThat(repeated.json().path("same").asBoolean()).isTrue();
    assertThat(execute("preview", run).code()).isEqualTo(ExitCode.USAGE);
  }

  private static Result generate(Object... more) {
    List<Object> arguments = new ArrayList<>();
    arguments.addAll(
        List.of("generate", MODEL, "--prompt", "Lily saw", "--max-new-tokens", "12", "--json"));
    arguments.addAll(List.of(more));
    return execute(arguments.toArray());
  }

  @Test
  void textIsGeneratedAsItComes() {
    Result result = execute("generate", MODEL, "--prompt", "Once upon a", "--max-new-tokens", "3");
    assertThat(result.code()).isZero();
    assertThat(result.out()).startsWith(" time");
  }

  @Test
  void aModelIsDescribedAsTextAndAsJson() {
    Result text = execute("inspect", MODEL);
    assertThat(text.code()).isZero();
    assertThat(text.out()).contains("architecture", "llama");
    JsonNode json = execute("inspect", MODEL, "--json").json();
    assertThat(json.path("supported").asBoolean()).isTrue();
    assertThat(json.path("parameters").asLong()).isGreaterThan(200_000);
  }

  @Test
  void theDoctorNamesWhatIsHere() {
    Result result = execute("doctor", "--json");
    assertThat(result.code()).isZero();
    assertThat(result.json().properties().stream().map(property -> property.getKey()))
        .contains("engine", "java", "processor", "features", "memoryMiB", "hubCache", "gpu")
        .contains("offline", "nativesCache", "library");
    assertThat(result.json().path("methods").toString())
        .isEqualTo(
            "[\"full\",\"ia3\",\"lora\",\"miss\",\"oft\",\"qlora\",\"quantizationAware\",\"shira\"]");
    assertThat(result.json().path("problems")).isEmpty();
  }

  /** Checks all rows as training data. */
  private Result validateWhole(Object... more) {
    List<Object> arguments = new ArrayList<>();
    arguments.addAll(
        List.of("validate", run, "--set", "data.split=null", "--set", "keepBest=false"));
    arguments.addAll(List.of(more));
    return execute(arguments.toArray());
  }

  @Test
  void dataWithErrorsIsAFinding() throws IOException {
    Files.writeString(
        folder.resolve("rows.jsonl"),
        "{\"text\": \"My key is AKIAIOSFODNN7EXAMPLX, keep it.\"}\n",
        StandardOpenOption.APPEND);
    Result found = validateWhole();
    assertThat(found.out()).contains("suspected secrets", "Findings to put right first.");
    assertThat(found.code()).isEqualTo(ExitCode.FINDINGS);
  }

  @Test
  void warningsAreFindingsWhereThatIsWanted() throws IOException {
    String row = Files.readAllLines(folder.resolve("rows.jsonl")).get(0);
    Files.writeString(folder.resolve("rows.jsonl"), (row + "\n").repeat(10));
    assertThat(validateWhole().code()).isZero();
    assertThat(validateWhole("--fail-on", "WARNING").code()).isEqualTo(ExitCode.FINDINGS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"validate", "plan", "train"})
  void aWrongDescriptionIsAUsageErrorWithEveryProblem(String command) throws IOException {
    Files.writeString(
        run,
        Files.readString(run).replace("learningRate", "learnRate").replace("rank: 4", "rank: 0"));
    Result result = execute(command, run, "--json");
    assertThat(result.code()).isEqualTo(ExitCode.USAGE);
    assertThat(result.json().path("exitCode").asInt()).isEqualTo(2);
    assertThat(result.json().path("problems"))
        .hasSize(2)
        .anySatisfy(
            node ->
                assertThat(node.asText())
                    .contains("run.yaml:11:1: learnRate: unknown key", "'learningRate'"))
        .anySatisfy(node -> assertThat(node.asText()).contains("run.yaml:6:10: method.lora.rank"));
    assertThat(result.err()).contains("learnRate");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void theCommandLineItselfIsChecked() {
    assertThat(execute("trian", run).code()).isEqualTo(ExitCode.USAGE);
    assertThat(execute("train", run, "--resume", "--overwrite").code()).isEqualTo(ExitCode.USAGE);
    assertThat(execute("generate", MODEL).code()).isEqualTo(ExitCode.USAGE);
    Result none = execute("inspect", "no such folder");
    assertThat(none.code()).isEqualTo(ExitCode.USAGE);
    assertThat(none.err()).contains("MODEL: expected a folder, a GGUF file or OWNER/NAME");
    assertThat(execute("--version").out()).startsWith("adapt4j 0.");
    assertThat(execute("train", "--help").code()).isZero();
  }

  @Test
  void aRunInTheOutputIsGoneOnWithOrReplacedOnlyWhenAsked() {
    assertThat(execute("train", run, "--set", "maxSteps=2").code()).isZero();
    Result refused = execute("train", run, "--set", "maxSteps=2");
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err()).contains("of another run");
    assertThat(execute("plan", run).code()).isZero();
    assertThat(execute("train", run, "--set", "maxSteps=2", "--overwrite").code()).isZero();
    assertThat(execute("train", run, "--set", "maxSteps=2", "--resume").code()).isZero();
  }

  @Test
  void aChangedFileIsNamedInsteadOfRepeated() throws IOException {
    assertThat(execute("train", run, "--set", "maxSteps=1").code()).isZero();
    Files.writeString(folder.resolve("rows.jsonl"), "{\"text\": \"Something else.\"}\n".repeat(40));
    Result result = execute("repeat", folder.resolve("run/provenance.json"));
    assertThat(result.code()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).contains("rows.jsonl has changed: its sha256 was ");
  }

  @Test
  void anAdapterIsNotUsedWithAnotherChatTemplateUnasked() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    String template = "{% for m in messages %}{{ m.role }}: {{ m.content }} {% endfor %}";
    Files.writeString(model.resolve("chat_template.jinja"), template);
    Files.writeString(
        folder.resolve("rows.jsonl"),
        ("{\"messages\": [{\"role\": \"user\", \"content\": \"What?\"},"
                + " {\"role\": \"assistant\", \"content\": \"A ball.\"}]}\n")
            .repeat(40));
    assertThat(execute("train", run, "--set", "model=" + model, "--set", "maxSteps=2").code())
        .isZero();
    Path adapter = folder.resolve("run/last");
    assertThat(adapter.resolve("chat_template.jinja")).hasContent(template);
    Object[] chat = {
      "generate", model, "--adapter", adapter, "--chat", "What?", "--max-new-tokens", "2"
    };
    assertThat(execute(chat).code()).isZero();

    Files.writeString(model.resolve("chat_template.jinja"), template.replace(": ", "> "));
    Result refused = execute(chat);
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err())
        .contains("the adapter was trained in a chat template with sha256 ")
        .contains("give --any-chat-template")
        .doesNotContain("()");
    Object[] anyway = Arrays.copyOf(chat, chat.length + 1);
    anyway[chat.length] = "--any-chat-template";
    assertThat(execute(anyway).code()).isZero();
  }
}
