package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckedJsonTest {

  @TempDir Path folder;

  private static ObjectNode value() {
    ObjectNode value = JsonNodeFactory.instance.objectNode();
    value.put("steps", 9).put("text", "ünï \u2028 \"quoted\"").put("ratio", 1e-5);
    value.putObject("inner").put("a", true);
    return value;
  }

  @Test
  void everyFlippedBitOfAFileIsFound() throws IOException {
    Path file = folder.resolve("a.json");
    CheckedJson.write(file, value());
    CheckedJson.Content content = CheckedJson.read(file);
    assertThat(content.checked()).isTrue();
    assertThat(content.json().get("text").asText()).isEqualTo("ünï \u2028 \"quoted\"");
    byte[] bytes = Files.readAllBytes(file);
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      byte[] flipped = bytes.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(file, flipped);
      assertThatThrownBy(() -> CheckedJson.read(file)).isInstanceOf(IOException.class);
    }
    for (int length = 0; length < bytes.length; length++) {
      Files.write(file, Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> CheckedJson.read(file)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void everyFlippedBitOfALineIsFoundOrLeavesItsValuesAsTheyWere() throws IOException {
    String line = CheckedJson.line(value());
    assertThat(line).doesNotContain("\n");
    String text = Json.compact(CheckedJson.ofLine(line));
    assertThat(text).isEqualTo(Json.compact(Json.parseStrictly(Json.compact(value()))));
    byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      byte[] flipped = bytes.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      String damaged = new String(flipped, StandardCharsets.UTF_8);
      try {
        ObjectNode found = (ObjectNode) CheckedJson.ofLine(damaged);
        // Only the name of the checksum itself may have become another.
        found.remove(found.properties().stream().skip(4).map(entry -> entry.getKey()).toList());
        assertThat(Json.compact(found)).as(damaged).isEqualTo(text);
      } catch (IOException e) {
        // Found.
      }
    }
  }

  @Test
  void aLineOfAnOlderVersionHasNoChecksum() throws IOException {
    assertThat(CheckedJson.ofLine("{\"a\": 1}").get("a").intValue()).isEqualTo(1);
  }

  @Test
  void aFileOfAnOlderVersionHasNoChecksum() throws IOException {
    Path file = folder.resolve("a.json");
    Files.writeString(file, "{\"steps\": 9}");
    CheckedJson.Content content = CheckedJson.read(file);
    assertThat(content.checked()).isFalse();
    assertThat(content.json().get("steps").intValue()).isEqualTo(9);
    for (String other :
        List.of("[9]", "{\"steps\": 9, \"checksum\": \"\"}", "{\"steps\": \"crc32c:9\"}")) {
      Files.writeString(file, other);
      assertThatThrownBy(() -> CheckedJson.read(file))
          .as(other)
          .isInstanceOf(CheckedJson.DamagedException.class);
    }
  }

  @Test
  void aLineWhoseChecksumIsNotAtItsEndIsDamaged() {
    for (String line : List.of("[1]", "{\"crc32c\": \"00000000\", \"a\": 1}")) {
      assertThatThrownBy(() -> CheckedJson.ofLine(line))
          .as(line)
          .isInstanceOf(CheckedJson.DamagedException.class);
    }
  }
}
