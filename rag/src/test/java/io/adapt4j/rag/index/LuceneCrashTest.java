package io.adapt4j.rag.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.internal.index.ContentHash;
import io.adapt4j.rag.spi.SearchIndex;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LuceneCrashTest {

  @TempDir private Path folder;

  @Test
  void afterAProcessIsKilledWhileAddingEveryDocumentIsWholeAndEveryReportedOneIsThere()
      throws IOException, InterruptedException {
    int reported = killAfter(5);
    try (LuceneIndex index = LuceneIndex.builder(folder).embeddings("m", 3).open()) {
      Map<String, String> hashes = index.contentHashes();
      assertThat(hashes).containsKeys("again", "d" + reported + "-0", "d" + reported + "-2");
      assertThat(index.chunkCount()).isEqualTo(hashes.size() * (long) IngestionProgram.CHUNKS);
      hashes.forEach((id, hash) -> assertWhole(index, id, hash));
      assertSynchronizationResumes(index, reported);
    }
  }

  private int killAfter(int batches) throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(
                java,
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                IngestionProgram.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader output = process.inputReader()) {
      int reported = -1;
      while (reported < batches) {
        reported = Integer.parseInt(output.readLine());
      }
      return reported;
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static void assertWhole(LuceneIndex index, String id, String hash) {
    Document document = index.document(id).orElseThrow();
    assertThat(ContentHash.of(document)).isEqualTo(hash);
    List<Chunk> chunks = index.chunks(id, 0, Integer.MAX_VALUE);
    assertThat(chunks).hasSize(IngestionProgram.CHUNKS);
    assertThat(chunks).allMatch(chunk -> chunk.span().of(document.text()).equals(chunk.text()));
  }

  private static void assertSynchronizationResumes(LuceneIndex index, int reported) {
    List<SearchIndex.Entry> entries = IngestionProgram.batch(reported);
    IndexSync.Result result =
        IndexSync.builder(index, documents -> entries.subList(3, 4))
            .prefix("d" + reported + "-")
            .build()
            .run(entries.subList(0, 3).stream().map(SearchIndex.Entry::document).toList());
    assertThat(result.unchanged()).isEqualTo(3);
  }
}
