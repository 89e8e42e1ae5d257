package io.adapt4j.rag.tune;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.internal.Texts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A question about the documents of an index.
 *
 * @param question the question
 * @param answer its answer; empty if the documents do not answer it
 * @param document id of the document with the answer; empty if unknown
 * @param passage text of the document that the answer rests on, or a part or extension of it; empty
 *     if the answer's own words are in the document
 */
public record RaftQuestion(String question, String answer, String document, String passage) {

  /** Name of the field with the document's id. */
  public static final String DOCUMENT = "document";

  /** Name of the field with the text that the answer rests on. */
  public static final String PASSAGE = "passage";

  /** Checks the texts. Throws {@link IllegalArgumentException} if the question is blank. */
  public RaftQuestion {
    if (Texts.require("question", question).isBlank()) {
      throw new IllegalArgumentException("question: expected a text, found a blank one");
    }
    Texts.require("answer", answer);
    Texts.require(DOCUMENT, document);
    Texts.require(PASSAGE, passage);
  }

  /**
   * Reads questions from a file of any format: the field {@code question}, and {@code answer},
   * {@code document} and {@code passage}, which may be missing.
   *
   * @param file the file
   * @return its questions
   * @throws io.adapt4j.core.data.DatasetException if the file cannot be read
   * @throws IllegalArgumentException if a row has no question; the message names file and line
   */
  public static List<RaftQuestion> read(Path file) {
    FileDataset rows = Datasets.read(file).map(row -> new Example.Text("row")).open();
    List<RaftQuestion> questions = new ArrayList<>(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      try {
        Row row = rows.source(i).orElseThrow();
        questions.add(
            new RaftQuestion(
                row.text("question"),
                field(Optional.of(row), "answer"),
                field(Optional.of(row), DOCUMENT),
                field(Optional.of(row), PASSAGE)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(rows.locate(i) + ": " + e.getMessage(), e);
      }
    }
    return questions;
  }

  /**
   * Converts rows of a prompt and a completion, such as those that a {@code QuestionWriter} makes
   * of {@link Raft#passages} with the template {@code {question}} and these fields kept.
   *
   * @param rows the rows: the prompt is the question, the completion its answer, and the fields
   *     {@value #DOCUMENT} and {@value #PASSAGE} tell where it is found
   * @return the questions
   * @throws IllegalArgumentException if a row is of another kind
   */
  public static List<RaftQuestion> of(Dataset rows) {
    List<RaftQuestion> questions = new ArrayList<>(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      if (!(rows.get(i) instanceof Example.PromptCompletion pair)) {
        throw new IllegalArgumentException(
            "%s: expected a prompt and a completion, found a row of kind %s"
                .formatted(rows.locate(i), rows.get(i).getClass().getSimpleName()));
      }
      questions.add(
          new RaftQuestion(
              pair.prompt().strip(),
              pair.completion().strip(),
              field(rows.source(i), DOCUMENT),
              field(rows.source(i), PASSAGE)));
    }
    return questions;
  }

  private static String field(Optional<Row> row, String name) {
    return row.filter(found -> found.has(name)).map(found -> found.text(name)).orElse("").strip();
  }
}
