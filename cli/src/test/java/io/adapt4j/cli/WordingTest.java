package io.adapt4j.cli;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.finetune.FineTuner;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the library says in Java is said in keys and options here. */
class WordingTest {

  /** A call in Java's form, with no value, any value, or one that a message would show. */
  private static final Pattern JAVA =
      Pattern.compile(
          // save_pretrained is of the Python library that can convert a model.
          "\\b(?!save_pretrained)(?:[A-Z]\\w*\\.[a-z]\\w*|[a-z]\\w*)\\((?:\\)|\\.\\.\\.|true|false)");

  /** Packages whose messages the command line never shows, or that speak of Jinja's functions. */
  private static final List<String> ELSEWHERE =
      List.of(
          words(
              "/jinja/ /augment/ /search/ /text/ /engine/ /checkpoint/SafetensorsFile",
              "/checkpoint/Checkpoint /data/Batches /preference/ModelJudge"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "choose another folder, or say resume() to go on with it or overwriteOutput() to replace"
            + " it| choose another folder, or give --resume to go on with it or --overwrite to"
            + " replace it",
        "no method: give Lora.rank(...) or FullFineTuning.create()"
            + "| no method: write 'method: {lora: {rank: 16}}' or 'method: full'",
        "Use it (keepBest()), with earlyStopping() | Use it (keepBest: true), with earlyStopping",
        "batchSize(4) with gradientAccumulation(2) | batchSize: 4 with gradientAccumulation: 2",
        "gradientCheckpointing(true) | gradientCheckpointing: true",
        "say overflow(SPLIT) | write 'overflow: split'",
        "name one with chatTemplate(...): chatml | name one with chatTemplate: chatml",
        "rows.jsonl: line 3: found print(x) and rank(3) | rows.jsonl: line 3: found print(x) and"
            + " rank(3)"
      })
  void javaBecomesKeysAndOptions(String java, String here) {
    assertThat(Wording.of(java)).isEqualTo(here);
  }

  @Test
  void everySetterOfTheBuilderHasAWording() {
    for (Method method : FineTuner.Builder.class.getMethods()) {
      if (method.getReturnType() == FineTuner.Builder.class) {
        String call = method.getName() + "()";
        assertThat(Wording.of("use " + call + " here")).doesNotContain("()");
      }
    }
  }

  @Test
  void noMessageOfTheLibraryIsInJava() throws IOException {
    Set<String> left = new TreeSet<>();
    for (String module : List.of("core", "lora", "qlora", "cli")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module))) {
        for (Path file : files.filter(WordingTest::isMainSource).toList()) {
          String path = file.toString().replace('\\', '/');
          String name = path.substring(path.indexOf("/src/main/java/"));
          if (ELSEWHERE.stream().noneMatch(name::contains) && !name.endsWith("cli/Wording.java")) {
            for (String literal : literals(Files.readString(file))) {
              if (JAVA.matcher(Wording.of(literal)).find()) {
                left.add(file.getFileName() + ": " + literal);
              }
            }
          }
        }
      }
    }
    assertThat(left).isEmpty();
  }

  private static boolean isMainSource(Path file) {
    String name = file.toString().replace('\\', '/');
    return name.contains("/src/main/java/") && name.endsWith(".java");
  }

  /** The string literals of a source, those of a concatenation joined. */
  private static List<String> literals(String source) {
    List<String> found = new ArrayList<>();
    StringBuilder code = new StringBuilder();
    int lastEnd = -1;
    for (int i = 0; i < source.length(); i++) {
      char c = source.charAt(i);
      if (source.startsWith("//", i)) {
        i = end(source.indexOf('\n', i), source);
      } else if (source.startsWith("/*", i)) {
        i = end(source.indexOf("*/", i), source) + 1;
      } else if (source.startsWith("\"\"\"", i)) {
        i = end(source.indexOf("\"\"\"", i + 3), source) + 2;
        code.setLength(0);
      } else if (c == '\'') {
        i = closing(source, i, '\'');
        code.append("'");
      } else if (c == '"') {
        int close = closing(source, i, '"');
        String literal = source.substring(i + 1, close).replace("\\\"", "\"");
        boolean joined = lastEnd >= 0 && code.toString().strip().equals("+");
        if (joined) {
          found.set(found.size() - 1, found.get(found.size() - 1) + literal);
        } else {
          found.add(literal);
        }
        code.setLength(0);
        lastEnd = close;
        i = close;
      } else {
        code.append(c);
      }
    }
    return found;
  }

  private static int end(int index, String source) {
    return index < 0 ? source.length() : index;
  }

  private static int closing(String source, int open, char quote) {
    int at = open + 1;
    while (source.charAt(at) != quote) {
      at += source.charAt(at) == '\\' ? 2 : 1;
    }
    return at;
  }
}
