package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.RunDescription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;

/** What docs/cli.md shows is what the program takes. */
class DocumentationTest {

  private static final Path PAGE = Path.of("../docs/cli.md");

  @TempDir private Path folder;

  private static String block(String page, String language) {
    int start = page.indexOf("```" + language + "\n") + language.length() + 4;
    return page.substring(start, page.indexOf("```", start));
  }

  @Test
  void theDescriptionOfTheDocumentationIsRight() throws IOException {
    Path run = folder.resolve("run.yaml");
    Files.writeString(run, block(Files.readString(PAGE), "yaml"));
    StringBuilder csv = new StringBuilder("question;reply;customer\n");
    for (int i = 0; i < 20; i++) {
      csv.append("q;a;").append(i).append('\n');
    }
    Files.writeString(folder.resolve("support.csv"), csv);
    Files.writeString(folder.resolve("earlier.jsonl"), "{\"text\": \"Once.\"}\n");
    RunDescription description = RunDescription.read(run);
    assertThat(description.builder()).isNotNull();
    assertThat(description.output()).contains(folder.resolve("runs/support"));
    Split data = description.data();
    assertThat(data.train().size()).isEqualTo(16);
    assertThat(data.test().size()).isEqualTo(2);
  }

  @Test
  void everyMethodIsDocumented() throws IOException {
    String page = Files.readString(PAGE);
    assertThat(RunDescription.methods())
        .allSatisfy(method -> assertThat(page).contains("method." + method));
  }

  @Test
  void everyCommandIsDocumented() throws IOException {
    String page = Files.readString(PAGE);
    Command commands = Adapt4j.class.getAnnotation(Command.class);
    assertThat(commands.subcommands())
        .isNotEmpty()
        .allSatisfy(
            type ->
                assertThat(page).contains("adapt4j " + type.getAnnotation(Command.class).name()));
  }
}
