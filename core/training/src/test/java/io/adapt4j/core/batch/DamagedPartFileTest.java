package io.adapt4j.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Results of a batch that were damaged on the disk are asked for again, and never taken. */
class DamagedPartFileTest {

  private static final int ROWS = 3;
  private static final ObjectNode BATCH =
      JsonNodeFactory.instance.objectNode().put("field", "completion");

  @TempDir private Path folder;
  private Path output;
  private Path part;
  private List<String> lines;

  /** The results of rows 0 and 1. */
  @BeforeEach
  void writeResults() throws IOException {
    output = folder.resolve("out.jsonl");
    part = folder.resolve("out.jsonl.part");
    try (PartFile file = open()) {
      file.store(0, result(0));
      file.store(1, result(1));
    }
    lines = Files.readAllLines(part);
    assertThat(lines).hasSize(ROWS);
  }

  private PartFile open() {
    return PartFile.open(output, BATCH, ROWS, false);
  }

  private static ObjectNode result(int row) {
    return JsonNodeFactory.instance.objectNode().put("completion", "result " + row);
  }

  private void complete(int... missing) throws IOException {
    try (PartFile file = open()) {
      assertThat(file.missing(ROWS)).containsExactly(missing);
      for (int row : missing) {
        file.store(row, result(row));
      }
      file.finish(ROWS, row -> JsonNodeFactory.instance.objectNode().put("id", row));
    }
    assertThat(output)
        .hasContent(
            """
            {"id":0,"completion":"result 0"}
            {"id":1,"completion":"result 1"}
            {"id":2,"completion":"result 2"}""");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"row\":1}",
        "{\"row\":1,\"complexion\":\"result 1\"}",
        "{\"row\":3,\"completion\":\"result 1\"}",
        "{\"row\":-1,\"completion\":\"result 1\"}",
        "{\"row\":\"one\",\"completion\":\"result 1\"}",
        "[1]",
        "no JSON",
        "",
        "no JSON\r",
        "\r\r"
      })
  void aLineThatIsNoResultIsAskedForAgain(String damaged) throws IOException {
    Files.writeString(part, lines.get(0) + "\n" + damaged + "\n" + lines.get(1) + "\n");
    complete(1, 2);
  }

  /** What is not a result never takes the place of one. */
  @Test
  void aLineThatIsNoResultAfterOneOfItsRow() throws IOException {
    Files.write(part, List.of(lines.get(0), lines.get(1), lines.get(2), "{\"row\":1,\"x\":2}"));
    complete(2);
  }

  @Test
  void bytesThatAreNoText() throws IOException {
    byte[] bytes = Files.readAllBytes(part);
    bytes[bytes.length - 30] = (byte) 0xff;
    Files.write(part, bytes);
    complete(1, 2);
  }

  @Test
  void endsOfLinesOfAnotherSystem() throws IOException {
    Files.writeString(part, lines.get(0) + "\n" + lines.get(1) + "\r\n" + lines.get(2) + "\n");
    complete(0, 2);
  }

  @Test
  void resultsOfAnUnknownBatchAreNotTaken() throws IOException {
    String content = "damaged" + String.join("\n", lines) + "\n";
    Files.writeString(part, content);
    assertThatThrownBy(this::open)
        .isInstanceOf(BatchException.class)
        .hasMessageContaining(part.toString())
        .hasMessageContainingAll("which batch its results are of is damaged.", "say overwrite()");
    assertThat(part).hasContent(content);
    PartFile.open(output, BATCH, ROWS, true).close();
    complete(0, 1, 2);
  }

  @Test
  void aBatchWithoutResultsBeginsAgainWhereItsDescriptionIsDamaged() throws IOException {
    Files.writeString(part, "damaged" + lines.get(0) + "\n");
    complete(0, 1, 2);
  }
}
