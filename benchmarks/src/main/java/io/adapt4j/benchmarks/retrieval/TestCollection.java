package io.adapt4j.benchmarks.retrieval;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Documents, queries and relevance judgments, as in the folders {@code cacm} and {@code cranfield}.
 *
 * @param grades relevance by query and document; 0 for not relevant
 */
record TestCollection(
    String name,
    List<Item> documents,
    Map<String, String> queries,
    Map<String, Map<String, Integer>> grades) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Rows of CACM's citation table, which are not readable text. */
  private static final String CITATIONS = "(?m)^\\d+\\t\\d+\\t\\d+$\\n?";

  /** Minimum number of words of an abstract. */
  private static final int ABSTRACT_WORDS = 20;

  /** A document. */
  record Item(String id, String title, String text) {

    /** Returns the text for embedding, without the citation table. */
    String readable() {
      return text.replaceAll(CITATIONS, "").strip();
    }

    /** Returns the abstract after the title, up to CACM's date line; empty if it is too short. */
    String summary() {
      String rest = text.startsWith(title) ? text.substring(title.length()) : text;
      String summary = rest.replaceAll("(?ms)^CACM [A-Z][a-z]+, \\d{4}$.*", "").strip();
      return summary.split("\\s+", -1).length < ABSTRACT_WORDS ? "" : summary;
    }
  }

  static TestCollection read(Path folder) throws IOException {
    List<Item> documents = new ArrayList<>();
    for (JsonNode row : rows(folder.resolve("corpus.jsonl"))) {
      String text = row.get("text").asText();
      if (!text.isBlank()) {
        documents.add(new Item(row.get("_id").asText(), row.get("title").asText(), text));
      }
    }
    Map<String, Map<String, Integer>> grades = new TreeMap<>();
    List<String> judged = Files.readAllLines(folder.resolve("qrels.tsv"));
    for (String line : judged.subList(1, judged.size())) {
      String[] fields = line.split("\t", -1);
      grades
          .computeIfAbsent(fields[0], query -> new LinkedHashMap<>())
          .put(fields[1], Integer.parseInt(fields[2]));
    }
    grades.values().removeIf(ofQuery -> ofQuery.values().stream().noneMatch(grade -> grade > 0));
    Map<String, String> queries = new LinkedHashMap<>();
    for (JsonNode row : rows(folder.resolve("queries.jsonl"))) {
      if (grades.containsKey(row.get("_id").asText())) {
        queries.put(row.get("_id").asText(), row.get("text").asText());
      }
    }
    return new TestCollection(folder.getFileName().toString(), documents, queries, grades);
  }

  private static List<JsonNode> rows(Path file) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      rows.add(JSON.readTree(line));
    }
    return rows;
  }
}
