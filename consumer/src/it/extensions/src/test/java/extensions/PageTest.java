package extensions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page about extension points, and the code that it shows. */
class PageTest {

  private static final Path SOURCES = Path.of(System.getProperty("adapt4j.project"), "src");

  private static final Pattern SNIPPET =
      Pattern.compile(
          "<!-- snippet: covered by \\S+/(\\w+)\\.java -->\n```java\n(.*?)```", Pattern.DOTALL);

  private static List<Path> sources(String folder) throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES.resolve(folder))) {
      return files.filter(file -> file.toString().endsWith(".java")).toList();
    }
  }

  @Test
  void thePageShowsTheExamplesAsTheyAreBuilt() throws IOException {
    String page = Files.readString(Tiny.ROOT.resolve("docs/extending.md"));
    Set<String> shown = new TreeSet<>();
    Matcher snippet = SNIPPET.matcher(page);
    while (snippet.find()) {
      Path source = SOURCES.resolve("main/java/extensions/" + snippet.group(1) + ".java");
      assertTrue(
          Files.readString(source).contains(snippet.group(2).strip()),
          source + " is not as the page has it");
      shown.add(snippet.group(1));
    }
    Set<String> examples = new TreeSet<>();
    for (Path source : sources("main")) {
      examples.add(source.getFileName().toString().replace(".java", ""));
    }
    // Embeddings are explained on their own page.
    examples.remove("LetterEmbeddings");
    assertEquals(examples, shown);
  }

  @Test
  void theExamplesUseThePublicApiOnly() throws IOException {
    for (Path source : sources(".")) {
      for (String line : Files.readAllLines(source)) {
        boolean names = line.startsWith("import") && line.contains(".internal.");
        assertFalse(names, source + ": " + line);
      }
    }
  }
}
