package io.adapt4j.examples;

import io.adapt4j.rag.IngestReport;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.Citation;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Indexes the Markdown files of a folder with MiniLM, asks a question and prints the passages that
 * answer it, each with its document and characters. Nothing is downloaded.
 *
 * <p>{@code AskDocs FOLDER QUESTION [INDEX]}. A given index folder is kept and refilled; otherwise
 * the index is temporary. Exits with 2 on wrong usage.
 */
public final class AskDocs {

  private static final int PASSAGES = 3;

  /** Cosine that most off-subject questions stay below on these pages with MiniLM. */
  private static final double LEAST_SIMILARITY = 0.25;

  private AskDocs() {}

  /**
   * Runs the example.
   *
   * @param arguments a folder of Markdown files, a question and, optionally, the folder of the
   *     index
   * @throws IOException if a folder cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 2 || arguments.length > 3) {
      System.err.println("Usage: AskDocs FOLDER QUESTION [INDEX]");
      System.exit(2);
    }
    Path documents = Path.of(arguments[0]);
    if (arguments.length == 3) {
      ask(documents, arguments[1], Path.of(arguments[2]));
      return;
    }
    Path index = Files.createTempDirectory("adapt4j-ask");
    try {
      ask(documents, arguments[1], index);
    } finally {
      delete(index);
    }
  }

  private static void ask(Path documents, String question, Path index) throws IOException {
    RetrievalOptions retrieval =
        RetrievalOptions.builder().limit(PASSAGES).minimumSimilarity(LEAST_SIMILARITY).build();
    try (Rag rag = Rag.builder().index(index).retrieval(retrieval).build()) {
      IngestReport report = rag.add(Documents.in(documents).only("**.md"));
      System.out.printf(
          Locale.ROOT,
          "%d documents, %d chunks, %.1f s%n%n",
          report.documents(),
          report.chunks(),
          report.duration().toMillis() / 1e3);
      print(rag.ask(question));
    }
  }

  private static void print(Answer answer) {
    if (!answer.answerable()) {
      System.out.println(answer.text());
    }
    for (Citation citation : answer.citations()) {
      System.out.printf(
          "[%d] %s, characters %d to %d%n",
          citation.number(), citation.documentId(), citation.span().start(), citation.span().end());
      citation.text().strip().lines().forEach(line -> System.out.println("    " + line));
      System.out.println();
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.delete(path);
      }
    }
  }
}
