package io.adapt4j.verification.study;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Study after Ovadia et al. (EMNLP 2024, "Fine-Tuning or Retrieval? Comparing Knowledge Injection
 * in LLMs") with a model that trains in minutes: does it answer questions on new facts better after
 * training on one or more paraphrases of them, or with retrieved passages?
 *
 * <p>The facts concern invented villages, so no model can know them. The base model is trained from
 * a small one on real stories and other villages, and so knows the form of statements, questions
 * and documents on villages before it meets the new ones.
 */
public final class Study {

  private static final int STORY_CHARACTERS = 500;

  private final StudyRuns runs;
  private final StudySize size;
  private final Path output;

  /**
   * Prepares a study.
   *
   * @param start the checkpoint that the base model continues from
   * @param stories real texts as JSON lines, at least the number in {@code size}
   * @param size size of the study
   * @param output folder for all files; an interrupted study resumes from it
   * @param progress receives progress messages
   */
  public Study(
      ModelSource start, Path stories, StudySize size, Path output, Consumer<String> progress) {
    this.size = size;
    this.output = output;
    this.runs = new StudyRuns(start, beginnings(stories, size.stories()), size, output, progress);
  }

  private static List<String> beginnings(Path file, int count) {
    Dataset rows = Datasets.jsonl(file);
    if (rows.size() < count) {
      throw new IllegalArgumentException(
          file + ": expected at least " + count + " stories, found " + rows.size());
    }
    return IntStream.range(0, count)
        .mapToObj(row -> ((Example.Text) rows.get(row)).text())
        .map(text -> text.substring(0, Math.min(STORY_CHARACTERS, text.length())))
        .toList();
  }

  /**
   * Runs all parts that are not on disk yet.
   *
   * @return the results as Markdown, also in {@code results.md} of the output folder
   * @throws IOException if a file cannot be read or written
   * @throws IllegalStateException if the output folder holds a study of another size
   */
  public String run() throws IOException {
    requireSameSize();
    runs.run();
    String text = new StudyTable(runs, size).text();
    Files.writeString(output.resolve("results.md"), text);
    return text;
  }

  private void requireSameSize() throws IOException {
    Path file = output.resolve("size.txt");
    String wanted = size.toString();
    if (!Files.exists(file)) {
      Files.createDirectories(output);
      Files.writeString(file, wanted);
    }
    String found = Files.readString(file);
    if (!found.equals(wanted)) {
      throw new IllegalStateException(
          ("%s holds a study of another size; choose another folder or delete it. Wanted: %s;"
                  + " found: %s")
              .formatted(output, wanted, found));
    }
  }
}
