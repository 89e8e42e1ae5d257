package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example answers from files on the real MiniLM. */
class AskDocsTest {

  @TempDir private Path folder;

  @Test
  void itPrintsThePassageWithItsDocumentAndCharacters() throws IOException {
    Path documents = Files.createDirectories(folder.resolve("docs"));
    String text = "# Leave\n\nEverybody has 28 days of paid leave a year.\n";
    Files.writeString(documents.resolve("leave.md"), text);
    Files.writeString(
        documents.resolve("parking.md"), "# Parking\n\nVisitors park on the second deck.\n");
    Path index = folder.resolve("index");
    assertThat(run(documents.toString(), "How much vacation do I get?", index.toString()))
        .startsWith("2 documents, 2 chunks")
        .contains("[1] leave.md, characters ", "Everybody has 28 days of paid leave a year.")
        .doesNotContain("deck");
    assertThat(run(documents.toString(), "What is the boiling point of helium?"))
        .contains("The documents do not say.")
        .doesNotContain("[1]");
    assertThat(index).isNotEmptyDirectory();
  }

  private static String run(String... arguments) throws IOException {
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      AskDocs.main(arguments);
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
