package io.adapt4j.core.internal.generate;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.FinishReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class StoredFinishReasonTest {

  private final ObjectNode json = JsonNodeFactory.instance.objectNode();

  @ParameterizedTest
  @EnumSource
  void aReasonReadsBackAsItself(FinishReason reason) {
    StoredFinishReason.put(json, reason);
    assertThat(StoredFinishReason.of(json)).isEqualTo(reason);
  }

  @ParameterizedTest
  @CsvSource({
    "COMPLETE, STOP",
    "LENGTH, LENGTH",
    "FILTERED, CONTENT_FILTER",
    "OTHER, OTHER",
  })
  void theEndingOfFilesWrittenBeforeIsUnderstood(String ending, FinishReason reason) {
    assertThat(StoredFinishReason.of(json.put("ending", ending))).isEqualTo(reason);
  }

  @Test
  void aFileWithoutReasonOrWithAnUnknownOneIsRefused() {
    refuses(IllegalArgumentException.class, () -> StoredFinishReason.of(json));
    assertThatThrownBy(() -> StoredFinishReason.of(json.put("finishReason", "COMPLETE")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
