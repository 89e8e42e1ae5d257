package io.adapt4j.rag.internal.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.rag.document.Document;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ContentHashTest {

  private static String hash(String id, String title, String text, Map<String, Object> metadata) {
    return ContentHash.of(new Document(id, title, text, metadata));
  }

  /** Indexes on disk have it: another hash would embed every document again. */
  @Test
  void theHashIsTheOneOfEarlierVersions() {
    assertThat(hash("a", "title", "text", Map.of("year", 2000)))
        .isEqualTo("ebccd9c6c5941d3e3f3f6c86a93f35e853219bf5636807bbba7f85e5daaef244");
  }

  @Test
  void everyPartOfTheContentCounts() {
    String hash = hash("a", "title", "text", Map.of("year", 2000));
    assertThat(hash("b", "title", "text", Map.of("year", 2000))).isEqualTo(hash);
    assertThat(hash("a", "title", "text", Map.of("year", 2000, Document.MODIFIED, 5L)))
        .isEqualTo(hash);
    assertThat(hash("a", "titl", "etext", Map.of("year", 2000))).isNotEqualTo(hash);
    assertThat(hash("a", "other", "text", Map.of("year", 2000))).isNotEqualTo(hash);
    assertThat(hash("a", "title", "other", Map.of("year", 2000))).isNotEqualTo(hash);
    assertThat(hash("a", "title", "text", Map.of("year", 2001))).isNotEqualTo(hash);
    assertThat(hash("a", "title", "text", Map.of("month", 2000))).isNotEqualTo(hash);
    assertThat(hash("a", "title", "text", Map.of("year", "2000"))).isNotEqualTo(hash);
    assertThat(hash("a", "title", "text", Map.of())).isNotEqualTo(hash);
  }
}
