package io.adapt4j.rag.split;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Texts within the limits of reading that have no lines: minified code, data, hostile ones. */
class VeryLongLinesTest {

  private static final int LENGTH = 19_000_000;

  @ParameterizedTest
  @CsvSource({
    "a.txt, '.'",
    "a.md, '|-'",
    "a.md, '# [a]('",
  })
  @Timeout(90)
  void aLineOfMegabytesTakesNeitherTheMemoryNorTheTime(String id, String part) {
    String text = part.repeat(LENGTH / part.length());
    if (part.startsWith("#")) {
      text = "# " + part.substring(2).repeat(LENGTH / 4);
    }
    List<Chunk> chunks = Splitter.standard().split(Document.of(id, text));
    assertThat(chunks).hasSizeGreaterThan(LENGTH / 2000);
    for (int i = 0; i < chunks.size(); i += 1000) {
      assertThat(TokenCounter.words().count(chunks.get(i).searchText())).isLessThanOrEqualTo(256);
    }
    assertThat(chunks.get(chunks.size() - 1).span().end()).isEqualTo(text.length());
  }

  @ParameterizedTest
  @CsvSource({"a, \u0301", "\uD83D\uDC68, \u200D\uD83D\uDC68", "x, \uDB40\uDD00"})
  @Timeout(60)
  void marksWithoutEndAreNotOneChunk(String first, String more) {
    String text = first + more.repeat(200_000);
    List<Chunk> chunks = Splitter.standard().split(Document.of("a.txt", text));
    assertThat(chunks).hasSizeGreaterThan(1);
    StringBuilder whole = new StringBuilder();
    int end = 0;
    for (Chunk chunk : chunks) {
      assertThat(chunk.text()).hasSizeLessThan(100_000);
      whole.append(text, end, chunk.span().end());
      end = chunk.span().end();
    }
    assertThat(whole.toString()).isEqualTo(text);
  }
}
