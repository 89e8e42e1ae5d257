package io.adapt4j.benchmarks.retrieval;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.rag.document.Document;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** Real texts as documents: books and articles in stretches of a chapter's length, abstracts. */
final class Corpus {

  private static final int STRETCH = 12_000;

  private Corpus() {}

  /** Returns all documents, in a fixed order that mixes the kinds. */
  static List<Document> read(Path data) throws IOException {
    List<Document> documents = new ArrayList<>();
    try (Stream<Path> books = Files.list(data.resolve("books"))) {
      List<Path> texts = books.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
      for (Path book : texts) {
        cut(book.getFileName().toString(), Files.readString(book), documents);
      }
    }
    String articles = Files.readString(data.resolve("wikitext2").resolve("wiki.valid.tokens"));
    cut("wikitext2", articles.replace("\n", "\n\n"), documents);
    abstracts(data.resolve("cacm").resolve("corpus.jsonl"), documents);
    Collections.shuffle(documents, new Random(1));
    return documents;
  }

  /** Splits at paragraphs, so that no document is a whole book. */
  private static void cut(String name, String text, List<Document> documents) {
    int from = 0;
    while (from < text.length()) {
      int end = text.indexOf("\n\n", Math.min(text.length(), from + STRETCH));
      int to = end < 0 ? text.length() : end;
      documents.add(Document.of(name + "/" + from, text.substring(from, to)));
      from = to;
    }
  }

  private static void abstracts(Path file, List<Document> documents) throws IOException {
    ObjectMapper json = new ObjectMapper();
    for (String line : Files.readAllLines(file)) {
      JsonNode node = json.readTree(line);
      documents.add(
          new Document(
              "cacm/" + node.path("_id").asText(node.path("id").asText()),
              node.path("title").asText(""),
              node.path("text").asText(""),
              Map.of()));
    }
  }
}
