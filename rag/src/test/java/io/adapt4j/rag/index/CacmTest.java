package io.adapt4j.rag.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** BM25 against Anserini's on the CACM collection, whose run and figures are recorded. */
class CacmTest {

  private static final Path DATA = Path.of("../../shared/data/cacm");

  /** The document's id and score in each place, by query. */
  private record Ranked(String id, double score) {}

  @TempDir private static Path folder;
  private static final Map<String, List<Ranked>> FOUND = new LinkedHashMap<>();

  @BeforeAll
  static void search() throws IOException {
    assumeTrue(Files.isDirectory(DATA), "no shared/data/cacm beside the repository");
    try (LuceneIndex index = LuceneIndex.builder(folder).bm25(0.9, 0.4).open()) {
      index.putAll(entries());
      for (JsonNode query : lines("queries.jsonl")) {
        SearchQuery words = Samples.limited(Samples.words(query.get("text").textValue()), 1000);
        FOUND.put(
            query.get("_id").textValue(),
            index.search(words).stream()
                .map(hit -> new Ranked(hit.chunk().documentId(), hit.score()))
                .toList());
      }
    }
  }

  private static List<SearchIndex.Entry> entries() throws IOException {
    List<SearchIndex.Entry> entries = new ArrayList<>();
    for (JsonNode line : lines("corpus.jsonl")) {
      Document document = Document.of(line.get("_id").textValue(), line.get("text").textValue());
      Span whole = new Span(0, document.text().length());
      Chunk chunk = new Chunk(document.id(), 0, whole, whole, "", document.text());
      entries.add(new SearchIndex.Entry(document, List.of(chunk), List.of()));
    }
    return entries;
  }

  private static List<JsonNode> lines(String file) throws IOException {
    List<JsonNode> nodes = new ArrayList<>();
    for (String line : Files.readAllLines(DATA.resolve(file))) {
      nodes.add(Json.parse(line));
    }
    return nodes;
  }

  @Test
  void meanAveragePrecisionAndPrecisionAt30ArePublished() throws IOException {
    Map<String, Set<String>> relevant = new HashMap<>();
    for (String line : Files.readAllLines(DATA.resolve("qrels.tsv")).stream().skip(1).toList()) {
      String[] row = line.split("\t", -1);
      relevant.computeIfAbsent(row[0], query -> new HashSet<>()).add(row[1]);
    }
    double precisions = 0;
    double atThirty = 0;
    for (Map.Entry<String, Set<String>> query : relevant.entrySet()) {
      List<Ranked> found = FOUND.get(query.getKey());
      int hits = 0;
      double sum = 0;
      for (int i = 0; i < found.size(); i++) {
        if (query.getValue().contains(found.get(i).id())) {
          hits++;
          sum += (double) hits / (i + 1);
          atThirty += i < 30 ? 1 / 30.0 : 0;
        }
      }
      precisions += sum / query.getValue().size();
    }
    assertThat(precisions / relevant.size()).isCloseTo(0.3123, within(0.00005));
    assertThat(atThirty / relevant.size()).isCloseTo(0.1942, within(0.00005));
  }

  @Test
  void theFirstThirtyScoreAsInAnserinisRun() throws IOException {
    Map<String, Integer> places = new HashMap<>();
    for (String line : Files.readAllLines(DATA.resolve("anserini_bm25.run"))) {
      String[] row = line.split(" ", -1);
      int place = places.merge(row[0], 1, Integer::sum) - 1;
      // Anserini lowers equal scores by a few millionths so that no two are equal.
      assertThat(FOUND.get(row[0]).get(place).score())
          .as(line)
          .isCloseTo(Double.parseDouble(row[4]), within(0.0011));
    }
    assertThat(places).hasSize(64);
  }
}
