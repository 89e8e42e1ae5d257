package io.adapt4j.core.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.faults.FaultCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The results of a batch under every fault at every call: it goes on where it was. */
class PartFileUnderFaultsTest {

  private static final ObjectNode BATCH =
      JsonNodeFactory.instance.objectNode().put("field", "completion");

  private static ObjectNode object(String field, int value) {
    return JsonNodeFactory.instance.objectNode().put(field, value);
  }

  private static void batch(Path folder, boolean overwrite) {
    Path output = folder.resolve("out.jsonl");
    try (PartFile part = PartFile.open(output, BATCH, 3, overwrite)) {
      for (int row : part.missing(3)) {
        part.store(row, object("completion", 10 * row));
      }
      part.finish(3, row -> object("id", row));
    }
  }

  private static String output(Path folder) throws Exception {
    Path output = folder.resolve("out.jsonl");
    return Files.exists(output) ? Files.readString(output) : "none";
  }

  @Test
  void aBatch() throws Exception {
    int faults =
        FaultCheck.of("batch")
            .writing(
                folder -> {
                  if (!Files.exists(folder.resolve("out.jsonl"))) {
                    batch(folder, false);
                  }
                })
            .reading(PartFileUnderFaultsTest::output)
            .keeping("out.jsonl.(part|lock)")
            .run();
    assertThat(faults).isGreaterThan(150);
  }

  @Test
  void aBatchInThePlaceOfAnother() throws Exception {
    int faults =
        FaultCheck.of("batch that overwrites")
            .before(folder -> Files.writeString(folder.resolve("out.jsonl"), "old"))
            .writing(folder -> batch(folder, true))
            .reading(PartFileUnderFaultsTest::output)
            .keeping("out.jsonl.(part|lock)")
            .run();
    assertThat(faults).isGreaterThan(150);
  }
}
