package io.adapt4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SparkBatchPageTest {

  private static final Path PAGE = Path.of("..", "..", "docs", "spark-batch.md");
  private static final Path GUIDE = Path.of("src/test/java/io/adapt4j/spark/SparkBatchGuide.java");

  @Test
  void everySnippetOfThePageIsCompiled() throws IOException {
    String guide = words(Files.readString(GUIDE));
    List<String> snippets =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(PAGE))
            .results()
            .map(found -> found.group(1))
            .toList();
    assertThat(snippets).hasSizeGreaterThan(5);
    assertThat(snippets).allSatisfy(code -> assertThat(guide).contains(words(code)));
  }

  /** The page wraps lines otherwise, and names the DataFrame by an import. */
  private static String words(String code) {
    Matcher blanks = Pattern.compile("\\s+").matcher(code.replace("org.apache.spark.sql.", ""));
    return blanks.replaceAll("").strip();
  }
}
