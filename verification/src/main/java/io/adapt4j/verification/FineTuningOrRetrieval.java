package io.adapt4j.verification;

import io.adapt4j.core.model.ModelSource;
import io.adapt4j.verification.study.Study;
import io.adapt4j.verification.study.StudySize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reproduces, on a small scale, the study "Fine-Tuning or Retrieval?" (Ovadia et al., EMNLP 2024):
 * how well a model answers questions on new facts as is, trained on 1, 2, 5 and 10 paraphrases of
 * them, with retrieved passages, and with both. Prints a table in Markdown.
 *
 * <p>{@code FineTuningOrRetrieval SHARED_DATA [--small | --quick] [OUTPUT]}. The folder contains
 * {@code stories3M} and {@code tinystories}. All files are kept in the output folder (default
 * {@code runs/fine-tuning-or-retrieval}); repeating the command resumes. {@code --small} reduces
 * all sizes; {@code --quick} is a smoke test of a minute with meaningless results.
 */
public final class FineTuningOrRetrieval {

  private static final Map<String, StudySize> SIZES =
      Map.of("--small", StudySize.SMALL, "--quick", StudySize.QUICK);

  private FineTuningOrRetrieval() {}

  /**
   * Runs the study.
   *
   * @param arguments the folder of shared data and, optionally, a size and the output
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    List<String> given = new ArrayList<>(Arrays.asList(arguments));
    String option = given.stream().filter(SIZES::containsKey).findFirst().orElse("");
    given.remove(option);
    if (given.isEmpty() || given.size() > 2) {
      System.err.println("Usage: FineTuningOrRetrieval SHARED_DATA [--small | --quick] [OUTPUT]");
      System.exit(2);
    }
    Path shared = Path.of(given.get(0));
    String usual = "runs/fine-tuning-or-retrieval" + option.replace("--", "-");
    long start = System.nanoTime();
    String results =
        new Study(
                ModelSource.path(shared.resolve("stories3M")),
                shared.resolve("tinystories/stories_800.jsonl"),
                SIZES.getOrDefault(option, StudySize.WHOLE),
                Path.of(given.size() > 1 ? given.get(1) : usual),
                System.out::println)
            .run();
    System.out.printf("%n%s%n", results);
    System.out.printf(
        Locale.ROOT, "This run took %.1f minutes.%n", (System.nanoTime() - start) / 60e9);
  }
}
