package io.adapt4j.cli;

import static io.adapt4j.cli.CommandsTest.MODEL;
import static io.adapt4j.cli.CommandsTest.execute;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.cli.CommandsTest.Result;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the command line says when something is wrong: keys and options, never Java. */
class MessagesTest {

  @TempDir private Path folder;
  private Path run;

  @BeforeEach
  void writeRun() throws IOException {
    run = CommandsTest.write(folder, 2);
  }

  private static Result refused(Object... arguments) {
    Result result = execute(arguments);
    assertThat(result.code()).as(result.err()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).doesNotContain("()", "(...)", "\tat ");
    return result;
  }

  @Test
  void anOutputOfAnotherRunNamesTheOptions() {
    assertThat(execute("train", run).code()).isZero();
    assertThat(refused("train", run).err())
        .contains("give --resume to go on with it or --overwrite to replace it");
    Result json = execute("train", run, "--json");
    assertThat(json.json().path("problems").get(0).asText()).contains("--resume");
  }

  @Test
  void whatIsMissingIsNamedByItsKey() throws IOException {
    Files.writeString(run, "output: run\ndata: {path: rows.jsonl}\n");
    assertThat(refused("plan", run).err())
        .contains("Write 'model: FOLDER', or 'model: {hub: OWNER/NAME}'.")
        .contains("Choose one of full, lora, ia3, miss, shira, oft, quantizationAware, qlora.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "keepBest=True | expected true or false, found the text 'True'. Write true.",
        "packing=yes | found the text 'yes'. Write true.",
        "keepBest=No | found the text 'No'. Write false.",
        "data.map={nothing: text} | map: expected the field 'nothing'",
        "data.path=nothing.jsonl | nothing.jsonl: no such file",
        "chatTemplate=chatlm | Did you mean 'chatml'?",
        "overlap=8 | write 'overflow: split'",
        "metricForBestModel=accuracy | metricForBestModel: expected one of [loss]",
      })
  void wrongSettingsAreToldInKeys(String setting, String said) {
    assertThat(refused("plan", run, "--set", setting).err()).contains(said);
  }

  @Test
  void conversationsWithoutATemplateAreTrainedOnceOneIsNamed() throws IOException {
    Files.writeString(
        folder.resolve("rows.jsonl"),
        ("{\"messages\": [{\"role\": \"user\", \"content\": \"What?\"},"
                + " {\"role\": \"assistant\", \"content\": \"A ball.\"}]}\n")
            .repeat(40));
    assertThat(refused("train", run).err())
        .contains("has no chat template", "name one with chatTemplate: alpaca, chatml");
    Files.writeString(run, "chatTemplate: chatml\n", StandardOpenOption.APPEND);
    assertThat(execute("plan", run).out()).contains("note: conversations are written in the chat");
    assertThat(execute("validate", run).out()).contains("<|im_end|> (");
    assertThat(execute("train", run, "--no-report").code()).isZero();

    Path adapter = folder.resolve("run/best");
    Object[] asked = {
      "generate", MODEL, "--adapter", adapter, "--prompt", "What?", "--max-new-tokens", "2"
    };
    Result answered = execute(asked);
    assertThat(answered.code()).isZero();
    assertThat(answered.err()).contains("answered as a message in the chat template; --raw");
    Result json = execute(with(asked, "--json"));
    assertThat(json.json().path("chat").asBoolean()).isTrue();
    Result raw = execute(with(asked, "--json", "--raw"));
    assertThat(raw.json().path("chat").asBoolean()).isFalse();
    assertThat(raw.json().path("promptTokens").asInt())
        .isLessThan(json.json().path("promptTokens").asInt());
    Result otherTemplate =
        execute(with(asked, "--json", "--chat-template", "alpaca", "--any-chat-template"));
    assertThat(otherTemplate.json().path("promptTokens"))
        .isNotEqualTo(json.json().path("promptTokens"));
    assertThat(refused(with(asked, "--chat-template", "alpaca")).err())
        .contains("give --any-chat-template");
    assertThat(refused(with(asked, "--raw", "--system", "Be brief.")).err()).contains("--system");

    Path merged = folder.resolve("merged");
    assertThat(execute("merge", MODEL, "--adapter", adapter, "--output", merged).code()).isZero();
    Result fromMerged =
        execute("generate", merged, "--prompt", "What?", "--max-new-tokens", "2", "--json");
    assertThat(fromMerged.json()).isEqualTo(json.json());
  }

  private static Object[] with(Object[] arguments, Object... more) {
    Object[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return all;
  }

  private static Result generate(Object... more) {
    return execute(
        with(
            new Object[] {
              "generate", MODEL, "--prompt", "Once upon a", "--max-new-tokens", "12", "--json"
            },
            more));
  }

  @Test
  void guessesLeaveTheTextAsItIs() {
    assertThat(generate("--prompt-lookup-tokens", "5").json()).isEqualTo(generate().json());
    assertThat(refused("generate", MODEL, "--prompt", "a", "--prompt-lookup-tokens", "-1").err())
        .contains("--prompt-lookup-tokens must be at least 0");
    assertThat(generate("--draft", MODEL).json()).isEqualTo(generate().json());
    assertThat(
            refused("generate", MODEL, "--prompt", "a", "--draft", MODEL, "--draft-tokens", "0")
                .err())
        .contains("--draft-tokens: expected at least 1, found 0");
    assertThat(refused("generate", MODEL, "--prompt", "a", "--draft", "mtp").err())
        .contains("config.json: expected a model with layers that predict further tokens");
  }

  @Test
  void oneOptionOfSamplingSamplesAndTellsItsSeed() {
    Result greedy = generate();
    assertThat(greedy.json().has("seed")).isFalse();
    assertThat(generate().json()).isEqualTo(greedy.json());
    for (List<String> option :
        List.of(
            List.of("--top-p", "0.95"),
            List.of("--top-k", "40"),
            List.of("--min-p", "0.01"),
            List.of("--temperature", "1.5"))) {
      Result sampled = generate(option.toArray());
      assertThat(sampled.code()).isZero();
      long seed = sampled.json().path("seed").asLong();
      assertThat(seed).isPositive();
      Result again = generate(with(option.toArray(), "--seed", seed));
      assertThat(again.json()).isEqualTo(sampled.json());
      assertThat(generate(option.toArray()).json().path("seed").asLong()).isNotEqualTo(seed);
    }
    Result told =
        execute("generate", MODEL, "--prompt", "Once", "--max-new-tokens", "2", "--top-k", "5");
    assertThat(told.err()).containsPattern("\\(--seed \\d+ gives this text again\\)");
    assertThat(refused("generate", MODEL, "--prompt", "a", "--temperature", "0", "--top-p", "0.9"))
        .extracting(Result::err)
        .asString()
        .contains("--top-p: has no effect with --temperature 0");
    assertThat(refused("generate", MODEL, "--prompt", "a", "--top-p", "2").err())
        .contains("--top-p must be between 0 and 1");
  }

  @Test
  void stopsAndThePenaltyAreOptions() {
    String whole = generate().json().path("text").asText();
    String stop = whole.strip().split(" ", -1)[1];
    Result stopped = generate("--stop", stop);
    assertThat(stopped.json().path("text").asText())
        .isEqualTo(whole.substring(0, whole.indexOf(stop)));
    assertThat(stopped.json().path("finishReason").asText()).isEqualTo("stop_string");
    assertThat(generate("--repetition-penalty", "50").json().path("text").asText())
        .isNotEqualTo(whole);
  }

  @Test
  void theCommandToGoOnRepeatsEveryOptionQuoted() {
    CommandLine commands = Adapt4j.commands("80");
    commands.parseArgs(
        "train",
        "my runs/it's.yaml",
        "--set",
        "method.lora.rank=8",
        "--set",
        "task={classification: {labels: [a, b]}}",
        "--no-report",
        "--overwrite");
    TrainCommand train = commands.getSubcommands().get("train").getCommand();
    assertThat(train.resumption())
        .isEqualTo(
            "adapt4j train 'my runs/it'\\''s.yaml' --set method.lora.rank=8 --set"
                + " 'task={classification: {labels: [a, b]}}' --no-report --resume");
    assertThat(Quoting.line(List.of("adapt4j", "a b", "c"), true)).isEqualTo("adapt4j \"a b\" c");
  }

  @ParameterizedTest
  @ValueSource(ints = {55, 80, 120})
  void helpHasWholeSentencesInAnyWidth(int columns) {
    CommandLine commands = Adapt4j.commands(Integer.toString(columns));
    String help = commands.getUsageMessage();
    assertThat(help.lines()).allMatch(line -> line.length() <= columns);
    String words = help.replaceAll("\\s+", " ");
    for (CommandLine command : commands.getSubcommands().values()) {
      String[] description = command.getCommandSpec().usageMessage().description();
      assertThat(description).as(command.getCommandName()).hasSize(1);
      assertThat(description[0]).endsWith(".");
      assertThat(words).contains(description[0]);
      assertThat(command.getUsageMessage().lines()).allMatch(line -> line.length() <= columns);
    }
  }

  @Test
  void aWrongOptionIsOneLineWithWhereToLook() {
    assertThat(refused("plan", folder.resolve("no.yaml")).err()).contains("there is no file");
    Result result = refused("train", run, "--epochs", "3");
    assertThat(result.err()).contains("--epochs").hasLineCount(2);
    assertThat(result.err()).contains("'adapt4j train --help'");
    assertThat(refused("generate", MODEL, "--prompt", "a", "--adapter", folder).err())
        .contains("--adapter: expected a folder with adapter_config.json");
  }

  @Test
  void aRunReplacesNoFilesOfAnother() throws IOException {
    Path page = Files.createDirectory(folder.resolve("run")).resolve("report.html");
    Files.writeString(page, "Of another run.");
    assertThat(refused("train", run).err())
        .contains("holds report.html of another run", "give --overwrite to replace it");
    assertThat(page).hasContent("Of another run.");
    assertThat(execute("train", run, "--overwrite").code()).isZero();
    assertThat(page).content().doesNotContain("Of another run.");
    Result again = refused("repeat", folder.resolve("run"), "--output", folder.resolve("run"));
    assertThat(again.err()).startsWith("--output: expected an empty folder");
  }

  @Test
  void aRunThatIsNotThereIsNotGoneOnWith() {
    assertThat(refused("train", run, "--resume").err())
        .contains("--resume found nothing to go on with", folder.resolve("run") + "/states/step-*");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  private static Result failed(Exception failure) {
    StringWriter err = new StringWriter();
    CommandLine commands = Adapt4j.commands("80").setErr(new PrintWriter(err, true));
    commands.parseArgs("doctor");
    int code =
        new Failures().handleExecutionException(failure, commands, commands.getParseResult());
    return new Result(code, "", err.toString());
  }

  @Test
  void whatAFileSystemRefusesIsASentence() {
    Path path = folder.resolve("there");
    assertThat(failed(new UncheckedIOException(new NoSuchFileException(path.toString()))))
        .isEqualTo(new Result(ExitCode.USAGE, "", "there is no " + path + "\n"));
    assertThat(failed(new NotDirectoryException(path.toString())))
        .isEqualTo(new Result(ExitCode.USAGE, "", path + " is no folder\n"));
    assertThat(failed(new AccessDeniedException(path.toString())).err())
        .isEqualTo("this user may not read or write " + path + "\n");
    assertThat(failed(new FileSystemException("a", "b", "Is a directory")).err())
        .isEqualTo("it is a folder\n");
    assertThat(failed(new IOException("No space left on device")))
        .isEqualTo(new Result(ExitCode.FAILED, "", "No space left on device\n"));
    assertThat(failed(new IllegalStateException("This is closed.")))
        .extracting(Result::err)
        .isEqualTo("This is closed.\n");
  }

  @Test
  void onlyADefectHasAStackTrace() {
    Result defect = failed(new NullPointerException("nothing"));
    assertThat(defect.code()).isEqualTo(ExitCode.FAILED);
    assertThat(defect.err())
        .startsWith("This is a defect of adapt4j")
        .contains("NullPointerException: nothing", "\tat ");
  }

  @Test
  void aRunOnDataWithErrorsSaysSo() throws IOException {
    List<String> rows = Files.readAllLines(folder.resolve("rows.jsonl"));
    Files.writeString(
        folder.resolve("rows.jsonl"),
        rows.get(0) + "\n" + "{\"text\": \"My key is AKIAIOSFODNN7EXAMPLX, keep it.\"}\n",
        StandardOpenOption.APPEND);
    Object[] command = {
      "train",
      run,
      "--no-report",
      "--set",
      "maxSteps=1",
      "--set",
      "data.split=null",
      "--set",
      "keepBest=false",
      "--set",
      "evaluateEvery=null"
    };
    Result trained = execute(command);
    assertThat(trained.code()).as(trained.err()).isZero();
    assertThat(trained.out())
        .doesNotContain("No warnings")
        .containsPattern("ERROR: suspected secrets: 1 \\(first: .* line 42")
        .contains("WARNING: exact duplicates: 1 (first: ");
    Result json = execute(with(command, "--overwrite", "--json"));
    assertThat(json.json().path("warnings").toString()).contains("suspected secrets: 1");
  }

  @Test
  void aRunFolderIsNoAdapterButNamesTheOneInside() {
    assertThat(execute("train", run, "--no-report").code()).isZero();
    Path output = folder.resolve("run");
    assertThat(refused("generate", MODEL, "--prompt", "a", "--adapter", output).err())
        .contains("Name " + output.resolve("best") + ".");
  }
}
