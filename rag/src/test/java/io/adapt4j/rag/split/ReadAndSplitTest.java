package io.adapt4j.rag.split;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.document.ReadingReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The first example of docs/documents.md. */
class ReadAndSplitTest {

  @Test
  void theProjectsOwnDocumentationBecomesChunks() {
    Documents documents = Documents.in(Path.of("../docs")).only("**.md").metadata("team", "docs");
    List<Chunk> chunks = new ArrayList<>();
    try (Tokenizer tokenizer = Tokenizer.load(Path.of("../examples/models/stories260K"))) {
      Splitter splitter =
          Splitter.builder().counter(TokenCounter.of(tokenizer)).maxTokens(256).build();
      ReadingReport report = documents.forEach(document -> chunks.addAll(splitter.split(document)));
      assertThat(report.failed()).isEmpty();
      assertThat(report.read()).isGreaterThan(10);
    }
    assertThat(chunks)
        .filteredOn(chunk -> chunk.documentId().equals("data.md"))
        .extracting(Chunk::heading)
        .contains("", "Data", "Data > Reading");
  }
}
