package io.adapt4j.cli;

import static io.adapt4j.cli.CommandsTest.MODEL;
import static io.adapt4j.cli.CommandsTest.execute;
import static io.adapt4j.core.Words.words;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.adapt4j.cli.CommandsTest.Result;
import io.adapt4j.core.Cases;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;

/**
 * Every path that a command takes, given as each of the wrong kinds: the answer is one message and
 * exit code 2 before any work, and nothing on the disk changes.
 */
class PathsTest {

  /** Stands for the path under test. */
  private static final String PATH = "PATH";

  /** What a path is for, and so which others are wrong for it. */
  private enum Use {
    MODEL,
    ADAPTER,
    ADAPTERS,
    INDEX_TO_ASK,
    INDEX_TO_MAKE,
    DOCUMENTS,
    DESCRIPTION,
    RECORD,
    ROWS,
    TEMPLATE,
    TASKS,
    NEW_FILE,
    NEW_FOLDER,
    FOLDER,
    STORE,
    LOG,
    REPORT;

    private List<String> wrong() {
      return switch (this) {
        case MODEL -> List.of("missing", "file", "empty", "dangling");
        case ADAPTER -> List.of("missing", "file", "empty", "dangling", "model");
        case ADAPTERS -> List.of("missing", "file", "dangling");
        case INDEX_TO_ASK -> List.of("missing", "file", "empty", "dangling", "model", "documents");
        case INDEX_TO_MAKE -> List.of("file", "dangling", "model", "documents", "file/below");
        case DOCUMENTS -> List.of("missing", "empty", "dangling");
        case DESCRIPTION, RECORD -> List.of("missing", "file", "empty", "dangling", "model");
        case ROWS -> List.of("missing", "dangling");
        case TEMPLATE -> List.of("missing", "empty", "dangling");
        case TASKS -> List.of("missing", "file", "empty", "dangling");
        case NEW_FILE ->
            List.of("file", "empty", "dangling", "link to file", "link to folder", "file/below");
        case NEW_FOLDER ->
            List.of("file", "dangling", "link to file", "model", "documents", "file/below");
        case FOLDER -> List.of("file", "dangling", "link to file", "file/below");
        case STORE -> List.of("missing", "file", "dangling", "link to file", "file/below");
        case LOG -> List.of("missing", "file", "empty", "dangling", "model", "file/below");
        case REPORT -> List.of("file", "dangling", "link to file", "file/below", "evaluated");
      };
    }
  }

  /** A path of a command, by the name that the command gives it. */
  private record Argument(String command, String name, Use use, List<String> words) {}

  private static Argument argument(String command, String name, Use use, String words) {
    return new Argument(command, name, use, List.of(words(words)));
  }

  private static final List<Argument> ARGUMENTS =
      List.of(
          argument("inspect", "MODEL", Use.MODEL, "PATH"),
          argument("generate", "MODEL", Use.MODEL, "PATH --prompt a"),
          argument("generate", "--adapter", Use.ADAPTER, "model --prompt a --adapter PATH"),
          argument("generate", "--draft", Use.MODEL, "model --prompt a --draft PATH"),
          argument(
              "generate", "--chat-template", Use.TEMPLATE, "model --prompt a --chat-template PATH"),
          argument("chat", "MODEL", Use.MODEL, "PATH"),
          argument("chat", "--adapter", Use.ADAPTER, "model --adapter PATH"),
          argument("chat", "--draft", Use.MODEL, "model --draft PATH"),
          argument("chat", "--chat-template", Use.TEMPLATE, "model --chat-template PATH"),
          argument("chat", "--mcp", Use.TASKS, "model --mcp PATH"),
          argument("chat", "--image", Use.ROWS, "model --image PATH"),
          argument("mcp", "MODEL", Use.MODEL, "PATH"),
          argument("mcp", "--adapter", Use.ADAPTER, "model --adapter PATH"),
          argument("mcp", "--named-adapter", Use.ADAPTER, "model --named-adapter a=PATH"),
          argument("mcp", "--embedder", Use.MODEL, "model --embedder PATH"),
          argument("mcp", "--reranker", Use.MODEL, "model --reranker PATH"),
          argument("mcp", "--classifier", Use.MODEL, "model --classifier PATH"),
          argument("mcp", "--index", Use.INDEX_TO_ASK, "model --index PATH"),
          argument(
              "mcp", "--index-embedder", Use.MODEL, "model --index index --index-embedder PATH"),
          argument("mcp", "--chat-template", Use.TEMPLATE, "model --chat-template PATH"),
          argument("complete", "MODEL", Use.MODEL, "PATH --input rows.jsonl --output new"),
          argument("complete", "--input", Use.ROWS, "model --input PATH --output new"),
          argument("complete", "--output", Use.NEW_FILE, "model --input rows.jsonl --output PATH"),
          argument(
              "complete",
              "--adapter",
              Use.ADAPTER,
              "model --input rows.jsonl --output new --adapter PATH"),
          argument(
              "complete",
              "--chat-template",
              Use.TEMPLATE,
              "model --input rows.jsonl --output new --chat-template PATH"),
          argument("serve", "MODEL", Use.MODEL, "PATH --port 0"),
          argument("serve", "--adapter", Use.ADAPTER, "model --port 0 --adapter PATH"),
          argument(
              "serve", "--named-adapter", Use.ADAPTER, "model --port 0 --named-adapter a=PATH"),
          argument(
              "serve",
              "--adapter-folder",
              Use.ADAPTERS,
              "model --port 0 --admin-key-env HOME --adapter-folder PATH"),
          argument("serve", "--draft", Use.MODEL, "model --port 0 --draft PATH"),
          argument("serve", "--transcriber", Use.MODEL, "model --port 0 --transcriber PATH"),
          argument("serve", "--embedder", Use.MODEL, "model --port 0 --embedder PATH"),
          argument("serve", "--reranker", Use.MODEL, "model --port 0 --reranker PATH"),
          argument("serve", "--classifier", Use.MODEL, "model --port 0 --classifier PATH"),
          argument("serve", "--index", Use.INDEX_TO_ASK, "model --port 0 --index PATH"),
          argument(
              "serve",
              "--index-embedder",
              Use.MODEL,
              "model --port 0 --index index --index-embedder PATH"),
          argument("serve", "--chat-template", Use.TEMPLATE, "model --port 0 --chat-template PATH"),
          argument("studio", "--workspace", Use.FOLDER, "--port 0 --workspace PATH"),
          argument("studio", "--models", Use.STORE, "--port 0 --workspace new --models PATH"),
          argument("transcribe", "MODEL", Use.MODEL, "PATH rows.jsonl"),
          argument("transcribe", "RECORDING", Use.ROWS, "model PATH"),
          argument("transcribe", "--adapter", Use.ADAPTER, "model rows.jsonl --adapter PATH"),
          argument("embed", "MODEL", Use.MODEL, "PATH --text a"),
          argument("embed", "--input", Use.ROWS, "minilm --input PATH --output new"),
          argument("embed", "--output", Use.NEW_FILE, "minilm --input rows.jsonl --output PATH"),
          argument("rag index", "DOCUMENTS", Use.DOCUMENTS, "PATH --index new"),
          argument("rag index", "--index", Use.INDEX_TO_MAKE, "documents --index PATH"),
          argument("rag index", "--embedder", Use.MODEL, "documents --index new --embedder PATH"),
          argument(
              "rag index", "--read-scans", Use.MODEL, "documents --index new --read-scans PATH"),
          argument("rag ask", "--index", Use.INDEX_TO_ASK, "Why? --index PATH"),
          argument("rag ask", "--embedder", Use.MODEL, "Why? --index index --embedder PATH"),
          argument("rag ask", "--model", Use.MODEL, "Why? --index index --model PATH"),
          argument(
              "rag ask",
              "--adapter",
              Use.ADAPTER,
              "Why? --index index --model model --adapter PATH"),
          argument(
              "rag ask",
              "--chat-template",
              Use.TEMPLATE,
              "Why? --index index --model model --chat-template PATH"),
          argument("rag raft", "--index", Use.INDEX_TO_ASK, "--model m --output new --index PATH"),
          argument(
              "rag raft",
              "--embedder",
              Use.MODEL,
              "--index index --questions questions.jsonl --output new --embedder PATH"),
          argument("rag raft", "--model", Use.MODEL, "--index index --output new --model PATH"),
          argument(
              "rag raft", "--questions", Use.ROWS, "--index index --output new --questions PATH"),
          argument(
              "rag raft",
              "--output",
              Use.NEW_FILE,
              "--index index --questions questions.jsonl --output PATH"),
          argument(
              "rag raft",
              "--answers",
              Use.FOLDER,
              "--index index --model model --output new --answers PATH"),
          argument("rag delete", "--index", Use.INDEX_TO_ASK, "a --index PATH"),
          argument("rag delete", "--embedder", Use.MODEL, "a --index index --embedder PATH"),
          argument("rag delete", "--vectors", Use.STORE, "a --index index --vectors PATH"),
          argument("rag delete", "--answers", Use.STORE, "a --index index --answers PATH"),
          argument("rag delete", "--replies", Use.STORE, "a --index index --replies PATH"),
          argument("rag delete", "--feedback", Use.LOG, "a --index index --feedback PATH"),
          argument("rag delete", "--report", Use.NEW_FILE, "a --index index --report PATH"),
          argument("eval", "MODEL", Use.MODEL, "PATH --tasks tasks.yaml"),
          argument("eval", "--tasks", Use.TASKS, "model --tasks PATH"),
          argument("eval", "--report", Use.REPORT, "model --tasks tasks.yaml --report PATH"),
          argument("eval", "--replies", Use.FOLDER, "model --tasks tasks.yaml --replies PATH"),
          argument("eval", "--adapter", Use.ADAPTER, "model --tasks tasks.yaml --adapter PATH"),
          argument(
              "eval",
              "--chat-template",
              Use.TEMPLATE,
              "model --tasks tasks.yaml --chat-template PATH"),
          argument("merge", "MODEL", Use.MODEL, "PATH --adapter adapter --output new"),
          argument("merge", "--adapter", Use.ADAPTER, "model --adapter PATH --output new"),
          argument("merge", "--description", Use.DESCRIPTION, "--description PATH --output new"),
          argument("merge", "--output", Use.NEW_FOLDER, "model --adapter adapter --output PATH"),
          argument("export", "MODEL", Use.MODEL, "PATH --to new"),
          argument("export", "--to", Use.NEW_FILE, "model --to PATH"),
          argument("export", "--adapter", Use.ADAPTER, "model --to new --adapter PATH"),
          argument("export", "--importance", Use.ROWS, "model --to new --importance PATH"),
          argument("export", "--verify", Use.ROWS, "model --to new --verify PATH"),
          argument(
              "export", "--chat-template", Use.TEMPLATE, "model --to new --chat-template PATH"),
          argument("validate", "RUN.YAML", Use.DESCRIPTION, "PATH"),
          argument("preview", "RUN.YAML", Use.DESCRIPTION, "PATH"),
          argument("plan", "RUN.YAML", Use.DESCRIPTION, "PATH"),
          argument("lr-find", "RUN.YAML", Use.DESCRIPTION, "PATH"),
          argument("train", "RUN.YAML", Use.DESCRIPTION, "PATH"),
          argument(
              "serve", "--registry", Use.ADAPTERS, "model --port 0 --follow a@1 --registry PATH"),
          argument("serve", "--feedback", Use.FOLDER, "model --port 0 --feedback PATH"),
          argument(
              "serve",
              "--storage-key-file",
              Use.TASKS,
              "model --port 0 --conversations new --storage-key-file PATH"),
          argument("serve", "--conversations", Use.FOLDER, "model --port 0 --conversations PATH"),
          argument(
              "serve",
              "--prompt-cache-folder",
              Use.FOLDER,
              "model --port 0 --prompt-cache-folder PATH"),
          argument("delete", "RUN", Use.MODEL, "PATH --where a=b --output new"),
          argument("delete", "--output", Use.NEW_FOLDER, "model --where a=b --output PATH"),
          argument(
              "delete",
              "--registry",
              Use.STORE,
              "model --where a=b --output new --version-of a@1 --registry PATH"),
          argument("drift", "REFERENCE", Use.ROWS, "PATH rows.jsonl"),
          argument("drift", "NOW", Use.ROWS, "rows.jsonl PATH"),
          argument("feedback rows", "--log", Use.LOG, "--output new --log PATH"),
          argument("feedback rows", "--output", Use.FOLDER, "--log log --output PATH"),
          argument("feedback rows", "--rules", Use.TASKS, "--log log --output new --rules PATH"),
          argument("feedback rows", "--exam", Use.ROWS, "--log log --output new --exam PATH"),
          argument(
              "feedback rows",
              "--personal-model",
              Use.MODEL,
              "--log log --output new --personal-model PATH"),
          argument("feedback check", "--log", Use.LOG, "--log PATH"),
          argument("feedback check", "--rules", Use.TASKS, "--log log --rules PATH"),
          argument("feedback check", "--exam", Use.ROWS, "--log log --exam PATH"),
          argument(
              "feedback check", "--personal-model", Use.MODEL, "--log log --personal-model PATH"),
          argument("feedback forget", "--log", Use.LOG, "ann --log PATH"),
          argument("feedback expire", "--log", Use.LOG, "--days 9 --log PATH"),
          argument("registry list", "--registry", Use.STORE, "--registry PATH"),
          argument("registry show", "--registry", Use.STORE, "a@1 --registry PATH"),
          argument(
              "registry promote",
              "--registry",
              Use.STORE,
              "a@1 --who anna --reason better --registry PATH"),
          argument(
              "registry rollback",
              "--registry",
              Use.STORE,
              "a --who anna --reason worse --registry PATH"),
          argument("registry verify", "--registry", Use.STORE, "--registry PATH"),
          argument("registry add", "FOLDER", Use.MODEL, "PATH --name a --registry new"),
          argument("registry add", "--registry", Use.FOLDER, "model --name a --registry PATH"),
          argument("registry add", "--exam", Use.ROWS, "model --name a --registry new --exam PATH"),
          argument("registry export", "--registry", Use.STORE, "a@1 --to new --registry PATH"),
          argument("registry export", "--to", Use.NEW_FOLDER, "a@1 --registry new --to PATH"),
          argument("registry import", "FOLDER", Use.MODEL, "PATH --name a --registry new"),
          argument("registry import", "--registry", Use.FOLDER, "model --name a --registry PATH"),
          argument("repeat", "PROVENANCE.JSON", Use.RECORD, "PATH"),
          argument("repeat", "--output", Use.NEW_FOLDER, "provenance.json --output PATH"));

  @TempDir private Path folder;

  @BeforeEach
  void writePathsOfEveryKind() throws IOException {
    Files.writeString(folder.resolve("file"), "<project/>\n");
    Files.createDirectory(folder.resolve("empty"));
    Files.createSymbolicLink(folder.resolve("dangling"), Path.of("nowhere"));
    Files.createSymbolicLink(folder.resolve("link to file"), Path.of("file"));
    Files.createSymbolicLink(folder.resolve("link to folder"), Path.of("empty"));
    Files.createSymbolicLink(folder.resolve("model"), MODEL);
    Files.createSymbolicLink(folder.resolve("minilm"), MiniLm.folder());
    Files.createDirectory(folder.resolve("documents"));
    Files.writeString(folder.resolve("documents/a.md"), "# A\n\nText.\n");
    Files.createDirectory(folder.resolve("evaluated"));
    Files.writeString(folder.resolve("evaluated/report.md"), "Earlier.\n");
    FeedbackLog.open(folder.resolve("log"));
    Files.createDirectory(folder.resolve("index"));
    Files.writeString(folder.resolve("index/segments_1"), "For the check before the work alone.");
    Files.createDirectory(folder.resolve("adapter"));
    Files.writeString(
        folder.resolve("adapter/adapter_config.json"),
        """
        {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]}
        """);
    Files.writeString(folder.resolve("rows.jsonl"), "{\"text\": \"Once\"}\n");
    Files.writeString(folder.resolve("questions.jsonl"), "{\"question\": \"Why?\"}\n");
    Files.writeString(
        folder.resolve("tasks.yaml"),
        "tasks:\n  - name: likelihood\n    perplexity: {path: rows.jsonl}\n");
    Files.writeString(
        folder.resolve("provenance.json"),
        """
        {"formatVersion": 1, "configuration": {"output": "run"}, "metrics": {"step": 1}}
        """);
  }

  /** Half of the kinds for each path, by turns, so that each use is tried with all of them. */
  private static boolean isTried(Argument argument, String kind) {
    List<Argument> alike =
        ARGUMENTS.stream().filter(other -> other.use() == argument.use()).toList();
    return alike.size() == 1
        || Cases.isTried(alike.indexOf(argument), argument.use().wrong().indexOf(kind), 2);
  }

  private static Stream<Arguments> wrongPaths() {
    return ARGUMENTS.stream()
        .flatMap(
            argument ->
                argument.use().wrong().stream()
                    .filter(kind -> isTried(argument, kind))
                    .map(
                        kind ->
                            Arguments.of(
                                argument.command(), argument.name(), kind, argument.words())));
  }

  private static Result run(Path folder, String command, String path, List<String> words) {
    Set<String> names = Set.of("model", "minilm", "index", "documents", "adapter", "log", "new");
    Stream<String> arguments =
        words.stream()
            .map(
                word ->
                    word.endsWith(PATH)
                        ? word.substring(0, word.length() - PATH.length()) + path
                        : names.contains(word) || word.matches("\\w+\\.(jsonl|yaml|json)")
                            ? folder.resolve(word).toString()
                            : word);
    return execute(Stream.concat(Stream.of(command.split(" ")), arguments).toArray());
  }

  @ParameterizedTest(name = "{0} {1}: {2}")
  @MethodSource("wrongPaths")
  void aPathOfAnotherKindIsOneMessageBeforeAnyWork(
      String command, String name, String kind, List<String> words) throws IOException {
    Map<String, String> before = contents();
    Result result = run(folder, command, folder.resolve(kind).toString(), words);
    assertThat(result.code()).as(result.err()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err().lines())
        .as(result.err())
        .hasSizeBetween(1, 3)
        .noneMatch(line -> line.startsWith("\tat ") || line.contains("Exception"));
    assertThat(result.err()).contains(folder.resolve(kind).toString());
    assertThat(contents()).isEqualTo(before);
  }

  @Test
  void everyPathOfEveryCommandIsTried() {
    Set<String> taken = new TreeSet<>();
    collect("", Adapt4j.commands("80"), taken);
    Set<String> tried =
        ARGUMENTS.stream()
            .map(argument -> argument.command() + " " + argument.name())
            .collect(toCollection(TreeSet::new));
    assertThat(tried).isEqualTo(taken);
  }

  private static void collect(String command, CommandLine line, Set<String> paths) {
    Set<String> labels =
        Set.of("MODEL", "FOLDER", "FILE", "DATA", "TEMPLATE", "NAME|FILE", "NAME=FOLDER");
    for (ArgSpec argument : line.getCommandSpec().args()) {
      boolean isPath =
          argument.typeInfo().getType() == Path.class
              || (argument.typeInfo().isCollection()
                  && argument.typeInfo().getAuxiliaryTypes()[0] == Path.class);
      if (isPath || labels.contains(argument.paramLabel())) {
        String name =
            argument instanceof CommandLine.Model.OptionSpec option
                ? option.longestName()
                : argument.paramLabel();
        paths.add((command + " " + name).strip());
      }
    }
    line.getSubcommands()
        .forEach((name, below) -> collect((command + " " + name).strip(), below, paths));
  }

  @ParameterizedTest
  @MethodSource("writtenFiles")
  void aFolderThatMayNotBeWrittenIsFoundBeforeAnyWork(
      String command, String name, List<String> words) throws IOException {
    assumeFalse("root".equals(System.getProperty("user.name")), "root may write everywhere");
    Path closed = Files.createDirectory(folder.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"));
    try {
      Result result = run(folder, command, closed.resolve("new").toString(), words);
      assertThat(result.code()).as(result.err()).isEqualTo(ExitCode.USAGE);
      assertThat(result.err()).contains(name, "may not write in " + closed);
    } finally {
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private static Stream<Arguments> writtenFiles() {
    Set<Use> written = Set.of(Use.NEW_FILE, Use.NEW_FOLDER, Use.FOLDER, Use.REPORT);
    return ARGUMENTS.stream()
        .filter(argument -> written.contains(argument.use()))
        .map(argument -> Arguments.of(argument.command(), argument.name(), argument.words()));
  }

  /** Every path below the folder, with what it is. */
  private Map<String, String> contents() throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        contents.put(
            folder.relativize(path).toString(),
            Files.isSymbolicLink(path)
                ? "link to " + Files.readSymbolicLink(path)
                : Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                    ? Files.readString(path)
                    : "folder");
      }
    }
    return contents;
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFileSystemThatTakesNoFilesIsNamedBeforeTheWork() {
    Result result = execute("export", MODEL.toString(), "--to", "/proc/x.gguf");
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.err()).contains("--to", "/proc", "takes files").doesNotContain("space");
  }
}
