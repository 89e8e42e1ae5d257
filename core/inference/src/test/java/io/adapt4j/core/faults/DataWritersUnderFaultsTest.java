package io.adapt4j.core.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.quality.DataChecker;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.AppendedLines;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Datasets and what is kept beside them, under every fault at every call. */
class DataWritersUnderFaultsTest {

  @TempDir private Path inputs;

  private static Dataset rows(String text) {
    return Datasets.of(List.of(new Example.Text(text), new Example.Text(text + text)));
  }

  private static String text(Path file) throws Exception {
    return Files.exists(file) ? Files.readString(file) : "none";
  }

  @Test
  void aDataset() throws Exception {
    int faults =
        FaultCheck.of("dataset")
            .before(folder -> Datasets.write(rows("old"), folder.resolve("a.jsonl")))
            .writing(folder -> Datasets.write(rows("new"), folder.resolve("a.jsonl")))
            .reading(
                folder -> {
                  Dataset found = Datasets.read(folder.resolve("a.jsonl")).open();
                  return found.get(0) + " " + found.get(1);
                })
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  @Test
  void malformedRows() throws Exception {
    Path input = inputs.resolve("in.jsonl");
    Files.writeString(input, "{\"text\": \"a\"}\n{\"text\": \n{\"text\": \"b\"}\n");
    int faults =
        FaultCheck.of("quarantine")
            .before(folder -> Files.writeString(folder.resolve("bad.jsonl"), "old\n"))
            .writing(folder -> Datasets.read(input).quarantine(folder.resolve("bad.jsonl")).open())
            .reading(folder -> text(folder.resolve("bad.jsonl")))
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  @Test
  void aReportOnData() throws Exception {
    int faults =
        FaultCheck.of("data report")
            .writing(
                folder ->
                    DataChecker.of(rows("new")).check().writeJson(folder.resolve("report.json")))
            .reading(
                folder ->
                    Files.exists(folder.resolve("report.json"))
                        ? Json.compact(Json.parse(text(folder.resolve("report.json"))))
                        : "none")
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(50);
  }

  @Test
  void keptAnswers() throws Exception {
    TextGenerator generator =
        TextGenerator.named(
            "new",
            (messages, options) ->
                new GeneratedText("answer", FinishReason.STOP, Optional.empty(), false));
    int faults =
        FaultCheck.of("kept answers")
            .writing(
                folder ->
                    TextGenerator.cached(generator, AnswerCache.at(folder.resolve("cache"), 10_000))
                        .generate(List.of(ChatMessage.user("a")), GenerationOptions.defaults()))
            .reading(
                folder -> {
                  GeneratedText found =
                      TextGenerator.cached(
                              TextGenerator.named(
                                  "new",
                                  (messages, options) ->
                                      new GeneratedText(
                                          "none", FinishReason.STOP, Optional.empty(), false)),
                              AnswerCache.at(copy(folder), 10_000))
                          .generate(List.of(ChatMessage.user("a")), GenerationOptions.defaults());
                  return found.text();
                })
            .keeping("cache|cache/..")
            .run();
    assertThat(faults).isGreaterThan(100);
  }

  /** A look that keeps nothing. */
  private Path copy(Path folder) throws Exception {
    Path copy = Files.createTempDirectory(inputs, "copy");
    Path cache = folder.resolve("cache");
    if (Files.isDirectory(cache)) {
      try (var files = Files.walk(cache)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Path to = copy.resolve(cache.relativize(file).toString());
          Files.createDirectories(to.getParent());
          Files.copy(file, to);
        }
      }
    }
    return copy;
  }

  private static List<String> lines(Path file) throws Exception {
    List<String> lines = new ArrayList<>();
    if (Files.exists(file)) {
      for (String line : Files.readString(file).split("(?<=\n)", -1)) {
        if (line.matches("[a-c]{50}\n")) {
          lines.add(line.substring(0, 1));
        }
      }
    }
    return lines;
  }

  @Test
  void linesThatAreAppended() throws Exception {
    int faults =
        FaultCheck.of("appended lines")
            .before(folder -> Files.writeString(folder.resolve("log"), "a".repeat(50) + "\n"))
            .writing(
                folder -> {
                  List<String> found = new ArrayList<>();
                  try (AppendedLines lines =
                      AppendedLines.open(
                          folder.resolve("log"), line -> found.add(line.substring(0, 1)))) {
                    for (String name : List.of("b", "c")) {
                      if (!found.contains(name)) {
                        lines.append(name.repeat(50));
                      }
                    }
                  }
                })
            .reading(folder -> String.join("", lines(folder.resolve("log"))))
            .or(content -> content.equals("ab"))
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(40);
  }

  /** A line that arrived in part does not spoil the one after it. */
  @Test
  void aLineAfterOneThatFailed() throws Exception {
    int faults =
        FaultCheck.of("appended lines, going on after a failure")
            .writing(
                folder -> {
                  Files.deleteIfExists(folder.resolve("log"));
                  try (AppendedLines lines =
                      AppendedLines.open(folder.resolve("log"), line -> {})) {
                    for (String name : List.of("a", "b", "c")) {
                      try {
                        lines.append(name.repeat(50));
                      } catch (java.nio.channels.ClosedChannelException e) {
                        throw e;
                      } catch (java.io.IOException e) {
                        if (!name.equals("c")) {
                          continue;
                        }
                        throw e;
                      }
                    }
                  }
                })
            .reading(folder -> String.join("", lines(folder.resolve("log"))))
            .or(content -> List.of("a", "b", "c", "ab", "ac", "bc", "abc", "").contains(content))
            .optional()
            .explainedByCallers()
            .keeping("log")
            .run();
    assertThat(faults).isGreaterThan(40);
  }

  @Test
  void aLock() throws Exception {
    int faults =
        FaultCheck.of("lock")
            .writing(
                folder -> {
                  try (ProcessLock lock =
                      ProcessLock.tryTake(folder.resolve("a.lock")).orElseThrow()) {
                    Files.writeString(folder.resolve("done"), "new");
                  }
                })
            .reading(folder -> text(folder.resolve("done")))
            .explainedByCallers()
            .or(content -> true)
            .keeping("done|a.lock")
            .notForced()
            .run();
    assertThat(faults).isGreaterThan(40);
  }
}
