package io.adapt4j.cli;

import static io.adapt4j.cli.CommandsTest.MODEL;
import static io.adapt4j.cli.CommandsTest.execute;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.cli.CommandsTest.Result;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands for files of rows, documents and tasks. */
class FilesTest {

  @TempDir private Path folder;

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  @Test
  void everyRowOfAFileIsAnswered() throws IOException {
    Path input = write("rows.csv", "name\nLily\nTom\n");
    Path output = folder.resolve("answers.jsonl");
    Object[] command = {
      "complete",
      MODEL,
      "--input",
      input,
      "--output",
      output,
      "--template",
      "Once upon a time {name}",
      "--max-new-tokens",
      "5",
      "--json"
    };
    Result completed = execute(command);
    assertThat(completed.code()).as(completed.err()).isZero();
    assertThat(completed.json().path("done").asInt()).isEqualTo(2);
    List<String> lines = Files.readAllLines(output);
    assertThat(lines).hasSize(2);
    Result alone =
        execute(
            "generate",
            MODEL,
            "--prompt",
            "Once upon a time Tom",
            "--max-new-tokens",
            "5",
            "--json");
    JsonNode second = Output.parsed(lines.get(1));
    assertThat(second.path("name").asText()).isEqualTo("Tom");
    assertThat(second.path("completion")).isEqualTo(alone.json().path("text"));

    Result again = execute(command);
    assertThat(again.code()).isEqualTo(ExitCode.USAGE);
    assertThat(again.err()).contains("give --overwrite").doesNotContain("()");
    Path untouched = write("other.csv", "title\nA\n");
    Result noPrompt = execute("complete", MODEL, "--input", untouched, "--output", input + ".out");
    assertThat(noPrompt.code()).isEqualTo(ExitCode.USAGE);
    assertThat(noPrompt.err()).contains("other.csv", "found [title]");
  }

  @Test
  void textsAndRowsAreEmbedded() throws IOException {
    Path model = MiniLm.folder();
    Result printed =
        execute("embed", model, "--text", "a cat", "--text", "stock markets", "--json");
    assertThat(printed.code()).as(printed.err()).isZero();
    JsonNode vectors = printed.json().path("embeddings");
    assertThat(vectors).hasSize(2);
    assertThat(vectors.get(0).path("embedding")).hasSize(384);

    Path input = write("texts.jsonl", "{\"text\": \"a cat\"}\n{\"text\": \"stock markets\"}\n");
    Path output = folder.resolve("vectors.jsonl");
    assertThat(execute("embed", model, "--input", input, "--output", output).code()).isZero();
    JsonNode first = Output.parsed(Files.readAllLines(output).get(0)).path("embedding");
    for (int i = 0; i < 384; i++) {
      assertThat(first.get(i).floatValue())
          .isCloseTo(vectors.get(0).path("embedding").get(i).floatValue(), within(1e-5f));
    }

    assertThat(execute("embed", model).err()).contains("expected one of them, found none");
    assertThat(execute("embed", model, "--text", "a cat", "--task", "asking").err())
        .contains("--task: expected none");
    assertThat(execute("embed", model, "--text", "a cat", "--prompt-name", "asking").err())
        .contains("--prompt-name: expected");
    assertThat(execute("embed", model, "--input", input).err()).contains("--output: expected");
  }

  @Test
  void documentsAreIndexedAskedAndBroughtUpToDate() throws IOException {
    write("handbook/returns.md", "# Returns\n\nAn item may be returned within 30 days.\n");
    write("handbook/shipping.md", "# Shipping\n\nParcels to Norway take nine days.\n");
    Path index = folder.resolve("index");
    Path handbook = folder.resolve("handbook");
    Result indexed = execute("rag", "index", handbook, "--index", index, "--json");
    assertThat(indexed.code()).as(indexed.err()).isZero();
    assertThat(indexed.json().path("documents").asInt()).isEqualTo(2);

    String question = "How long do parcels to Norway take?";
    Result asked = execute("rag", "ask", question, "--index", index, "--passages", 1);
    assertThat(asked.code()).as(asked.err()).isZero();
    assertThat(asked.out()).contains("nine days").doesNotContain("30 days");

    Result generated =
        execute(
            "rag",
            "ask",
            question,
            "--index",
            index,
            "--passages",
            1,
            "--model",
            MODEL,
            "--max-new-tokens",
            3,
            "--json");
    assertThat(generated.json().path("text").isTextual()).as(generated.err()).isTrue();

    Files.delete(handbook.resolve("shipping.md"));
    Result updated = execute("rag", "index", handbook, "--index", index);
    assertThat(updated.out())
        .contains("1 unchanged, 0 deleted", "kept: 1 that was not found there (shipping.md)")
        .contains("--delete");
    Result synced = execute("rag", "index", handbook, "--index", index, "--delete", "--json");
    assertThat(synced.json().path("unchanged").asInt()).isEqualTo(1);
    assertThat(synced.json().path("deleted").asInt()).isEqualTo(1);

    Result missing = execute("rag", "ask", question, "--index", folder.resolve("nothing"));
    assertThat(missing.code()).isEqualTo(ExitCode.USAGE);
    assertThat(missing.err()).contains("adapt4j rag index");
    Result noFile = execute("rag", "index", folder.resolve("nothing"), "--index", index);
    assertThat(noFile.code()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void scansAreReadByAVisionLanguageModel() throws IOException {
    Path model = Path.of("..", "vision", "src", "test", "resources", "models", "idefics3");
    Path scans = Files.createDirectories(folder.resolve("scans"));
    Files.copy(model.resolve("images").resolve("page_170x90.png"), scans.resolve("page.png"));
    Path index = folder.resolve("index");
    assertThat(execute("rag", "index", scans, "--index", index).out())
        .contains("skipped: page.png");

    Result read =
        execute(
            "rag",
            "index",
            scans,
            "--index",
            index,
            "--read-scans",
            model,
            "--scan-tokens",
            8,
            "--json");

    assertThat(read.json().path("documents").asInt()).as(read.err()).isEqualTo(1);
    assertThat(read.json().path("failed").toString())
        .contains("page 1", "truncated", "--scan-tokens");
    assertThat(execute("rag", "index", scans, "--index", index, "--read-scans", scans).err())
        .contains("config.json");
    assertThat(
            execute(
                    "rag",
                    "index",
                    scans,
                    "--index",
                    index,
                    "--read-scans",
                    model,
                    "--scan-tokens",
                    0)
                .code())
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void documentsAreDeletedWithWhatWasKeptOfThem() throws IOException {
    String passage = "Parcels to Norway take nine days.";
    write("handbook/returns.md", "# Returns\n\nAn item may be returned within 30 days.\n");
    write("handbook/shipping.md", "# Shipping\n\n" + passage + "\n");
    Path index = folder.resolve("index");
    execute("rag", "index", folder.resolve("handbook"), "--index", index);
    Path log = folder.resolve("log");
    FeedbackLog.open(log)
        .record(
            RecordedAnswer.of("a", "m@1", List.of(ChatMessage.user("How long?")), passage)
                .withConsent(true));
    Path report = folder.resolve("report.json");

    Object[] command = {
      "rag",
      "delete",
      "shipping.md",
      "--index",
      index,
      "--feedback",
      log,
      "--report",
      report,
      "--overwrite"
    };
    Result deleted = execute(command);
    assertThat(deleted.code()).as(deleted.err()).isZero();
    assertThat(deleted.out())
        .contains("shipping.md: 1 passages deleted", log + ": 1 feedback removed");
    assertThat(FeedbackLog.open(log).read().answers()).isEmpty();
    assertThat(Files.readString(report)).contains("\"shipping.md\"").doesNotContain("Norway");

    Result again = execute(command);
    assertThat(again.code()).isEqualTo(ExitCode.FINDINGS);
    assertThat(again.out()).contains("shipping.md: not in the index (any more)");
  }

  @Test
  void rowsToTrainOnAreMadeOfAnIndex() throws IOException {
    write("handbook/returns.md", "# Returns\n\nAn item may be returned within 30 days.\n");
    write("handbook/shipping.md", "# Shipping\n\nParcels to Norway take nine days.\n");
    Path questions =
        write(
            "questions.jsonl",
            """
            {"question": "How long may I return it?", "answer": "within 30 days"}
            {"question": "How long does Norway take?", "answer": "nine days"}
            {"question": "Who founded the shop?"}
            """);
    Path index = folder.resolve("index");
    assertThat(execute("rag", "index", folder.resolve("handbook"), "--index", index).code())
        .isZero();
    Path rows = folder.resolve("rows.jsonl");
    Result made =
        execute(
            "rag",
            "raft",
            "--index",
            index,
            "--questions",
            questions,
            "--output",
            rows,
            "--without-gold",
            0,
            "--json");
    assertThat(made.code()).as(made.err()).isZero();
    assertThat(made.json().path("kinds").path("GOLD").asInt()).isEqualTo(2);
    assertThat(made.json().path("kinds").path("NOT_IN_DOCUMENTS").asInt()).isEqualTo(1);
    assertThat(Files.readString(rows))
        .contains("\\\"within 30 days\\\" [", "nine days [", "The documents do not say.");
    assertThat(folder.resolve("rows.jsonl.provenance.json")).exists();

    Result again =
        execute("rag", "raft", "--index", index, "--questions", questions, "--output", rows);
    assertThat(again.code()).isEqualTo(ExitCode.USAGE);
    Result neither = execute("rag", "raft", "--index", index, "--output", rows, "--overwrite");
    assertThat(neither.err()).contains("--questions: expected it, or --model to write questions");
    // The model of children's stories writes no questions.
    Result unable =
        execute(
            "rag",
            "raft",
            "--index",
            index,
            "--model",
            MODEL,
            "--output",
            rows,
            "--overwrite",
            "--each",
            1);
    assertThat(unable.err()).contains("--model: expected a model");
  }

  @Test
  void anIndexIsLeftAsItIsByASelectionThatIsEmptyOrAmbiguous() throws IOException {
    Path handbook = write("handbook/returns.md", "# Returns\n\nWithin 30 days.\n").getParent();
    Path other = write("other/returns.md", "# Other\n\nWithin 14 days.\n").getParent();
    Path picture = write("pictures/a.txt", "").getParent();
    Files.write(picture.resolve("a.txt"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
    Path unmounted = Files.createDirectory(folder.resolve("unmounted"));
    Path index = folder.resolve("index");
    assertThat(execute("rag", "index", handbook, "--index", index).code()).isZero();

    for (Object[] wrong :
        List.of(
            new Object[] {handbook, "--only", "*.mdd"},
            new Object[] {handbook, "--only", "*.mdd", "--delete"},
            new Object[] {handbook, "--except", "**"},
            new Object[] {unmounted},
            new Object[] {unmounted, "--delete"},
            new Object[] {picture, "--delete"},
            new Object[] {handbook, other},
            new Object[] {handbook, handbook.resolve("returns.md")},
            new Object[] {handbook, unmounted, "--delete"},
            new Object[] {handbook.resolve("returns.md"), "--only", "*.md"})) {
      Object[] command = Arrays.copyOf(new Object[] {"rag", "index"}, wrong.length + 4);
      System.arraycopy(wrong, 0, command, 2, wrong.length);
      command[wrong.length + 2] = "--index";
      command[wrong.length + 3] = index;
      Result refused = execute(command);
      assertThat(refused.code()).as(Arrays.toString(wrong)).isEqualTo(ExitCode.USAGE);
      assertThat(refused.err()).doesNotContain("\tat ", "()");
    }
    Result asked = execute("rag", "ask", "When are returns possible?", "--index", index);
    assertThat(asked.out()).contains("Within 30 days");
    Result narrower = execute("rag", "index", handbook, "--index", index, "--json");
    assertThat(narrower.json().path("unchanged").asInt()).isEqualTo(1);
  }

  @Test
  void anIndexInTheFolderOfItsDocumentsIsNoDocument() throws IOException {
    Path handbook = write("handbook/returns.md", "# Returns\n\nWithin 30 days.\n").getParent();
    Path index = handbook.resolve("my [index]");
    assertThat(execute("rag", "index", handbook, "--index", index).code()).isZero();
    Result again = execute("rag", "index", handbook, "--index", index, "--delete", "--json");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.json().path("unchanged").asInt()).isEqualTo(1);
    assertThat(again.json().path("skipped")).isEmpty();
  }

  @Test
  void anIndexIsNotAskedWithTheVectorsOfAnotherModel() throws IOException {
    Path handbook = write("handbook/returns.md", "# Returns\n\nWithin 30 days.\n").getParent();
    Path index = folder.resolve("index");
    assertThat(execute("rag", "index", handbook, "--index", index).code()).isZero();
    Result refused = execute("rag", "ask", "When?", "--index", index, "--embedder", MODEL);
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err())
        .startsWith("--embedder: the index " + index + " holds vectors of 'all-MiniLM-L6-v2")
        .doesNotContain("\tat ");
  }

  @Test
  void aModelFileIsReplacedOnlyWhenThatIsAskedFor() throws IOException {
    Path file = write("model.gguf", "Not to be lost.");
    Path modelfile = write("Modelfile", "Mine.");
    Path link = Files.createSymbolicLink(folder.resolve("link.gguf"), file);
    for (Object[] more : List.of(new Object[] {file}, new Object[] {link})) {
      Result refused = execute("export", MODEL, "--type", "F16", "--to", more[0]);
      assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
      assertThat(refused.err()).contains("give --overwrite to replace it");
    }
    Result beside =
        execute("export", MODEL, "--type", "F16", "--to", folder.resolve("new"), "--modelfile");
    assertThat(beside.err()).contains("found " + modelfile);
    assertThat(file).hasContent("Not to be lost.");
    assertThat(modelfile).hasContent("Mine.");

    assertThat(execute("export", MODEL, "--type", "F16", "--to", link, "--overwrite").code())
        .isZero();
    assertThat(link).isSymbolicLink();
    assertThat(Files.size(file)).isGreaterThan(100_000);
    Result itself = execute("export", file, "--type", "F16", "--to", file, "--overwrite");
    assertThat(itself.code()).isEqualTo(ExitCode.USAGE);
    assertThat(itself.err()).contains("expected another file than MODEL");
  }

  @Test
  void anExportSaysWhichMatricesCouldNotHaveTheType() {
    Result narrow = execute("export", MODEL, "--to", folder.resolve("narrow.gguf"));
    assertThat(narrow.code()).as(narrow.err()).isZero();
    assertThat(narrow.out())
        .contains(
            "36 matrices have rows that the blocks of Q4_K_M do not divide, and more bits instead:"
                + " 5 F16, 28 Q5_0, 3 Q8_0");
    Result plain =
        execute("export", MODEL, "--type", "F16", "--to", folder.resolve("plain.gguf"), "--json");
    assertThat(plain.json().path("substitutes")).isEmpty();
  }

  @Test
  void aModelIsEvaluatedAndComparedWithItsBase() throws IOException {
    Path run = CommandsTest.write(folder, 4);
    assertThat(execute("train", run, "--no-report").code()).isZero();
    write("exam.jsonl", "{\"question\": \"Who?\", \"reply\": \"Tom\"}\n".repeat(3));
    Path tasks =
        write(
            "tasks.yaml",
            """
            tasks:
              - name: exam
                answers: {path: exam.jsonl, answer: reply, maxNewTokens: 3}
              - name: likelihood
                perplexity: {path: rows.jsonl}
                limit: 4
            """);
    Path report = folder.resolve("evaluation");
    Result compared =
        execute(
            "eval",
            MODEL,
            "--adapter",
            folder.resolve("run/best"),
            "--tasks",
            tasks,
            "--report",
            report,
            "--replies",
            folder.resolve("replies"));
    assertThat(compared.code()).as(compared.err()).isZero();
    assertThat(compared.out()).contains("exam", "likelihood", "tuned");
    assertThat(report.resolve("report.html")).isNotEmptyFile();

    Result alone = execute("eval", MODEL, "--tasks", tasks, "--json");
    assertThat(alone.code()).as(alone.err()).isZero();
    assertThat(alone.json().isObject()).isTrue();
    Result wrong = execute("eval", MODEL, "--tasks", folder.resolve("nothing.yaml"));
    assertThat(wrong.code()).isEqualTo(ExitCode.USAGE);
    assertThat(wrong.err()).contains("nothing.yaml");
  }

  @Test
  void whatIsNoRepositoryIsNotAskedFor() {
    Result refused = execute("download", "no repository");
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err()).contains("no repository");
    assertThat(execute("download", "owner/name", "--only", "[").err()).contains("--only: expected");
  }
}
